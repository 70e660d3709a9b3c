/** Metrics of the collection of clips. */
import type { MetricDefinition } from './definition.js'

const REASONS = ['uniform', 'doubtful', 'drifted', 'corrected'] as const
const WRITE_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30]

export const COLLECTION_METRICS = {
  asr_collection_considered_total: {
    type: 'counter',
    help: 'Clips that may be collected: their users agreed.',
  },
  asr_collection_clips_total: {
    type: 'counter',
    help: 'Clips that were stored, by reason; one may have several.',
    labels: { reason: REASONS },
  },
  asr_collection_bytes_total: {
    type: 'counter',
    help: 'Bytes that were stored, by reason; a clip with several reasons counts for each.',
    labels: { reason: REASONS },
  },
  asr_collection_dropped_total: {
    type: 'counter',
    help: 'Clips that were to be stored and were not: there was no room in memory, also while writing was '
      + 'stopped by a failure, or the service ended. `correction`: the clip may be stored, and there was no room for '
      + 'its correction.',
    labels: { reason: ['queue_full', 'stopped', 'shutdown', 'correction'] },
  },
  asr_collection_deleted_total: {
    type: 'counter',
    help: 'Stored clips that were deleted: too old, beyond the limit of bytes, or on request.',
    labels: { cause: ['age', 'size', 'request'] },
  },
  asr_collection_write_duration_seconds: {
    type: 'histogram',
    help: 'Time that it took to write a clip, encryption included.',
    buckets: WRITE_SECONDS,
  },
  asr_collection_running: {
    type: 'gauge',
    help: '1 while clips can be written, 0 while a failure keeps them from being written; absent without '
      + 'EARSHOT_COLLECT.',
  },
  asr_collection_stored_clips: {
    type: 'gauge',
    help: 'Clips in the store, as of the last look through it; absent without EARSHOT_COLLECT.',
  },
  asr_collection_stored_bytes: {
    type: 'gauge',
    help: 'Bytes in the store, as of the last look through it; absent without EARSHOT_COLLECT.',
  },
} as const satisfies Record<string, MetricDefinition>
