/**
 * Where a value falls: edges are lower ends, so a value on an edge belongs to the bin above it. Quantile edges are made
 * from the values of the baseline. A value that many clips share (no silence at all in front) gets a bin of its own:
 * else its clips would all fall on one side of an edge by chance.
 */
import type { Binning, FeatureValue } from './features.js'

/** Bins as a baseline has fixed them. */
export type Bins =
  | { readonly kind: 'numeric'; readonly edges: readonly number[] }
  | { readonly kind: 'category'; readonly categories: readonly string[] }

const OTHER = 'other'
const QUANTILE_BINS = 10
/** A value with more than this share of the clips is cut out on both sides. */
const TIED_SHARE = 1 / 20
/** A bin with fewer of the clips is joined with its neighbour: five of a window of 200. */
const LEAST_SHARE = 1 / 40

export function binCount(bins: Bins): number {
  return bins.kind === 'numeric' ? bins.edges.length + 1 : bins.categories.length + 1
}

/** From 0; `binCount` stands for a value that is missing. */
export function binOf(value: FeatureValue, bins: Bins): number {
  if (value === null) return binCount(bins)
  if (bins.kind === 'category') {
    const index = bins.categories.indexOf(String(value))
    return index === -1 ? bins.categories.length : index
  }
  const { edges } = bins
  let bin = 0
  while (bin < edges.length && edges[bin]! <= Number(value)) bin++
  return bin
}

/** Fixes the bins of a feature by the values of a baseline, those that are missing left out. */
export function chooseBins(binning: Binning, values: readonly (number | string)[]): Bins {
  switch (binning.kind) {
    case 'categories': return { kind: 'category', categories: binning.categories }
    case 'edges': return { kind: 'numeric', edges: binning.edges }
    case 'quantiles': return { kind: 'numeric', edges: quantileEdges(Float64Array.from(values as number[]).sort()) }
  }
}

function quantileEdges(sorted: Float64Array): number[] {
  const cuts = new Set<number>()
  for (let quantile = 1; quantile < QUANTILE_BINS; quantile++) {
    const value = sorted[Math.floor((quantile * sorted.length) / QUANTILE_BINS)]
    if (value === undefined) continue
    const first = firstAtLeast(sorted, value)
    const next = firstAtLeast(sorted, value, true)
    cuts.add(first)
    if (next - first > TIED_SHARE * sorted.length) cuts.add(next)
  }
  const least = LEAST_SHARE * sorted.length
  const kept: number[] = []
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    if (cut - (kept.at(-1) ?? 0) >= least && sorted.length - cut >= least) kept.push(cut)
  }
  return kept.map((cut) => roundBetween(sorted[cut - 1]!, sorted[cut]!))
}

/** Index of the first value at or above (or only above) this one. */
function firstAtLeast(sorted: Float64Array, value: number, above = false): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < value || (above && sorted[middle] === value)) low = middle + 1
    else high = middle
  }
  return low
}

const MOST_DIGITS = 15

/** The shortest number that parts the two: above the lower, at most the upper. */
function roundBetween(below: number, above: number): number {
  for (let digits = 3; digits <= MOST_DIGITS; digits++) {
    const rounded = Number(((below + above) / 2).toPrecision(digits))
    if (rounded > below && rounded <= above) return rounded
  }
  return above
}

/** Made once: to make one takes longer than to write a thousand numbers with it, and labels are written at every scrape. */
const LABEL_FORMAT = new Intl.NumberFormat('en', { maximumSignificantDigits: 3, useGrouping: false })

/** What each bin holds, for people. */
export function binLabels(bins: Bins): string[] {
  if (bins.kind === 'category') return [...bins.categories, OTHER]
  const { edges } = bins
  if (edges.length === 0) return ['any']
  const shown = edges.map((edge) => LABEL_FORMAT.format(edge).replace('-', '−'))
  return [`below ${shown[0]}`, ...shown.slice(1).map((edge, index) => `${shown[index]} to ${edge}`), `from ${shown.at(-1)}`]
}
