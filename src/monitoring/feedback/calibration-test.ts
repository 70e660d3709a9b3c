/**
 * Tests whether errors still relate to confidence as in the baseline: labelled errors are compared with a table of the
 * baseline that gives the errors and words of its answers by confidence. Inputs and confidences may keep their
 * distributions while that relation changes; this is concept drift in the strict sense.
 *
 * The test is that of Mantel and Haenszel (1959) over the bins of the table, in its form for rates (Rothman & Boice
 * 1979): errors are counts and not shares, because insertions can make more errors than there are words. The variance
 * is that of Poisson counts. Errors of one utterance, or of one session, are correlated, so the statistic is divided by
 * a design effect (Rao & Scott 1981): the variance between labelled groups relative to Poisson counts.
 *
 * It detects that errors became more or less frequent at the same confidence. An increase in some bins that is offset
 * by a decrease in others is not detected.
 */

/** Answers of the baseline with a confidence above `upTo` of the previous bin and at most `upTo`. */
export interface ConfidenceBin {
  readonly upTo: number
  /** Reference words. */
  readonly words: number
  readonly errors: number
}

export interface LabelledAnswer {
  /** Null without text; such an answer is in no bin. */
  readonly confidence: number | null
  readonly words: number
  readonly errors: number
  /** Answers of one group are correlated. */
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
 * Two-sided p-value. Null if it cannot be computed: no bin has words on both sides and an error on one, or there are
 * fewer than two groups.
 */
export function calibrationPValue(answers: readonly LabelledAnswer[], table: readonly ConfidenceBin[]): number | null {
  const strata = stratify(answers, table)
  const excess = sumOf(comparable(strata), ({ errors, words, pooledRate }) => errors - words * pooledRate)
  const variance = sumOf(comparable(strata), ({ words, pooledRate, baselineShare }) =>
    words * pooledRate * baselineShare)
  const dispersion = dispersionOf(answers, table, strata)
  if (variance === 0 || dispersion === null) return null
  return tailProbability(excess * excess / (variance * dispersion.designEffect), dispersion.groups - 1)
}

/**
 * Word error rate that is expected from the confidences of answers, weighted by their words. Null if no bin of the
 * table that they fall into has words.
 */
export function estimatedErrorRate(
  answers: readonly { readonly confidence: number; readonly words: number }[], table: readonly ConfidenceBin[],
): number | null {
  const known = answers.flatMap(({ confidence, words }) => {
    const bin = table[binOf(confidence, table)]
    return bin !== undefined && bin.words > 0 ? [{ words, bin }] : []
  })
  const words = sumOf(known, (answer) => answer.words)
  return words === 0 ? null : sumOf(known, (answer) => answer.words * answer.bin.errors / answer.bin.words) / words
}

/** In the order of the table; undefined if either side has no words. */
function stratify(answers: readonly LabelledAnswer[], table: readonly ConfidenceBin[]): (Stratum | undefined)[] {
  const labelled = table.map(() => ({ words: 0, errors: 0 }))
  for (const { confidence, words, errors } of answers) {
    if (confidence === null) continue
    const sums = labelled[binOf(confidence, table)]
    if (sums === undefined) continue
    sums.words += words
    sums.errors += errors
  }
  return table.map((baseline, index) => {
    const { words, errors } = labelled[index] ?? { words: 0, errors: 0 }
    if (words === 0 || baseline.words === 0) return undefined
    const total = words + baseline.words
    return { words, errors, pooledRate: (errors + baseline.errors) / total, baselineShare: baseline.words / total }
  })
}

/**
 * Variance between groups relative to Poisson counts; 1 without errors. The expected rate of a bin is its pooled rate
 * times one factor for all bins, so that errors that became more frequent everywhere do not count as variance.
 */
function dispersionOf(
  answers: readonly LabelledAnswer[], table: readonly ConfidenceBin[], strata: readonly (Stratum | undefined)[],
): { groups: number; designEffect: number } | null {
  const known = comparable(strata)
  const factor = sumOf(known, ({ errors }) => errors) / sumOf(known, ({ words, pooledRate }) => words * pooledRate)
  const residuals = new Map<string, number>()
  let expected = 0
  for (const { confidence, words, errors, group } of answers) {
    const stratum = confidence === null ? undefined : strata[binOf(confidence, table)]
    if (stratum === undefined) continue
    const mean = words * stratum.pooledRate * factor
    expected += mean * stratum.baselineShare ** 2
    residuals.set(group, (residuals.get(group) ?? 0) + (errors - mean) * stratum.baselineShare)
  }
  const groups = residuals.size
  if (groups < 2) return null
  const observed = sumOf([...residuals.values()], (residual) => residual ** 2) * groups / (groups - 1)
  return { groups, designEffect: expected > 0 ? observed / expected : 1 }
}

function binOf(confidence: number, table: readonly ConfidenceBin[]): number {
  const found = table.findIndex(({ upTo }) => confidence <= upTo)
  return found < 0 ? table.length - 1 : found
}

function comparable(strata: readonly (Stratum | undefined)[]): Stratum[] {
  return strata.filter((stratum): stratum is Stratum => stratum !== undefined)
}

/** Two-sided tail of Student's t for a squared statistic, by Wallace's normal approximation (1959). */
function tailProbability(squared: number, freedom: number): number {
  return erfc(Math.sqrt(freedom * Math.log1p(squared / freedom) / 2) * (8 * freedom + 1) / (8 * freedom + 3))
}

/** Press et al., Numerical Recipes, 6.2: relative error below 1.2e-7. `z` is not negative. */
function erfc(z: number): number {
  const t = 1 / (1 + z / 2)
  const series = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806,
    0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277,
  ]
  return t * Math.exp(-z * z + series.reduceRight((sum, coefficient) => sum * t + coefficient))
}

function sumOf<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((sum, value) => sum + of(value), 0)
}
