/**
 * Counts requests, models and workers in the metrics. Gauges of the worker pool are read at every scrape; everything
 * else is counted when a request ends.
 */
import type { Engine } from '../../domain/choices.js'
import { ERRORS, type ErrorCode } from '../../domain/errors.js'
import type { Report } from '../../domain/report.js'
import type { Refusal } from '../../domain/scopes.js'
import type { SearchOutcome } from '../../domain/search-outcomes.js'
import { METRICS, NO_MODEL, type ConnectionEnd, type MetricName } from './definitions.js'
import { KeyMetrics } from './key-metrics.js'
import { RecentTraffic, type Outcome } from './recent.js'
import { MetricRegistry } from './registry.js'
import { countReport } from './report-metrics.js'

type Labels = Readonly<Record<string, string>>

/** A request that has ended. */
export interface RequestRecord {
  /** A served model, or undefined when the request was refused before its model was known. */
  readonly model: string | undefined
  /** Name of its access key; undefined without one. */
  readonly keyName?: string | undefined
  readonly secondsSinceUpload: number
}

export interface AnsweredRecord extends RequestRecord {
  /** From the last byte of the upload. */
  readonly deadlineSeconds: number
  readonly audioBytes: number
}

export interface ModelRecord {
  readonly name: string
  readonly version: string
  readonly digest: string
  readonly family: string
  readonly precision: string
  readonly languages: readonly string[]
  readonly provider: string
  readonly engine: Engine
  readonly refusedProviders: readonly string[]
  readonly loadSeconds: number
  readonly bytes: number
}

/** Values of gauges at the time of a scrape. */
export interface LiveNumbers {
  readonly queueLength: number
  readonly queueCapacity: number
  readonly requestsInProgress: number
  readonly uploadBytesHeld: number
  readonly workers: Readonly<Record<'idle' | 'busy' | 'starting', number>>
  readonly requestsRunning: number
  readonly workerResidentBytes: number
}

export class Telemetry {
  readonly registry: MetricRegistry
  readonly recent = new RecentTraffic()
  readonly keys: KeyMetrics
  readonly #modelInfo = new Map<string, Record<string, string>>()

  constructor(models: readonly string[], build: Labels) {
    this.registry = new MetricRegistry(models)
    this.keys = new KeyMetrics(this.registry)
    this.registry.gauge('asr_build_info').set({ ...build }, 1)
  }

  get contentType(): string { return this.registry.contentType }

  exposition(): Promise<string> {
    return this.registry.exposition()
  }

  /** Reads these numbers at every scrape. */
  observeLive(read: () => LiveNumbers): void {
    const gauges: Partial<Record<MetricName, (now: LiveNumbers) => number>> = {
      asr_queue_length: (now) => now.queueLength,
      asr_queue_capacity: (now) => now.queueCapacity,
      asr_requests_in_progress: (now) => now.requestsInProgress,
      asr_upload_bytes_held: (now) => now.uploadBytesHeld,
      asr_requests_running: (now) => now.requestsRunning,
      asr_worker_resident_memory_bytes: (now) => now.workerResidentBytes,
    }
    for (const [name, value] of entriesOf(gauges)) {
      this.registry.beforeScrape(name, () => { this.registry.gauge(name).set(value(read())) })
    }
    this.registry.beforeScrape('asr_workers', () => {
      for (const [state, count] of Object.entries(read().workers)) {
        this.registry.gauge('asr_workers').set({ state }, count)
      }
    })
  }

  observeConnections(read: () => Readonly<Record<'idle' | 'busy', number>>): void {
    this.registry.beforeScrape('asr_connections', () => {
      for (const [state, count] of Object.entries(read())) this.registry.gauge('asr_connections').set({ state }, count)
    })
  }

  connectionEnded(reason: ConnectionEnd): void {
    this.registry.counter('asr_connections_ended_total').inc({ reason })
  }

  recognized(report: Report, request: AnsweredRecord): void {
    this.#finished('ok', request)
    this.recent.answered(report, request.secondsSinceUpload)
    this.keys.recognized(request.keyName, report.input.audioSeconds)
    this.registry.histogram('asr_deadline_remaining_seconds')
      .observe(Math.max(0, request.deadlineSeconds - request.secondsSinceUpload))
    countReport(this.registry, report, request.audioBytes)
  }

  failed(code: ErrorCode, request: RequestRecord): void {
    const { counted } = ERRORS[code]
    const reason = code.toLowerCase()
    if (counted === 'cancelled') return this.#finished('cancelled', request)
    this.#finished(counted === 'rejection' ? 'rejected' : 'error', request)
    this.registry.counter(counted === 'rejection' ? 'asr_rejections_total' : 'asr_errors_total').inc({ reason })
  }

  /** Called after `recognized` of the same request. */
  searched(outcome: SearchOutcome, seconds: number): void {
    this.registry.counter('asr_search_requests_total').inc({ outcome })
    this.registry.histogram('asr_search_duration_seconds').observe(seconds)
  }

  accessRefused(code: Refusal): void {
    this.registry.counter('asr_access_refused_total').inc({ reason: code.toLowerCase() })
  }

  /** A worker ran a request for `elapsedSeconds`; `workSeconds` is its share, where others ran at the same time. */
  workerRan(workSeconds: number, elapsedSeconds: number): void {
    this.registry.counter('asr_worker_busy_seconds_total').inc(workSeconds)
    this.registry.counter('asr_request_running_seconds_total').inc(elapsedSeconds)
  }

  workerReplaced(reason: string): void { this.registry.counter('asr_worker_restarts_total').inc({ reason }) }
  workerRetried(): void { this.registry.counter('asr_worker_retries_total').inc() }

  modelLoaded(model: ModelRecord): void {
    const { name, version, digest, family, precision, provider, engine } = model
    const info = {
      model: name, version, digest, family, precision, languages: languageLabel(model.languages), provider, engine,
    }
    const before = this.#modelInfo.get(name)
    // A replaced worker may run on another provider.
    if (before !== undefined) this.registry.gauge('asr_model_info').remove(before)
    this.#modelInfo.set(name, info)
    this.registry.gauge('asr_model_info').set(info, 1)
    this.registry.gauge('asr_model_load_duration_seconds').set({ model: name }, model.loadSeconds)
    this.registry.gauge('asr_model_loaded_timestamp_seconds').set({ model: name }, Date.now() / 1000)
    this.registry.gauge('asr_model_bytes').set({ model: name }, model.bytes)
    for (const candidate of METRICS.asr_execution_provider_refused.labels.provider) {
      const isRefused = model.refusedProviders.includes(candidate)
      this.registry.gauge('asr_execution_provider_refused').set({ model: name, provider: candidate }, isRefused ? 1 : 0)
    }
  }

  /** `route` is a template of the router and `method` one that it knows, so the number of series is bounded. */
  httpFinished(method: string, route: string, status: number, seconds: number): void {
    const labels = { http_request_method: method, http_route: route, http_response_status_code: String(status) }
    this.registry.histogram('http_server_request_duration_seconds').observe(labels, seconds)
  }

  #finished(outcome: Outcome, { model = NO_MODEL, keyName, secondsSinceUpload }: RequestRecord): void {
    if (outcome !== 'ok') this.recent.ended(outcome)
    this.registry.counter('asr_requests_total').inc({ model, outcome })
    this.keys.finished(keyName, outcome)
    if (outcome !== 'ok' && outcome !== 'error') return
    this.registry.histogram('asr_request_duration_seconds').observe({ model, outcome }, secondsSinceUpload)
  }
}

function entriesOf<T>(values: Partial<Record<MetricName, T>>): [MetricName, T][] {
  return Object.entries(values) as [MetricName, T][]
}

/** Bounded, since a multilingual model has about a hundred codes. */
function languageLabel(languages: readonly string[]): string {
  return languages.length <= 4 ? languages.join(',') : `${languages.length} languages`
}
