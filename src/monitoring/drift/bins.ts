/**
 * Assignment of values to bins. Edges are lower bounds: a value on an edge belongs to the bin above it. Quantile edges
 * are chosen by the values of the baseline. A value that many clips share (no silence at the start) gets a bin of its
 * own; otherwise rounding would decide on which side of an edge all its clips fall.
 */
import type { Binning, FeatureValue } from './features.js'

/** Bins as stored in a baseline. */
export type Bins =
  | { readonly kind: 'numeric'; readonly edges: readonly number[] }
  | { readonly kind: 'category'; readonly categories: readonly string[] }

const OTHER = 'other'
const QUANTILE_BINS = 10
/** A value with more than this share of the clips gets a bin of its own. */
const TIED_SHARE = 1 / 20
/** A bin with a smaller share of the clips is merged with its neighbour: five clips of a window of 200. */
const MIN_SHARE = 1 / 40

export function binCount(bins: Bins): number {
  return bins.kind === 'numeric' ? bins.edges.length + 1 : bins.categories.length + 1
}

/** Index of the bin, from 0; `binCount` for a missing value. */
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

/** Chooses the bins of a feature by the values of a baseline, without missing values. */
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
  const least = MIN_SHARE * sorted.length
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

const MAX_DIGITS = 15

/** The number with the fewest digits that is greater than `below` and at most `above`. */
function roundBetween(below: number, above: number): number {
  for (let digits = 3; digits <= MAX_DIGITS; digits++) {
    const rounded = Number(((below + above) / 2).toPrecision(digits))
    if (rounded > below && rounded <= above) return rounded
  }
  return above
}

/** Shared, since construction takes longer than formatting a thousand numbers. */
const LABEL_FORMAT = new Intl.NumberFormat('en', { maximumSignificantDigits: 3, useGrouping: false })

/** Descriptions of the bins, such as "−31.2 to −28.4" or a category. */
export function binLabels(bins: Bins): string[] {
  if (bins.kind === 'category') return [...bins.categories, OTHER]
  const { edges } = bins
  if (edges.length === 0) return ['any']
  const shown = edges.map(edgeLabel)
  return [
    `below ${shown[0]}`, ...shown.slice(1).map((edge, index) => `${shown[index]} to ${edge}`), `from ${shown.at(-1)}`,
  ]
}

export function edgeLabel(edge: number): string {
  return LABEL_FORMAT.format(edge).replace('-', '−')
}
