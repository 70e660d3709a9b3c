/**
 * The few calls that feed the metrics of requests, models and workers. Gauges of the pool are read when Prometheus
 * asks; everything else is counted when a request ends.
 */
import { codecGroup } from '../../domain/codecs.js'
import type { Refusal } from '../../domain/scopes.js'
import { ERRORS, type ErrorCode } from '../../domain/errors.js'
import type { Engine } from '../../domain/choices.js'
import type { SearchOutcome } from '../../domain/search-outcomes.js'
import type { Report, Stage } from '../../domain/report.js'
import { type ConnectionEnd, DEFECTS, METRICS, NO_MODEL, SAMPLE_RATES, type MetricName } from './catalog.js'
import { KeyMetrics } from './key-metrics.js'
import { LiveCatalog } from './live-catalog.js'
import { RecentTraffic, type Outcome } from './recent.js'

type Labels = Readonly<Record<string, string>>

/** A request as it ended. */
export interface RequestRecord {
  /** A served model, or undefined when the request was refused before its model was known. */
  readonly model: string | undefined
  /** The name of its access key; undefined without one. */
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

/** Numbers that are read at the moment of a scrape. */
export interface LiveNumbers {
  readonly queueLength: number
  readonly queueCapacity: number
  readonly requestsInProgress: number
  readonly uploadBytesHeld: number
  readonly workers: Readonly<Record<'idle' | 'busy' | 'starting', number>>
  readonly workerResidentBytes: number
}

export class Telemetry {
  readonly live: LiveCatalog
  readonly recent = new RecentTraffic()
  readonly keys: KeyMetrics
  readonly #modelInfo = new Map<string, Record<string, string>>()

  constructor(models: readonly string[], build: Labels) {
    this.live = new LiveCatalog(models)
    this.keys = new KeyMetrics(this.live)
    this.live.gauge('asr_build_info').set({ ...build }, 1)
  }

  get contentType(): string { return this.live.contentType }

  exposition(): Promise<string> {
    return this.live.exposition()
  }

  /** Reads these numbers at every scrape. */
  observeLive(read: () => LiveNumbers): void {
    const live: Partial<Record<MetricName, (now: LiveNumbers) => number>> = {
      asr_queue_length: (now) => now.queueLength,
      asr_queue_capacity: (now) => now.queueCapacity,
      asr_requests_in_progress: (now) => now.requestsInProgress,
      asr_upload_bytes_held: (now) => now.uploadBytesHeld,
      asr_worker_resident_memory_bytes: (now) => now.workerResidentBytes,
    }
    for (const [name, value] of Object.entries(live)) this.live.beforeScrape(name as MetricName, () => { this.live.gauge(name as MetricName).set(value(read())) })
    this.live.beforeScrape('asr_workers', () => {
      for (const [state, count] of Object.entries(read().workers)) this.live.gauge('asr_workers').set({ state }, count)
    })
  }

  observeConnections(read: () => Readonly<Record<'idle' | 'busy', number>>): void {
    this.live.beforeScrape('asr_connections', () => {
      for (const [state, count] of Object.entries(read())) this.live.gauge('asr_connections').set({ state }, count)
    })
  }

  connectionEnded(reason: ConnectionEnd): void {
    this.live.counter('asr_connections_ended_total').inc({ reason })
  }

  recognized(report: Report, request: AnsweredRecord): void {
    const { model, input } = report
    this.#finished('ok', request)
    this.recent.answered(report, request.secondsSinceUpload)
    for (const [stage, seconds] of Object.entries(report.seconds)) this.live.histogram('asr_stage_duration_seconds').observe({ stage }, seconds)
    this.live.counter('asr_audio_seconds_total').inc({ model }, input.audioSeconds)
    this.keys.heard(request.keyName, input.audioSeconds)
    this.live.counter('asr_audio_bytes_total').inc({ codec: codecGroup(input.codec) }, request.audioBytes)
    this.live.counter('asr_audio_trimmed_seconds_total').inc({ position: 'leading' }, input.trimmedLeadingSeconds)
    this.live.counter('asr_audio_trimmed_seconds_total').inc({ position: 'trailing' }, input.trimmedTrailingSeconds)
    this.live.histogram('asr_audio_duration_seconds').observe(input.audioSeconds)
    if (input.audioSeconds > 0) this.live.histogram('asr_real_time_factor').observe({ model }, processingSeconds(report) / input.audioSeconds)
    this.live.counter('asr_tokens_total').inc({ model }, tokensOf(report.segments))
    this.live.counter('asr_decoding_passes_total').inc({ model }, report.decodingPasses)
    this.live.counter('asr_hearings_total').inc({ model }, report.decodingPasses)
    for (const reason of report.cascade?.reasons ?? []) this.live.counter('asr_cascade_total').inc({ reason })
    this.live.counter('asr_cascade_seconds_total').inc(report.cascade?.seconds ?? 0)
    this.live.counter('asr_words_total').inc({ model }, wordsOf(report.text))
    this.live.counter('asr_transcripts_total').inc({ model, result: resultOf(report) })
    if ((report.alternatives[0]?.phrases.length ?? 0) > 0) this.live.counter('asr_bias_hits_total').inc()
    if (report.changedByBiasing) this.live.counter('asr_bias_overrides_total').inc()
    this.live.histogram('asr_deadline_remaining_seconds').observe(Math.max(0, request.deadlineSeconds - request.secondsSinceUpload))
    this.#describeOutput(report)
    this.#describeInput(report)
  }

  failed(code: ErrorCode, request: RequestRecord): void {
    const { counted } = ERRORS[code]
    const reason = code.toLowerCase()
    if (counted === 'cancelled') return this.#finished('cancelled', request)
    this.#finished(counted === 'rejection' ? 'rejected' : 'error', request)
    this.live.counter(counted === 'rejection' ? 'asr_rejections_total' : 'asr_errors_total').inc({ reason })
  }

  /** After the recognition of the same request. */
  searched(outcome: SearchOutcome, seconds: number): void {
    this.live.counter('asr_search_requests_total').inc({ outcome })
    this.live.histogram('asr_search_duration_seconds').observe(seconds)
  }

  accessRefused(code: Refusal): void { this.live.counter('asr_access_refused_total').inc({ reason: code.toLowerCase() }) }
  workerBusy(seconds: number): void { this.live.counter('asr_worker_busy_seconds_total').inc(seconds) }
  workerReplaced(reason: string): void { this.live.counter('asr_worker_restarts_total').inc({ reason }) }
  workerRetried(): void { this.live.counter('asr_worker_retries_total').inc() }

  modelLoaded(model: ModelRecord): void {
    const { name, version, digest, family, precision, provider, engine } = model
    const info = { model: name, version, digest, family, precision, languages: languageLabel(model.languages), provider, engine }
    const before = this.#modelInfo.get(name)
    if (before !== undefined) this.live.gauge('asr_model_info').remove(before) // a replaced worker may have got another provider
    this.#modelInfo.set(name, info)
    this.live.gauge('asr_model_info').set(info, 1)
    this.live.gauge('asr_model_load_duration_seconds').set({ model: name }, model.loadSeconds)
    this.live.gauge('asr_model_loaded_timestamp_seconds').set({ model: name }, Date.now() / 1000)
    this.live.gauge('asr_model_bytes').set({ model: name }, model.bytes)
    for (const candidate of METRICS.asr_execution_provider_refused.labels.provider) {
      this.live.gauge('asr_execution_provider_refused').set({ model: name, provider: candidate }, model.refusedProviders.includes(candidate) ? 1 : 0)
    }
  }

  /** `route` is a template of the router and `method` one that it knows, so that the label sets stay finite. */
  httpFinished(method: string, route: string, status: number, seconds: number): void {
    this.live.histogram('http_server_request_duration_seconds')
      .observe({ http_request_method: method, http_route: route, http_response_status_code: String(status) }, seconds)
  }

  #describeOutput({ model, text, confidence, lowestTokenProbability, language, segments, input }: Report): void {
    this.live.counter('asr_detected_language_total').inc({ language })
    if (confidence !== null) this.live.histogram('asr_confidence').observe({ model }, confidence)
    if (lowestTokenProbability !== null) this.live.histogram('asr_lowest_token_probability').observe({ model }, lowestTokenProbability)
    if (text === '' || input.speechSeconds === 0) return
    this.live.histogram('asr_tokens_per_audio_second').observe({ model }, tokensOf(segments) / input.speechSeconds)
    this.live.histogram('asr_words_per_second').observe({ model }, wordsOf(text) / input.speechSeconds)
  }

  /** A figure that could not be measured is not observed: a zero in its place would look like drift. */
  #describeInput({ input, warnings, noSpeechReason }: Report): void {
    const figures: Partial<Record<MetricName, number | null>> = {
      asr_input_loudness_lufs: input.loudnessLufs,
      asr_input_snr_decibels: input.snrDb,
      asr_input_speech_ratio: input.speechRatio,
      asr_input_bandwidth_hertz: input.bandwidthHz,
    }
    for (const [name, value] of Object.entries(figures)) if (value !== null) this.live.histogram(name as MetricName).observe(value)
    if (input.speechRatio > 0) {
      this.live.histogram('asr_input_silence_seconds').observe({ position: 'leading' }, input.leadingSilenceSeconds)
      this.live.histogram('asr_input_silence_seconds').observe({ position: 'trailing' }, input.trailingSilenceSeconds)
    }
    const noSpeech = noSpeechReason !== null && noSpeechReason !== 'nothing_recognized'
    for (const defect of DEFECTS) if (defect === 'no_speech' ? noSpeech : warnings.includes(defect)) this.live.counter('asr_input_defects_total').inc({ defect })
    this.live.counter('asr_input_format_total').inc({ codec: codecGroup(input.codec), sample_rate: known(SAMPLE_RATES, String(input.sampleRate)) })
  }

  #finished(outcome: Outcome, { model = NO_MODEL, keyName, secondsSinceUpload }: RequestRecord): void {
    if (outcome !== 'ok') this.recent.ended(outcome)
    this.live.counter('asr_requests_total').inc({ model, outcome })
    this.keys.finished(keyName, outcome)
    if (outcome === 'ok' || outcome === 'error') this.live.histogram('asr_request_duration_seconds').observe({ model, outcome }, secondsSinceUpload)
  }
}

function tokensOf(segments: Report['segments']): number {
  return segments.reduce((sum, { tokens }) => sum + tokens.length, 0)
}

function wordsOf(text: string): number {
  return text === '' ? 0 : text.split(/\s+/).length
}

const WAITING: readonly Stage[] = ['receive', 'queue_wait']

function processingSeconds({ seconds }: Report): number {
  return Object.entries(seconds).reduce((sum, [stage, spent]) => WAITING.includes(stage as Stage) ? sum : sum + spent, 0)
}

function resultOf({ text, noSpeechReason, warnings }: Report): string {
  if (noSpeechReason === 'nothing_recognized') return 'empty'
  if (text === '') return 'no_speech'
  if (warnings.includes('repetition')) return 'repetition'
  return warnings.includes('token_limit') ? 'token_limit' : 'text'
}

function known(values: readonly string[], value: string): string {
  return values.includes(value) ? value : 'other'
}

/** A multilingual model would make a label of a hundred codes. */
function languageLabel(languages: readonly string[]): string {
  return languages.length <= 4 ? languages.join(',') : `${languages.length} languages`
}
