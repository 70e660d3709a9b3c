/**
 * Concept drift of one model: from the newest labels and confidences it estimates the word error rate, and tests
 * whether errors still relate to confidence as in the baseline. The ring buffers have a fixed size; they hold counts,
 * confidences and pseudonyms of sessions, but no text.
 *
 * The caller passes only labels of a random sample: users correct what is wrong, so the error rate of corrected answers
 * is not that of all answers.
 */
import { errorRate, type ErrorRate, type RateSums } from '../../domain/scoring/error-rate.js'
import { calibrationPValue, estimatedErrorRate, type ConfidenceBin, type LabelledAnswer } from './calibration-test.js'
import { RingBuffer } from './ring-buffer.js'

const LABELS = 1_000
const CONFIDENCES = 2_000
/** With fewer, the interval is too wide to be useful. */
const MIN_UTTERANCES = 30
const MIN_WORDS = 100
/** Sessions; with fewer, the bootstrap interval is too narrow. */
const MIN_GROUPS = 10
/**
 * With fewer, the calibration test has a false positive rate above 7 % at a level of 5 %
 * (test/monitoring/feedback/concept-drift.test.ts).
 */
const MIN_TESTED_UTTERANCES = 60
const MIN_TESTED_GROUPS = 20

/** Null: too few labels or confidences, or no table. */
export interface ConceptDriftEstimates {
  readonly errorRate: ErrorRate | null
  readonly calibrationPValue: number | null
  readonly estimatedErrorRate: number | null
}

export interface ScoredAnswer extends Omit<LabelledAnswer, 'group'> {
  /** Undefined: independent of all other answers. */
  readonly session: string | undefined
}

export class ConceptDriftMonitor {
  readonly #table: readonly ConfidenceBin[] | undefined
  readonly #labels = new RingBuffer<LabelledAnswer>(LABELS)
  readonly #confidences = new RingBuffer<{ readonly confidence: number; readonly words: number }>(CONFIDENCES)
  #labelled = 0
  /** Cached estimates; undefined after a new label. A bootstrap takes 10 to 20 ms, and scrapes are frequent. */
  #ofLabels: Omit<ConceptDriftEstimates, 'estimatedErrorRate'> | undefined

  /** Without the table of a baseline, only the error rate is estimated. */
  constructor(table?: readonly ConfidenceBin[]) {
    this.#table = table
  }

  answered(confidence: number, words: number): void {
    this.#confidences.add({ confidence, words })
  }

  labelled({ session, ...answer }: ScoredAnswer): void {
    const group = session === undefined ? `utterance ${this.#labelled}` : `session ${session}`
    this.#labels.add({ ...answer, group })
    this.#labelled++
    this.#ofLabels = undefined
  }

  estimates(): ConceptDriftEstimates {
    this.#ofLabels ??= { errorRate: this.#errorRate(), calibrationPValue: this.#calibrationPValue() }
    const confidences = this.#confidences.values
    const isEstimated = this.#table !== undefined && confidences.length >= MIN_UTTERANCES
    return { ...this.#ofLabels, estimatedErrorRate: isEstimated ? estimatedErrorRate(confidences, this.#table) : null }
  }

  #errorRate(): ErrorRate | null {
    const labels = this.#labels.values
    const groups = sumsByGroup(labels)
    const words = groups.reduce((sum, group) => sum + group.words, 0)
    if (labels.length < MIN_UTTERANCES || groups.length < MIN_GROUPS || words < MIN_WORDS) return null
    return errorRate(groups)
  }

  #calibrationPValue(): number | null {
    const labels = this.#labels.values.filter(({ confidence }) => confidence !== null)
    if (this.#table === undefined || labels.length < MIN_TESTED_UTTERANCES) return null
    if (sumsByGroup(labels).length < MIN_TESTED_GROUPS) return null
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
