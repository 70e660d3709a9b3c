/**
 * Whether what is said still becomes the words it became: the newest labels and confidences of one model, and what
 * they say of its word error rate. Rings of fixed size, counts and no word.
 *
 * Only labels of a random sample come here: people correct what is wrong, so the rate of corrected answers is not
 * the rate of all.
 */
import { errorRate, type ErrorRate, type RateSums } from '../../domain/scoring/error-rate.js'
import { calibrationPValue, estimatedErrorRate, type ConfidenceBin, type LabelledAnswer } from './calibration-test.js'
import { RingBuffer } from './ring-buffer.js'

const LABELS = 1_000
const CONFIDENCES = 2_000
/** With fewer, an interval is wider than anything that it could tell. */
const LEAST_UTTERANCES = 30
const LEAST_WORDS = 100
/** Sessions; of a few, a bootstrap promises too narrow an interval. */
const LEAST_GROUPS = 10
/** Below these, the test of the calibration raises more than 7 false alarms in a hundred where it should raise 5 (test/monitoring/feedback/concept-drift.test.ts). */
const LEAST_TESTED_UTTERANCES = 60
const LEAST_TESTED_GROUPS = 20

/** Null in place of a figure: too little to say anything, or no table. */
export interface ConceptDriftEstimates {
  readonly errorRate: ErrorRate | null
  readonly calibrationPValue: number | null
  readonly estimatedErrorRate: number | null
}

export interface ScoredAnswer extends Omit<LabelledAnswer, 'group'> {
  /** Undefined: independent of all others. */
  readonly session: string | undefined
}

export class ConceptDriftMonitor {
  readonly #table: readonly ConfidenceBin[] | undefined
  readonly #labels = new RingBuffer<LabelledAnswer>(LABELS)
  readonly #confidences = new RingBuffer<{ readonly confidence: number; readonly words: number }>(CONFIDENCES)
  #labelled = 0
  /** What the labels say; undefined when one has come since. A bootstrap takes 10 to 20 ms, and scrapes are frequent. */
  #ofLabels: Omit<ConceptDriftEstimates, 'estimatedErrorRate'> | undefined

  /** Without a table of the baseline there is only the error rate. */
  constructor(table?: readonly ConfidenceBin[]) {
    this.#table = table
  }

  answered(confidence: number, words: number): void {
    this.#confidences.add({ confidence, words })
  }

  labelled({ session, ...answer }: ScoredAnswer): void {
    this.#labels.add({ ...answer, group: session === undefined ? `utterance ${this.#labelled}` : `session ${session}` })
    this.#labelled++
    this.#ofLabels = undefined
  }

  estimates(): ConceptDriftEstimates {
    this.#ofLabels ??= { errorRate: this.#errorRate(), calibrationPValue: this.#calibrationPValue() }
    const confidences = this.#confidences.values
    const isEstimated = this.#table !== undefined && confidences.length >= LEAST_UTTERANCES
    return { ...this.#ofLabels, estimatedErrorRate: isEstimated ? estimatedErrorRate(confidences, this.#table) : null }
  }

  #errorRate(): ErrorRate | null {
    const labels = this.#labels.values
    const groups = sumsByGroup(labels)
    if (labels.length < LEAST_UTTERANCES || groups.length < LEAST_GROUPS || groups.reduce((sum, { words }) => sum + words, 0) < LEAST_WORDS) return null
    return errorRate(groups)
  }

  #calibrationPValue(): number | null {
    const labels = this.#labels.values.filter(({ confidence }) => confidence !== null)
    if (this.#table === undefined || labels.length < LEAST_TESTED_UTTERANCES || sumsByGroup(labels).length < LEAST_TESTED_GROUPS) return null
    return calibrationPValue(labels, this.#table)
  }
}

function sumsByGroup(labels: readonly LabelledAnswer[]): RateSums[] {
  const groups = new Map<string, { words: number; errors: number }>()
  for (const { group, words, errors } of labels) {
    const sums = groups.get(group) ?? { words: 0, errors: 0 }
    groups.set(group, sums)
    sums.words += words
    sums.errors += errors
  }
  return [...groups.values()]
}
