/**
 * Does confidence still mean what it meant? Labelled errors are held against a table of the baseline: so many errors
 * in so many words whose answers had such a confidence. Inputs and confidences may look as ever while the relation
 * between them and the errors changes: that is concept drift in the proper sense.
 *
 * The test is that of Mantel and Haenszel (1959) over the bins of the table, in its form for rates (Rothman & Boice
 * 1979): insertions can make more errors than there are words, so errors are counts and not shares. Its variance is
 * Poisson's. Errors of one utterance, or of one session, come together, so the statistic is divided by a design effect
 * (Rao & Scott 1981): how much more the labelled groups vary than Poisson counts would.
 *
 * It sees that errors became more frequent, or rarer, at the same confidence. What rises in some bins and falls in others
 * as much escapes it.
 */

/** Of the answers of the baseline with a confidence above that of the bin before and at most `upTo`. */
export interface ConfidenceBin {
  readonly upTo: number
  /** Reference words. */
  readonly words: number
  readonly errors: number
}

export interface LabelledAnswer {
  /** Null where there was no text; such an answer is in no bin. */
  readonly confidence: number | null
  readonly words: number
  readonly errors: number
  /** Answers of one group are not independent. */
  readonly group: string
}

/** A bin that can be compared. */
interface Stratum {
  readonly words: number
  readonly errors: number
  /** Labelled and baseline together. */
  readonly pooledRate: number
  /** Share of the baseline in all words. */
  readonly baselineShare: number
}

/**
 * Probability of a difference as large as this, in either direction, if nothing has changed. Null where it cannot be
 * said: no bin has words on both sides and an error on one, or there are not two groups.
 */
export function calibrationPValue(answers: readonly LabelledAnswer[], table: readonly ConfidenceBin[]): number | null {
  const strata = stratify(answers, table)
  const excess = sumOf(comparable(strata), ({ errors, words, pooledRate }) => errors - words * pooledRate)
  const variance = sumOf(comparable(strata), ({ words, pooledRate, baselineShare }) => words * pooledRate * baselineShare)
  const dispersion = dispersionOf(answers, table, strata)
  if (variance === 0 || dispersion === null) return null
  return tailProbability(excess * excess / (variance * dispersion.designEffect), dispersion.groups - 1)
}

/**
 * Word error rate that the confidences of answers promise. `answers` weigh as many words as they have, as in a word
 * error rate. Null where the table knows none of their confidences.
 */
export function estimatedErrorRate(answers: readonly { readonly confidence: number; readonly words: number }[], table: readonly ConfidenceBin[]): number | null {
  const known = answers.map(({ confidence, words }) => ({ words, bin: table[binOf(confidence, table)]! })).filter(({ bin }) => bin.words > 0)
  const words = sumOf(known, (answer) => answer.words)
  return words === 0 ? null : sumOf(known, (answer) => answer.words * answer.bin.errors / answer.bin.words) / words
}

/** In the order of the table; undefined where either side has no words. */
function stratify(answers: readonly LabelledAnswer[], table: readonly ConfidenceBin[]): (Stratum | undefined)[] {
  const labelled = table.map(() => ({ words: 0, errors: 0 }))
  for (const { confidence, words, errors } of answers) {
    if (confidence === null) continue
    const sums = labelled[binOf(confidence, table)]!
    sums.words += words
    sums.errors += errors
  }
  return labelled.map(({ words, errors }, index) => {
    const baseline = table[index]!
    if (words === 0 || baseline.words === 0) return undefined
    const total = words + baseline.words
    return { words, errors, pooledRate: (errors + baseline.errors) / total, baselineShare: baseline.words / total }
  })
}

/**
 * Variance between groups over Poisson's. Each bin is expected to have its rate times one factor for all of them, so
 * that errors which became more frequent everywhere do not count as variance. 1 where there are no errors to tell.
 */
function dispersionOf(answers: readonly LabelledAnswer[], table: readonly ConfidenceBin[], strata: readonly (Stratum | undefined)[]): { groups: number; designEffect: number } | null {
  const factor = sumOf(comparable(strata), ({ errors }) => errors) / sumOf(comparable(strata), ({ words, pooledRate }) => words * pooledRate)
  const surprises = new Map<string, number>()
  let expected = 0
  for (const { confidence, words, errors, group } of answers) {
    const stratum = confidence === null ? undefined : strata[binOf(confidence, table)]
    if (stratum === undefined) continue
    const mean = words * stratum.pooledRate * factor
    expected += mean * stratum.baselineShare ** 2
    surprises.set(group, (surprises.get(group) ?? 0) + (errors - mean) * stratum.baselineShare)
  }
  const groups = surprises.size
  if (groups < 2) return null
  const observed = sumOf([...surprises.values()], (surprise) => surprise ** 2) * groups / (groups - 1)
  return { groups, designEffect: expected > 0 ? observed / expected : 1 }
}

function binOf(confidence: number, table: readonly ConfidenceBin[]): number {
  const found = table.findIndex(({ upTo }) => confidence <= upTo)
  return found < 0 ? table.length - 1 : found
}

function comparable(strata: readonly (Stratum | undefined)[]): Stratum[] {
  return strata.filter((stratum): stratum is Stratum => stratum !== undefined)
}

/** Two tails of Student's law for a squared statistic, since few groups tell little of their variance: made a normal deviate after Wallace (1959). */
function tailProbability(squared: number, freedom: number): number {
  return erfc(Math.sqrt(freedom * Math.log1p(squared / freedom) / 2) * (8 * freedom + 1) / (8 * freedom + 3))
}

/** Press et al., Numerical Recipes, 6.2: relative error below 1.2e-7. `z` is not negative. */
function erfc(z: number): number {
  const t = 1 / (1 + z / 2)
  const series = [-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277]
  return t * Math.exp(-z * z + series.reduceRight((sum, coefficient) => sum * t + coefficient))
}

function sumOf<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((sum, value) => sum + of(value), 0)
}
