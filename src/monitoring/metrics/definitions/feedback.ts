/** Metrics of feedback and labels. */
import { FEEDBACK_EVENTS, LABEL_SOURCES, UNMATCHED_REASONS } from '../../feedback/events.js'
import type { MetricDefinition } from './definition.js'

const DELAY_SECONDS = [1, 2, 5, 10, 30, 60, 300, 3_600]
const RANKS = [1, 2, 3, 4, 5, 10, 20, 50]

export const FEEDBACK_METRICS = {
  asr_feedback_events_total: {
    type: 'counter',
    help: 'Feedback from clients on transcripts, by event.',
    labels: { model: 'models', event: FEEDBACK_EVENTS },
  },
  asr_feedback_unmatched_total: {
    type: 'counter',
    help: 'Feedback and labels that could not be attributed to an answer.',
    labels: { reason: UNMATCHED_REASONS },
  },
  asr_feedback_delay_seconds: {
    type: 'histogram',
    help: 'Time from an answer to its feedback.',
    buckets: DELAY_SECONDS,
  },
  asr_clicked_rank: {
    type: 'histogram',
    help: 'Rank of the hit that a user opened, from 1, as reported by clients.',
    buckets: RANKS,
  },
  asr_label_words_total: {
    type: 'counter',
    help: 'Reference words of labelled transcripts.',
    labels: { model: 'models', source: LABEL_SOURCES },
  },
  asr_label_word_errors_total: {
    type: 'counter',
    help: 'Word errors of labelled transcripts; divided by asr_label_words_total, both of the random source, '
      + 'the word error rate.',
    labels: { model: 'models', source: LABEL_SOURCES, type: ['substitution', 'deletion', 'insertion'] },
  },
  asr_label_utterances_total: {
    type: 'counter',
    help: 'Labelled transcripts.',
    labels: { model: 'models', source: LABEL_SOURCES, result: ['exact', 'wrong'] },
  },
  asr_label_wer_ratio: {
    type: 'gauge',
    help: 'Word error rate of the newest random labels of this process, and its 95 % interval; absent below '
      + 'the minimum.',
    labels: { model: 'open', bound: ['estimate', 'low', 'high'] },
  },
  asr_estimated_wer_ratio: {
    type: 'gauge',
    help: 'Word error rate predicted from recent confidences by the calibration table; not a measurement. '
      + 'Absent without a table.',
    labels: { model: 'open' },
  },
  asr_calibration_p_value: {
    type: 'gauge',
    help: 'Probability of the labelled errors given their confidences, if errors relate to confidence as in '
      + 'the baseline; absent below the minimum.',
    labels: { model: 'open' },
  },
} as const satisfies Record<string, MetricDefinition>
