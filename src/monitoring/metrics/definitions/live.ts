/** Metrics of live sessions: streams of audio over WebSockets. */
import type { MetricDefinition } from './definition.js'
import { ENDPOINT_REASONS, LIVE_OUTCOMES, LIVE_PROTOCOLS } from '../../../domain/live.js'

const WAIT_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const PAUSE_SECONDS = [0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2]

export const LIVE_METRICS = {
  asr_live_sessions: {
    type: 'gauge', help: 'Open live sessions.', labels: { protocol: LIVE_PROTOCOLS },
  },
  asr_live_sessions_total: {
    type: 'counter',
    help: 'Live sessions that have ended, by outcome.',
    labels: { protocol: LIVE_PROTOCOLS, outcome: LIVE_OUTCOMES },
  },
  asr_live_session_seconds_total: { type: 'counter', help: 'Seconds that live sessions were open.' },
  asr_live_audio_seconds_total: { type: 'counter', help: 'Seconds of audio that live sessions sent.' },
  asr_live_endpoints_total: {
    type: 'counter', help: 'Utterances of live sessions, by what ended them.', labels: { reason: ENDPOINT_REASONS },
  },
  asr_live_premature_endpoints_total: {
    type: 'counter',
    help: 'Utterances that a pause ended, and whose speaker went on within a second.',
  },
  asr_live_pause_seconds: {
    type: 'histogram',
    help: 'From the last speech of an utterance to the decision that it is over, where a pause ended it.',
    buckets: PAUSE_SECONDS,
  },
  asr_live_final_wait_seconds: {
    type: 'histogram',
    help: 'From the decision that an utterance is over to its final result.',
    buckets: WAIT_SECONDS,
  },
  asr_live_partial_wait_seconds: {
    type: 'histogram',
    help: 'From the last sample of a partial result to the result.',
    buckets: WAIT_SECONDS,
  },
  asr_live_partials_skipped_total: {
    type: 'counter',
    help: 'Partial results that were left out, since all workers were busy.',
  },
  asr_live_stable_words_total: {
    type: 'counter',
    help: 'Stable words of partial results, and those of them that the final result has not.',
    labels: { outcome: ['kept', 'changed'] },
  },
  asr_live_backpressure_total: {
    type: 'counter',
    help: 'Times that the service stopped reading from a client which sent faster than it recognizes.',
  },
} as const satisfies Record<string, MetricDefinition>
