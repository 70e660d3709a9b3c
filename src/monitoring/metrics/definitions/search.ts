/** Metrics of spoken search, biasing and catalogues. */
import { SEARCH_OUTCOMES } from '../../../domain/search-outcomes.js'
import type { MetricDefinition } from './definition.js'

const SEARCH_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

export const SEARCH_METRICS = {
  asr_search_requests_total: {
    type: 'counter',
    help: 'Spoken searches answered, by outcome.',
    labels: { outcome: SEARCH_OUTCOMES },
  },
  asr_search_duration_seconds: {
    type: 'histogram',
    help: 'Time spent finding hits, after recognition.',
    buckets: SEARCH_SECONDS,
  },
  asr_bias_hits_total: {
    type: 'counter',
    help: 'Transcripts that contain a phrase of the catalogue or list that they were decoded with.',
  },
  asr_bias_overrides_total: { type: 'counter', help: 'Transcripts that were changed by biasing.' },
  asr_catalogue_entries: { type: 'gauge', help: 'Entries of a served catalogue.', labels: { catalogue: 'open' } },
  asr_catalogue_loaded_timestamp_seconds: {
    type: 'gauge',
    help: 'When the served version of a catalogue became active, as a Unix time.',
    labels: { catalogue: 'open' },
  },
  asr_catalogue_compile_seconds: {
    type: 'gauge',
    help: 'Longest time that a worker took to compile the catalogue.',
    labels: { catalogue: 'open' },
  },
} as const satisfies Record<string, MetricDefinition>
