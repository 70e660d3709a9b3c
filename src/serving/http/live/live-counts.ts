/** Counts the events of a live session. */
import type { LiveEvent } from '../../../recognition/live/ports.js'
import type { MetricRegistry } from '../../../monitoring/metrics/registry.js'

/** Speech that begins so soon after the end of an utterance belonged to it. */
const PREMATURE_SECONDS = 1

export class LiveCounts {
  readonly #registry: MetricRegistry
  /** Where the last utterance was ended by a pause. */
  #pausedAtSeconds: number | undefined
  #stableWords = 0

  constructor(registry: MetricRegistry) {
    this.#registry = registry
  }

  partialSkipped(): void {
    this.#registry.counter('asr_live_partials_skipped_total').inc()
  }

  observe(event: LiveEvent): void {
    switch (event.kind) {
      case 'speech_started':
        if (event.atSeconds - (this.#pausedAtSeconds ?? -Infinity) < PREMATURE_SECONDS) {
          this.#registry.counter('asr_live_premature_endpoints_total').inc()
        }
        this.#stableWords = 0
        break
      case 'speech_stopped':
        this.#pausedAtSeconds = event.atSeconds
        break
      case 'partial':
        this.#stableWords = event.stable.length
        this.#registry.histogram('asr_live_partial_wait_seconds').observe(event.waitSeconds)
        break
      case 'final': {
        const { reason, pauseSeconds, waitSeconds, changedWords } = event
        const isByPause = reason === 'pause' || reason === 'complete'
        if (!isByPause) this.#pausedAtSeconds = undefined
        this.#registry.counter('asr_live_endpoints_total').inc({ reason })
        this.#registry.histogram('asr_live_final_wait_seconds').observe(waitSeconds)
        if (isByPause) this.#registry.histogram('asr_live_pause_seconds').observe(pauseSeconds)
        const words = this.#registry.counter('asr_live_stable_words_total')
        words.inc({ outcome: 'kept' }, this.#stableWords - changedWords)
        words.inc({ outcome: 'changed' }, changedWords)
        break
      }
      case 'failed': break // counted as a failed request
    }
  }
}
