/**
 * Feedback and labels as metrics: counters as they come, the figures of concept drift when Prometheus asks. A figure
 * that cannot be given is absent: a zero would be a claim.
 */
import type { ConceptFigures } from '../feedback/concept-drift.js'
import type { FeedbackObserver } from '../feedback/feedback.js'
import { NO_MODEL, type MetricName } from './catalog.js'
import type { LiveCatalog } from './live-catalog.js'

/** `models` are served here; what concerns any other is counted without its name, so that label sets stay finite. */
export function feedbackCounters(live: LiveCatalog, models: readonly string[]): FeedbackObserver {
  const known = (model: string): string => models.includes(model) ? model : NO_MODEL
  return {
    happened(model, event, delaySeconds) {
      live.counter('asr_feedback_events_total').inc({ model: known(model), event })
      live.histogram('asr_feedback_delay_seconds').observe(delaySeconds)
    },
    clicked(rank) { live.histogram('asr_clicked_rank').observe(rank) },
    labelled(model, source, { words, substitutions, deletions, insertions }) {
      const labels = { model: known(model), source }
      live.counter('asr_label_words_total').inc(labels, words)
      for (const [type, count] of Object.entries({ substitution: substitutions, deletion: deletions, insertion: insertions })) {
        live.counter('asr_label_word_errors_total').inc({ ...labels, type }, count)
      }
      const isExact = substitutions + deletions + insertions === 0
      live.counter('asr_label_utterances_total').inc({ ...labels, result: isExact ? 'exact' : 'wrong' })
    },
    unmatched(reason) { live.counter('asr_feedback_unmatched_total').inc({ reason }) },
  }
}

/** Reads the figures of each model at every scrape. */
export function showConcepts(live: LiveCatalog, read: () => ReadonlyMap<string, ConceptFigures>): void {
  const show = (name: MetricName, set: (model: string, figures: ConceptFigures) => void): void => {
    live.beforeScrape(name, () => {
      live.gauge(name).reset()
      for (const [model, figures] of read()) set(model, figures)
    })
  }
  show('asr_label_wer_ratio', (model, { errorRate }) => {
    for (const [bound, value] of Object.entries(errorRate ?? {})) live.gauge('asr_label_wer_ratio').set({ model, bound }, value as number)
  })
  show('asr_estimated_wer_ratio', (model, { estimatedErrorRate }) => { if (estimatedErrorRate !== null) live.gauge('asr_estimated_wer_ratio').set({ model }, estimatedErrorRate) })
  show('asr_calibration_p_value', (model, { calibrationPValue }) => { if (calibrationPValue !== null) live.gauge('asr_calibration_p_value').set({ model }, calibrationPValue) })
}
