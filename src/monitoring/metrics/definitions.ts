/**
 * The definitions of all metrics: name, type, help, labels with all values that exist from the start, buckets.
 * docs/metrics.md is compared with this table by a test, in both directions.
 *
 * Conventions: base units in the name, counters end in `_total`, histograms and never summaries (summaries cannot be
 * aggregated), no label whose values a client could choose.
 */
import type { MetricDefinition } from './definitions/definition.js'
import { COLLECTION_METRICS } from './definitions/collection.js'
import { DRIFT_METRICS } from './definitions/drift.js'
import { FEEDBACK_METRICS } from './definitions/feedback.js'
import { LIVE_METRICS } from './definitions/live.js'
import { INPUT_METRICS } from './definitions/input.js'
import { RECOGNITION_METRICS } from './definitions/recognition.js'
import { REQUEST_METRICS } from './definitions/requests.js'
import { SEARCH_METRICS } from './definitions/search.js'
import { SERVICE_METRICS } from './definitions/service.js'

export type { LabelValues, MetricDefinition } from './definitions/definition.js'
export { DEFECTS, NO_MODEL, type ConnectionEnd } from './definitions/labels.js'
export { LATENCY_SECONDS } from './definitions/requests.js'

export const METRICS = {
  ...REQUEST_METRICS,
  ...RECOGNITION_METRICS,
  ...INPUT_METRICS,
  ...SEARCH_METRICS,
  ...LIVE_METRICS,
  ...SERVICE_METRICS,
  ...DRIFT_METRICS,
  ...FEEDBACK_METRICS,
  ...COLLECTION_METRICS,
} as const satisfies Record<string, MetricDefinition>

export type MetricName = keyof typeof METRICS
