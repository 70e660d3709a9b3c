/**
 * Feedback and labels as metrics: counters as they come, the figures of concept drift when Prometheus asks. A figure
 * that cannot be given is absent: a zero would be a claim.
 */
import type { ConceptDriftEstimates } from '../feedback/concept-drift.js'
import type { FeedbackObserver } from '../feedback/feedback.js'
import { NO_MODEL, type MetricName } from './definitions.js'
import type { MetricRegistry } from './registry.js'

/** `models` are served here; what concerns any other is counted without its name, so that label sets stay finite. */
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
      for (const [type, count] of Object.entries({ substitution: substitutions, deletion: deletions, insertion: insertions })) {
        registry.counter('asr_label_word_errors_total').inc({ ...labels, type }, count)
      }
      const isExact = substitutions + deletions + insertions === 0
      registry.counter('asr_label_utterances_total').inc({ ...labels, result: isExact ? 'exact' : 'wrong' })
    },
    unmatched(reason) { registry.counter('asr_feedback_unmatched_total').inc({ reason }) },
  }
}

/** Reads the figures of each model at every scrape. */
export function exposeConceptDrift(registry: MetricRegistry, read: () => ReadonlyMap<string, ConceptDriftEstimates>): void {
  const show = (name: MetricName, set: (model: string, figures: ConceptDriftEstimates) => void): void => {
    registry.beforeScrape(name, () => {
      registry.gauge(name).reset()
      for (const [model, figures] of read()) set(model, figures)
    })
  }
  show('asr_label_wer_ratio', (model, { errorRate }) => {
    for (const [bound, value] of Object.entries(errorRate ?? {})) registry.gauge('asr_label_wer_ratio').set({ model, bound }, value as number)
  })
  show('asr_estimated_wer_ratio', (model, { estimatedErrorRate }) => { if (estimatedErrorRate !== null) registry.gauge('asr_estimated_wer_ratio').set({ model }, estimatedErrorRate) })
  show('asr_calibration_p_value', (model, { calibrationPValue }) => { if (calibrationPValue !== null) registry.gauge('asr_calibration_p_value').set({ model }, calibrationPValue) })
}
