/**
 * Feedback and labels as metrics: counters as they come, the figures of concept drift when Prometheus asks. A figure
 * that cannot be given is absent: a zero would be a claim.
 */
import type { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { ConceptFigures } from '../feedback/concept-drift.js'
import type { FeedbackObserver } from '../feedback/feedback.js'
import { NO_MODEL, type MetricName } from './catalog.js'

/** `models` are served here; what concerns any other is counted without its name, so that label sets stay finite. */
export function feedbackCounters(registry: Registry, models: readonly string[]): FeedbackObserver {
  const counter = (name: MetricName): Counter => registry.getSingleMetric(name) as Counter
  const delay = registry.getSingleMetric('asr_feedback_delay_seconds' satisfies MetricName) as Histogram
  const known = (model: string): string => models.includes(model) ? model : NO_MODEL
  return {
    happened(model, event, delaySeconds) {
      counter('asr_feedback_events_total').inc({ model: known(model), event })
      delay.observe(delaySeconds)
    },
    labelled(model, source, { words, substitutions, deletions, insertions }) {
      const labels = { model: known(model), source }
      counter('asr_label_words_total').inc(labels, words)
      for (const [type, count] of Object.entries({ substitution: substitutions, deletion: deletions, insertion: insertions })) {
        counter('asr_label_word_errors_total').inc({ ...labels, type }, count)
      }
      const isExact = substitutions + deletions + insertions === 0
      counter('asr_label_utterances_total').inc({ ...labels, result: isExact ? 'exact' : 'wrong' })
    },
    unmatched(reason) { counter('asr_feedback_unmatched_total').inc({ reason }) },
  }
}

/** Reads the figures of each model at every scrape. */
export function showConcepts(registry: Registry, read: () => ReadonlyMap<string, ConceptFigures>): void {
  const show = (name: MetricName, set: (gauge: Gauge, model: string, figures: ConceptFigures) => void): void => {
    const gauge = registry.getSingleMetric(name) as Gauge
    // prom-client calls `collect` before every scrape.
    Object.assign(gauge, {
      collect() {
        gauge.reset()
        for (const [model, figures] of read()) set(gauge, model, figures)
      },
    })
  }
  show('asr_label_wer_ratio', (gauge, model, { errorRate }) => {
    for (const [bound, value] of Object.entries(errorRate ?? {})) gauge.set({ model, bound }, value as number)
  })
  show('asr_estimated_wer_ratio', (gauge, model, { estimatedErrorRate }) => { if (estimatedErrorRate !== null) gauge.set({ model }, estimatedErrorRate) })
  show('asr_calibration_p_value', (gauge, model, { calibrationPValue }) => { if (calibrationPValue !== null) gauge.set({ model }, calibrationPValue) })
}
