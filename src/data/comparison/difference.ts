/** Pairs → word error rates of both systems, their difference, and whether it can be chance. */
import { blocksOf, speakersOf } from '../statistics/blocks.js'
import { bootstrapInterval, effectiveBlocks, type Interval, type Sums } from '../statistics/bootstrap.js'
import { matchedPairsTest, type MatchedPairs } from '../statistics/matched-pairs.js'
import { sum } from '../statistics/sum.js'
import { unseenInterval } from '../statistics/weighted-error-rate.js'
import type { Both, Pair } from './pairs.js'

export interface Rate {
  /** Errors by hundred reference words; NaN without a word. */
  readonly percent: number
  readonly interval: Interval
}

export interface Difference {
  readonly clips: number
  readonly words: number
  /** Known ones. */
  readonly speakers: number
  readonly wer: Both<Rate>
  /** Rate of B less that of A, in percentage points: negative where B is better. */
  readonly points: number
  /** 95 %, paired. NaN with fewer than two speakers or clips to draw. */
  readonly interval: Interval
  /** What the intervals are drawn over. */
  readonly drawnBy: 'speaker' | 'clip'
  /** Of how many equal blocks those are worth that were drawn; 0 without errors. */
  readonly effectiveBlocks: number
  readonly matchedPairs: MatchedPairs
  /** Clips in which one system has fewer errors than the other. */
  readonly wins: Both<number>
}

export function differenceOf(pairs: readonly Pair[]): Difference {
  const { by, blocks } = blocksOf(pairs)
  const sums = blocks.map((own): Sums => [
    sum(own, ({ errors }) => errors.a), sum(own, ({ errors }) => errors.b), sum(own, ({ words }) => words),
  ])
  const [errorsA, errorsB, words] = [0, 1, 2].map((column) => sum(sums, (own) => own[column]!)) as [
    number, number, number,
  ]
  // Blocks with more errors move the rates more.
  const effective = effectiveBlocks(sums.map(([a, b]) => a! + b!))
  const intervalOf = (statistic: (sums: Sums) => number): Interval =>
    bootstrapInterval(sums, statistic, { method: 'expanded', effective })
  const isEqual = pairs.every(({ errors }) => errors.a === errors.b)
  return {
    clips: pairs.length, words, speakers: speakersOf(pairs),
    wer: {
      a: { percent: percent(errorsA, words), interval: intervalOf(([a, , all]) => percent(a!, all!)) },
      b: { percent: percent(errorsB, words), interval: intervalOf(([, b, all]) => percent(b!, all!)) },
    },
    points: percent(errorsB - errorsA, words),
    interval: isEqual && words > 0 ? unseenInterval(words) : intervalOf(([a, b, all]) => percent(b! - a!, all!)),
    drawnBy: by, effectiveBlocks: effective,
    matchedPairs: matchedPairsTest(pairs.flatMap(({ segments }) => segments)),
    wins: {
      a: pairs.filter(({ errors }) => errors.a < errors.b).length,
      b: pairs.filter(({ errors }) => errors.b < errors.a).length,
    },
  }
}

function percent(errors: number, words: number): number {
  return words === 0 ? NaN : 100 * errors / words
}
