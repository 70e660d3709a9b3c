/** Two systems on the same clips → everything that a decision between them needs. */
import { costOf, type Cost } from './cost.js'
import { compareHits, type HitComparison } from './hits.js'
import { differenceOf, type Difference } from './difference.js'
import type { Both, Pair } from './pairs.js'
import { slicesOf, type Slice } from './slices.js'
import { judge, type Verdict } from './verdict.js'

export interface Comparison {
  /** What A and B are called. */
  readonly names: Both<string>
  /** A and B are one configuration: whatever differs is chance or time. */
  readonly isSame: boolean
  readonly margin: number
  /** Clips that one of them could not process, and that are left out. */
  readonly leftOut: number
  readonly all: Difference
  readonly verdict: Verdict
  readonly slices: readonly Slice[]
  /** Null where no search is compared. */
  readonly hits: HitComparison | null
  readonly cost: Cost | null
  /** Clips to listen to: the largest differences in errors first. */
  readonly disagreements: readonly Pair[]
}

export interface CompareOptions extends Pick<Comparison, 'names' | 'isSame' | 'margin' | 'leftOut'> {
  /** Most disagreements. */
  readonly listed: number
  readonly processorSeconds: Both<number> | null
}

export function compare(
  pairs: readonly Pair[], { listed, processorSeconds, ...context }: CompareOptions,
): Comparison {
  const all = differenceOf(pairs)
  return {
    ...context, all, verdict: judge(all, context.margin), slices: slicesOf(pairs), hits: compareHits(pairs),
    cost: costOf(pairs, processorSeconds), disagreements: disagreementsOf(pairs).slice(0, listed),
  }
}

/** Clips in which the numbers of errors differ; among equals, where A had fewer: what B would make worse. */
function disagreementsOf(pairs: readonly Pair[]): Pair[] {
  const gain = ({ errors }: Pair): number => errors.a - errors.b
  return pairs.filter((pair) => gain(pair) !== 0)
    .sort((one, other) => Math.abs(gain(other)) - Math.abs(gain(one)) || gain(one) - gain(other))
}
