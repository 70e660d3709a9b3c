/**
 * Counts in bins, of a baseline and of a window: how far apart they are, and how surprising that is.
 *
 * For people, the population stability index with Jeffreys' half an observation in each bin, beside what it would be
 * without any drift: it grows with the number of bins and shrinks with the number of clips, so a fixed threshold
 * means nothing. For alarms, Pearson's two-sample chi-square: its law holds from five expected clips a bin, where the
 * index is already off. What the baseline hardly knows, a codec nobody sent, clipping, values that are missing, is too
 * rare for that law, and is tested exactly (Fisher 1935). Clips that come in sessions vary more than independent ones
 * would: the statistic is divided by their design effect (Rao and Scott 1981, first order).
 * Several features: Holm 1979. Direction: Cliff 1993.
 */

/** Population stability index, natural logarithm. Both lists in the order of the bins. */
export function populationStability(baselineCounts: readonly number[], windowCounts: readonly number[]): number {
  const expected = smoothedShares(baselineCounts)
  const found = smoothedShares(windowCounts)
  return expected.reduce((sum, share, bin) => sum + (found[bin]! - share) * Math.log(found[bin]! / share), 0)
}

/** Its mean when nothing changed: designEffect · (bins − 1)(1/n + 1/m). */
export function expectedStability(bins: number, windowClips: number, baselineClips: number, designEffect: number): number {
  return designEffect * (bins - 1) * (1 / windowClips + 1 / baselineClips)
}

/** Shares that are never zero; they sum to 1. */
export function smoothedShares(counts: readonly number[]): number[] {
  const total = sumOf(counts) + counts.length / 2
  return counts.map((count) => (count + 0.5) / total)
}

/** Of the level of a test, the part that is spent on what is rare in the baseline. */
const RARE_LEVEL = 0.05
/** Fewer expected clips in a bin, and the chi-square law does not hold. */
const LEAST_EXPECTED = 5

/** Which bins can be compared by chi-square when a window has so many clips, and which are rare. */
interface Division { readonly frequent: readonly (readonly number[])[]; readonly rare: readonly number[] }

/**
 * Probability of a window like this, or less alike, when nothing changed. The last bin may be that of missing values.
 * Windows are smaller than the baseline.
 */
export function driftProbability(baselineCounts: readonly number[], windowCounts: readonly number[], designEffect: number): number {
  const { frequent, rare } = divide(baselineCounts, sumOf(windowCounts))
  const { statistic, freedom } = pearson(frequent.map((bins) => take(baselineCounts, bins)), frequent.map((bins) => take(windowCounts, bins)))
  const frequentTail = freedom < 1 ? 1 : chiSquareTail(statistic / designEffect, freedom)
  if (rare.length === 0) return frequentTail
  const rareTail = excessTail({
    among: sumOf(windowCounts) / designEffect, found: take(windowCounts, rare) / designEffect,
    amongOthers: sumOf(baselineCounts), foundOthers: take(baselineCounts, rare),
  })
  return Math.min(1, frequentTail / (1 - RARE_LEVEL), rareTail / RARE_LEVEL)
}

/** Pearson's statistic over its degrees of freedom, on the bins that can be compared; null when there are none. Its mean is 1 without drift. */
export function dispersion(baselineCounts: readonly number[], windowCounts: readonly number[]): { readonly ratio: number; readonly freedom: number } | null {
  const { frequent } = divide(baselineCounts, sumOf(windowCounts))
  const { statistic, freedom } = pearson(frequent.map((bins) => take(baselineCounts, bins)), frequent.map((bins) => take(windowCounts, bins)))
  return freedom < 1 ? null : { ratio: statistic / freedom, freedom }
}

/** Bins with enough expected clips stand alone; the others together, if that is enough. Decided by the baseline alone. */
function divide(baselineCounts: readonly number[], windowClips: number): Division {
  const perClip = windowClips / sumOf(baselineCounts)
  const bins = baselineCounts.map((_, bin) => bin)
  const isFrequent = (bin: number): boolean => baselineCounts[bin]! * perClip >= LEAST_EXPECTED
  const frequent = bins.filter(isFrequent).map((bin) => [bin])
  const others = bins.filter((bin) => !isFrequent(bin))
  return take(baselineCounts, others) * perClip >= LEAST_EXPECTED ? { frequent: [...frequent, others], rare: [] } : { frequent, rare: others }
}

function pearson(first: readonly number[], second: readonly number[]): { statistic: number; freedom: number } {
  const [m, n] = [sumOf(first), sumOf(second)]
  const statistic = first.reduce((sum, count, bin) => {
    const both = count + second[bin]!
    const expected = both * n / (n + m)
    return both === 0 ? sum : sum + (second[bin]! - expected) ** 2 / expected + (count - (both - expected)) ** 2 / (both - expected)
  }, 0)
  return { statistic: n === 0 || m === 0 ? 0 : statistic, freedom: first.length - 1 }
}

interface Findings { readonly among: number; readonly found: number; readonly amongOthers: number; readonly foundOthers: number }

/**
 * Fisher's exact test, one-sided: at least `found` of all that were found fall on this side. Counts that were divided
 * by a design effect are rounded so that the test stays on the safe side.
 */
function excessTail({ among, found, amongOthers, foundOthers }: Findings): number {
  const here = Math.floor(found)
  const n = Math.ceil(among)
  const all = here + foundOthers
  const scale = lnChoose(n + amongOthers, all)
  let tail = 0
  for (let k = here; k <= Math.min(all, n); k++) tail += Math.exp(lnChoose(n, k) + lnChoose(amongOthers, all - k) - scale)
  return Math.min(1, tail)
}

/** Holm's adjusted p-values, in the order given: those below a level are significant at that level, all together. */
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

/** Cliff's delta of the window against the baseline, from bins in ascending order: P(above) − P(below), ties are half. */
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

/** P(X² > x) with so many degrees of freedom: the regularized upper incomplete gamma function (Numerical Recipes, 3rd ed., 6.2). */
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

const ENOUGH_TERMS = 1000
const PRECISION = 1e-15

function lowerSeries(a: number, z: number): number {
  let term = 1 / a
  let sum = term
  for (let n = 1; n < ENOUGH_TERMS && term > sum * PRECISION; n++) {
    term *= z / (a + n)
    sum += term
  }
  return sum
}

/** Lentz's continued fraction. */
function upperFraction(a: number, z: number): number {
  let b = z + 1 - a
  let c = Infinity
  let d = 1 / b
  let fraction = d
  for (let n = 1; n < ENOUGH_TERMS; n++) {
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

function take(counts: readonly number[], bins: readonly number[]): number {
  return bins.reduce((sum, bin) => sum + counts[bin]!, 0)
}

export function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}
