/**
 * The shift of one feature as a sentence would say it: "98 % of the clips are below −31.2 LUFS, 12 % in the baseline".
 * For numbers, the edge at which both cumulative distributions differ most, which is where the statistic of Kolmogorov
 * and Smirnov is taken; if one bin alone has changed more, as with values that came closer together, that bin. For
 * categories, the one that changed most, and of two that changed equally the one that became more frequent.
 */
import { binLabels, edgeLabel, type Bins } from './bins.js'
import { sumOf } from './statistics.js'

/** Shares of clips in a range of one feature. */
export interface Evidence {
  readonly feature: string
  /** "below −31.2", "−31.2 or more", a bin, a category, or "missing". */
  readonly range: string
  readonly unit: string
  /** Share of the baseline, in [0, 1]. */
  readonly before: number
  /** Share of the window. */
  readonly now: number
}

/** The range of the clips on which a feature could not be measured. */
export const MISSING = 'missing'

export type ChangedShare = Omit<Evidence, 'feature' | 'unit'>

/** Counts in the order of the bins; the last is that of missing values. */
export function greatestChange(bins: Bins, baseline: readonly number[], window: readonly number[]): ChangedShare {
  const missing = { range: MISSING, before: baseline.at(-1)! / sumOf(baseline), now: window.at(-1)! / sumOf(window) }
  const [before, now] = [sharesOf(baseline.slice(0, -1)), sharesOf(window.slice(0, -1))]
  const inBins = binLabels(bins).map((range, bin) => ({ range, before: before[bin]!, now: now[bin]! }))
  const ranges = bins.kind === 'numeric' ? atEdges(bins.edges, baseline.slice(0, -1), window.slice(0, -1)) : []
  const all = [...ranges, ...inBins, missing]
  return all.reduce((most, one) => isLarger(one, most) ? one : most)
}

/** Rounding must not decide between two categories that exchanged their clips. */
const TOLERANCE = 1e-9

function isLarger(one: ChangedShare, than: ChangedShare): boolean {
  const difference = Math.abs(one.now - one.before) - Math.abs(than.now - than.before)
  return difference > TOLERANCE || (difference > -TOLERANCE && one.now > one.before && than.now < than.before)
}

/** The clips on that side of each edge that has become more frequent. */
function atEdges(edges: readonly number[], before: readonly number[], now: readonly number[]): ChangedShare[] {
  const shareBelow = (counts: readonly number[], bins: number): number => shareOf(sumOf(counts.slice(0, bins)), counts)
  const shareAbove = (counts: readonly number[], bins: number): number => shareOf(sumOf(counts.slice(bins)), counts)
  return edges.map((edge, bin) => {
    const isLower = shareBelow(now, bin + 1) > shareBelow(before, bin + 1)
    const share = isLower ? shareBelow : shareAbove
    return {
      range: isLower ? `below ${edgeLabel(edge)}` : `${edgeLabel(edge)} or more`,
      before: share(before, bin + 1),
      now: share(now, bin + 1),
    }
  })
}

function sharesOf(counts: readonly number[]): number[] {
  return counts.map((count) => shareOf(count, counts))
}

function shareOf(count: number, counts: readonly number[]): number {
  const total = sumOf(counts)
  return total === 0 ? 0 : count / total
}
