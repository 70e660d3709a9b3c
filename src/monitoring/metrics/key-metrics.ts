/**
 * Requests and audio by access key. The operator names the keys, so their number is bounded. The series of a revoked
 * key are removed, so that they do not accumulate when keys are rotated for years.
 */
import { NO_KEY } from '../../domain/scopes.js'
import { METRICS } from './definitions.js'
import type { MetricRegistry } from './registry.js'
import type { Outcome } from './recent.js'

const OUTCOME_LABELS = METRICS.asr_client_requests_total.labels.outcome

export class KeyMetrics {
  readonly #registry: MetricRegistry
  #names: ReadonlySet<string> = new Set([NO_KEY])

  constructor(registry: MetricRegistry) {
    this.#registry = registry
    this.#begin(NO_KEY)
  }

  /** Names of all keys from now on. */
  setKeys(names: readonly string[]): void {
    const known = new Set([NO_KEY, ...names])
    for (const name of this.#names) if (!known.has(name)) this.#end(name)
    for (const name of known) if (!this.#names.has(name)) this.#begin(name)
    this.#names = known
  }

  finished(name: string | undefined, outcome: Outcome): void {
    this.#registry.counter('asr_client_requests_total').inc({ client: this.#label(name), outcome })
  }

  recognized(name: string | undefined, audioSeconds: number): void {
    this.#registry.counter('asr_client_audio_seconds_total').inc({ client: this.#label(name) }, audioSeconds)
  }

  /** A key may be revoked while its request is in progress. */
  #label(name: string | undefined): string {
    return name !== undefined && this.#names.has(name) ? name : NO_KEY
  }

  /** Series start at zero, since `increase()` would miss the first event otherwise. */
  #begin(key: string): void {
    const requests = this.#registry.counter('asr_client_requests_total')
    for (const outcome of OUTCOME_LABELS) requests.inc({ client: key, outcome }, 0)
    this.#registry.counter('asr_client_audio_seconds_total').inc({ client: key }, 0)
  }

  #end(key: string): void {
    const requests = this.#registry.counter('asr_client_requests_total')
    for (const outcome of OUTCOME_LABELS) requests.remove({ client: key, outcome })
    this.#registry.counter('asr_client_audio_seconds_total').remove({ client: key })
  }
}

/** Exports the state of the keys file as gauges that are read at every scrape. */
export function showKeys(registry: MetricRegistry, keys: { readonly count: number; readonly stale: boolean }): void {
  registry.beforeScrape('asr_access_keys', () => { registry.gauge('asr_access_keys').set(keys.count) })
  registry.beforeScrape('asr_access_keys_stale', () => {
    registry.gauge('asr_access_keys_stale').set(keys.stale ? 1 : 0)
  })
}
