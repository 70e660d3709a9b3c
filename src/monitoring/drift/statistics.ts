/**
 * Statistics of binned counts of a baseline and a window: the size of a shift, and its significance.
 *
 * For people, the population stability index with Jeffreys' half an observation in each bin, together with its expected
 * value without drift: the index grows with the number of bins and falls with the number of clips, so a fixed threshold
 * has no meaning. For alarms, Pearson's two-sample chi-square: its distribution holds from five expected clips per bin,
 * where that of the index already does not. Bins that are rare in the baseline (an unusual codec, clipping, missing
 * values) have too few clips for it and are tested exactly (Fisher 1935). Clips of one session are correlated: the
 * statistic is divided by their design effect (Rao and Scott 1981, first order). Several features: Holm 1979.
 * Direction: Cliff 1993.
 */

/** Population stability index (PSI), natural logarithm, of counts in the order of the bins. */
export function populationStability(baselineCounts: readonly number[], windowCounts: readonly number[]): number {
  const expected = smoothedShares(baselineCounts)
  const found = smoothedShares(windowCounts)
  return expected.reduce((sum, share, bin) => sum + (found[bin]! - share) * Math.log(found[bin]! / share), 0)
}

/** Expected population stability index without drift: designEffect · (bins − 1)(1/n + 1/m). */
export function expectedStability(
  bins: number, windowClips: number, baselineClips: number, designEffect: number,
): number {
  return designEffect * (bins - 1) * (1 / windowClips + 1 / baselineClips)
}

/** Shares with Jeffreys' prior: never zero; they sum to 1. */
export function smoothedShares(counts: readonly number[]): number[] {
  const total = sumOf(counts) + counts.length / 2
  return counts.map((count) => (count + 0.5) / total)
}

/** Standard deviations. */
const CLEARLY_MORE = 2

/**
 * Whether a bin has clearly more clips of the window than the baseline lets expect: its Pearson residual (Agresti,
 * "Categorical Data Analysis", 2.4), with the design effect.
 */
export function isMoreFrequent(
  bin: number, baselineCounts: readonly number[], windowCounts: ArrayLike<number>, designEffect: number,
): boolean {
  const clips = Array.from(windowCounts).reduce((sum, count) => sum + count, 0)
  const expected = smoothedShares(baselineCounts)[bin]! * clips
  return windowCounts[bin]! - expected > CLEARLY_MORE * Math.sqrt(expected * designEffect)
}

/** Share of the significance level that is spent on bins that are rare in the baseline. */
const RARE_LEVEL = 0.05
/** With fewer expected clips in a bin, the chi-square distribution does not hold. */
const MIN_EXPECTED = 5

/** Groups of bins that can be compared by chi-square, given the number of clips of a window, and the rare bins. */
interface Division {
  readonly frequent: readonly (readonly number[])[]
  readonly rare: readonly number[]
}

/**
 * P-value of a window without drift. The last bin may be that of missing values. Windows are smaller than the baseline.
 */
export function driftProbability(
  baselineCounts: readonly number[], windowCounts: readonly number[], designEffect: number,
): number {
  const { frequent, rare } = divide(baselineCounts, sumOf(windowCounts))
  const { statistic, freedom } = pearson(sumsOf(baselineCounts, frequent), sumsOf(windowCounts, frequent))
  const frequentTail = freedom < 1 ? 1 : chiSquareTail(statistic / designEffect, freedom)
  if (rare.length === 0) return frequentTail
  const rareTail = excessTail({
    among: sumOf(windowCounts) / designEffect, found: take(windowCounts, rare) / designEffect,
    amongOthers: sumOf(baselineCounts), foundOthers: take(baselineCounts, rare),
  })
  return Math.min(1, frequentTail / (1 - RARE_LEVEL), rareTail / RARE_LEVEL)
}

/**
 * Pearson's statistic divided by its degrees of freedom, over the bins that can be compared; null if there are none.
 * Its mean is 1 without drift.
 */
export function dispersion(
  baselineCounts: readonly number[], windowCounts: readonly number[],
): { readonly ratio: number; readonly freedom: number } | null {
  const { frequent } = divide(baselineCounts, sumOf(windowCounts))
  const { statistic, freedom } = pearson(sumsOf(baselineCounts, frequent), sumsOf(windowCounts, frequent))
  return freedom < 1 ? null : { ratio: statistic / freedom, freedom }
}

/**
 * A bin with enough expected clips is a group of its own; the others form one group if they have enough together.
 * Depends on the baseline and on the size of the window, not on its counts.
 */
function divide(baselineCounts: readonly number[], windowClips: number): Division {
  const perClip = windowClips / sumOf(baselineCounts)
  const bins = baselineCounts.map((_, bin) => bin)
  const isFrequent = (bin: number): boolean => baselineCounts[bin]! * perClip >= MIN_EXPECTED
  const frequent = bins.filter(isFrequent).map((bin) => [bin])
  const others = bins.filter((bin) => !isFrequent(bin))
  return take(baselineCounts, others) * perClip >= MIN_EXPECTED
    ? { frequent: [...frequent, others], rare: [] }
    : { frequent, rare: others }
}

function pearson(first: readonly number[], second: readonly number[]): { statistic: number; freedom: number } {
  const [m, n] = [sumOf(first), sumOf(second)]
  const statistic = first.reduce((sum, count, bin) => {
    const both = count + second[bin]!
    const expected = both * n / (n + m)
    return both === 0
      ? sum
      : sum + (second[bin]! - expected) ** 2 / expected + (count - (both - expected)) ** 2 / (both - expected)
  }, 0)
  return { statistic: n === 0 || m === 0 ? 0 : statistic, freedom: first.length - 1 }
}

interface Findings {
  readonly among: number
  readonly found: number
  readonly amongOthers: number
  readonly foundOthers: number
}

/**
 * Fisher's exact test, one-sided: the probability that at least `found` of all findings are on this side. Counts that
 * were divided by a design effect are rounded so that the test is conservative.
 */
function excessTail({ among, found, amongOthers, foundOthers }: Findings): number {
  const here = Math.floor(found)
  const n = Math.ceil(among)
  const all = here + foundOthers
  const scale = lnChoose(n + amongOthers, all)
  let tail = 0
  for (let k = here; k <= Math.min(all, n); k++) tail += Math.exp(
    lnChoose(n, k) + lnChoose(amongOthers, all - k) - scale,
  )
  return Math.min(1, tail)
}

/** Holm-adjusted p-values, in the given order: those below a level are significant at that family-wise level. */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, index) => index).sort((a, b) => pValues[a]! - pValues[b]!)
  const adjusted = pValues.slice()
  let largest = 0
  order.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * pValues[index]!))
    adjusted[index] = largest
  })
  return adjusted
}

/**
 * Cliff's delta of the window against the baseline, from bins in ascending order: P(above) − P(below), ties are half.
 */
export function cliffsDelta(baselineCounts: readonly number[], windowCounts: readonly number[]): number {
  const [m, n] = [sumOf(baselineCounts), sumOf(windowCounts)]
  if (m === 0 || n === 0) return 0
  let below = 0
  return baselineCounts.reduce((delta, count, bin) => {
    const above = m - below - count
    const here = delta + (windowCounts[bin]! / n) * ((below - above) / m)
    below += count
    return here
  }, 0)
}

/** P(X² > x): the regularized upper incomplete gamma function (Numerical Recipes, 3rd ed., 6.2). */
export function chiSquareTail(x: number, freedom: number): number {
  const [a, z] = [freedom / 2, x / 2]
  if (z <= 0) return 1
  const front = Math.exp(a * Math.log(z) - z - lnGamma(a))
  return z < a + 1 ? Math.max(0, 1 - front * lowerSeries(a, z)) : front * upperFraction(a, z)
}

/** The x with P(X² > x) = tail, by bisection. */
export function chiSquareQuantile(tail: number, freedom: number): number {
  let [low, high] = [0, 1]
  while (chiSquareTail(high, freedom) > tail) high *= 2
  while (high - low > 1e-9 * high) {
    const middle = (low + high) / 2
    if (chiSquareTail(middle, freedom) > tail) low = middle
    else high = middle
  }
  return high
}

const MAX_TERMS = 1000
const PRECISION = 1e-15

function lowerSeries(a: number, z: number): number {
  let term = 1 / a
  let sum = term
  for (let n = 1; n < MAX_TERMS && term > sum * PRECISION; n++) {
    term *= z / (a + n)
    sum += term
  }
  return sum
}

/** Continued fraction by Lentz's method. */
function upperFraction(a: number, z: number): number {
  let b = z + 1 - a
  let c = Infinity
  let d = 1 / b
  let fraction = d
  for (let n = 1; n < MAX_TERMS; n++) {
    const numerator = -n * (n - a)
    b += 2
    d = 1 / (numerator * d + b)
    c = b + numerator / c
    fraction *= c * d
    if (Math.abs(c * d - 1) < PRECISION) break
  }
  return fraction
}

/** Lanczos' approximation with g = 7, relative error below 1e-14. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
  -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]

function lnGamma(x: number): number {
  const shifted = x - 1
  const t = shifted + 7.5
  const series = LANCZOS.reduce((sum, coefficient, k) => k === 0 ? coefficient : sum + coefficient / (shifted + k), 0)
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(series)
}

function lnChoose(n: number, k: number): number {
  return k < 0 || k > n ? -Infinity : lnGamma(n + 1) - lnGamma(k + 1) - lnGamma(n - k + 1)
}

function sumsOf(counts: readonly number[], groups: readonly (readonly number[])[]): number[] {
  return groups.map((bins) => take(counts, bins))
}

function take(counts: readonly number[], bins: readonly number[]): number {
  return bins.reduce((sum, bin) => sum + counts[bin]!, 0)
}

export function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}
