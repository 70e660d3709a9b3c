/** What the definition of a metric consists of. */

/** Values of a label: a closed list that exists from the start, the served models, or open (bounded by the caller). */
export type LabelValues = readonly string[] | 'models' | 'open'

export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels?: Readonly<Record<string, LabelValues>>
  /** Upper bounds of a histogram, in the unit of the metric's name. */
  readonly buckets?: readonly number[]
}

/** Buckets of shares and probabilities. */
export const UNIT_INTERVAL = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98]
