/**
 * Requests and audio by access key. Names of keys are the operator's and bounded in number; a key that is revoked
 * takes its series along, so that exchanging keys for years does not pile them up.
 */
import { NO_KEY } from '../../domain/scopes.js'
import { METRICS } from './catalog.js'
import type { LiveCatalog } from './live-catalog.js'
import type { Outcome } from './recent.js'

const OUTCOME_LABELS = METRICS.asr_client_requests_total.labels.outcome

export class KeyMetrics {
  readonly #live: LiveCatalog
  #names: ReadonlySet<string> = new Set([NO_KEY])

  constructor(live: LiveCatalog) {
    this.#live = live
    this.#begin(NO_KEY)
  }

  /** The keys that there are from now on. */
  know(names: readonly string[]): void {
    const known = new Set([NO_KEY, ...names])
    for (const name of this.#names) if (!known.has(name)) this.#end(name)
    for (const name of known) if (!this.#names.has(name)) this.#begin(name)
    this.#names = known
  }

  finished(name: string | undefined, outcome: Outcome): void {
    this.#live.counter('asr_client_requests_total').inc({ client: this.#label(name), outcome })
  }

  heard(name: string | undefined, audioSeconds: number): void {
    this.#live.counter('asr_client_audio_seconds_total').inc({ client: this.#label(name) }, audioSeconds)
  }

  /** A request may outlive its key. */
  #label(name: string | undefined): string {
    return name !== undefined && this.#names.has(name) ? name : NO_KEY
  }

  /** At zero, or `increase()` would lose the first event. */
  #begin(key: string): void {
    const requests = this.#live.counter('asr_client_requests_total')
    for (const outcome of OUTCOME_LABELS) requests.inc({ client: key, outcome }, 0)
    this.#live.counter('asr_client_audio_seconds_total').inc({ client: key }, 0)
  }

  #end(key: string): void {
    const requests = this.#live.counter('asr_client_requests_total')
    for (const outcome of OUTCOME_LABELS) requests.remove({ client: key, outcome })
    this.#live.counter('asr_client_audio_seconds_total').remove({ client: key })
  }
}

/** The state of the keys file as gauges, read when Prometheus asks. */
export function showKeys(live: LiveCatalog, keys: { readonly count: number; readonly stale: boolean }): void {
  live.beforeScrape('asr_access_keys', () => { live.gauge('asr_access_keys').set(keys.count) })
  live.beforeScrape('asr_access_keys_stale', () => { live.gauge('asr_access_keys_stale').set(keys.stale ? 1 : 0) })
}
