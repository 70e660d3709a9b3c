/**
 * Exports feedback and labels as metrics: counters as they arrive, estimates of concept drift at every scrape. An
 * estimate without enough data is absent: a zero would be a wrong value.
 */
import type { ConceptDriftEstimates } from '../feedback/concept-drift.js'
import type { FeedbackObserver } from '../feedback/feedback.js'
import { NO_MODEL, type MetricName } from './definitions.js'
import type { MetricRegistry } from './registry.js'

/** `models`: served models; feedback on any other is counted as `none`, so that the number of series is bounded. */
export function feedbackCounters(registry: MetricRegistry, models: readonly string[]): FeedbackObserver {
  const known = (model: string): string => models.includes(model) ? model : NO_MODEL
  return {
    happened(model, event, delaySeconds) {
      registry.counter('asr_feedback_events_total').inc({ model: known(model), event })
      registry.histogram('asr_feedback_delay_seconds').observe(delaySeconds)
    },
    clicked(rank) { registry.histogram('asr_clicked_rank').observe(rank) },
    labelled(model, source, { words, substitutions, deletions, insertions }) {
      const labels = { model: known(model), source }
      registry.counter('asr_label_words_total').inc(labels, words)
      for (const [type, count] of Object.entries({
        substitution: substitutions, deletion: deletions, insertion: insertions,
      })) {
        registry.counter('asr_label_word_errors_total').inc({ ...labels, type }, count)
      }
      const isExact = substitutions + deletions + insertions === 0
      registry.counter('asr_label_utterances_total').inc({ ...labels, result: isExact ? 'exact' : 'wrong' })
    },
    unmatched(reason) { registry.counter('asr_feedback_unmatched_total').inc({ reason }) },
  }
}

/** Reads the estimates of each model at every scrape. */
export function exposeConceptDrift(
  registry: MetricRegistry, read: () => ReadonlyMap<string, ConceptDriftEstimates>,
): void {
  const expose = (name: MetricName, set: (model: string, estimates: ConceptDriftEstimates) => void): void => {
    registry.beforeScrape(name, () => {
      registry.gauge(name).reset()
      for (const [model, estimates] of read()) set(model, estimates)
    })
  }
  expose('asr_label_wer_ratio', (model, { errorRate }) => {
    for (const [bound, value] of Object.entries(errorRate ?? {})) {
      registry.gauge('asr_label_wer_ratio').set({ model, bound }, value as number)
    }
  })
  expose('asr_estimated_wer_ratio', (model, { estimatedErrorRate }) => {
    if (estimatedErrorRate !== null) registry.gauge('asr_estimated_wer_ratio').set({ model }, estimatedErrorRate)
  })
  expose('asr_calibration_p_value', (model, { calibrationPValue }) => {
    if (calibrationPValue !== null) registry.gauge('asr_calibration_p_value').set({ model }, calibrationPValue)
  })
}
