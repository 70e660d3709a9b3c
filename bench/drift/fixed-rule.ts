/**
 * The usual rule, for comparison: a stability index above a constant over the newest 200 clips, empty bins filled with
 * 0.0001 (as Evidently does), looked at every 25 clips, no matter how many features are looked at. The bins are ours,
 * so that the rule is all that differs.
 */
import { FEATURE_NAMES, type FeatureName } from '../../src/monitoring/drift/features.js'
import type { Bins } from '../../src/monitoring/drift/bins.js'
import { sum } from '../statistics.js'
import { countCells } from './context.js'

export const FIXED_LIMITS = [0.1, 0.2] as const
const WINDOW_CLIPS = 200
const EVERY_CLIPS = 25
const FILLED = 1e-4

/** The largest index that any feature ever had in this stream, without missing values. */
export function largestIndex(baseline: readonly (readonly number[])[], stream: readonly Uint8Array[], bins: Readonly<Record<FeatureName, Bins>>): number {
  let largest = 0
  for (let end = WINDOW_CLIPS; end <= stream.length; end += EVERY_CLIPS) {
    const window = countCells(stream.slice(end - WINDOW_CLIPS, end), bins)
    for (let feature = 0; feature < FEATURE_NAMES.length; feature++) largest = Math.max(largest, filledIndex(baseline[feature]!.slice(0, -1), window[feature]!.slice(0, -1)))
  }
  return largest
}

export function filledIndex(baseline: readonly number[], window: readonly number[]): number {
  const [m, n] = [sum(baseline), sum(window)]
  if (m === 0 || n === 0) return 0
  return sum(baseline.map((count, bin) => {
    const [expected, found] = [Math.max(count / m, FILLED), Math.max(window[bin]! / n, FILLED)]
    return (found - expected) * Math.log(found / expected)
  }))
}
