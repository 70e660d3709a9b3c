/**
 * Bootstrap intervals over blocks (Efron 1979; for word error rates Bisani & Ney, ICASSP 2004): how far a figure would
 * move if other speakers had been recorded. Clips of one speaker share a voice and a microphone, so whole speakers are
 * drawn (Liu & Peng 2020): drawing clips would promise a precision that is not there.
 *
 * A paired difference is a statistic of the sums of both systems over the same blocks, so what is hard for both cancels
 * out.
 */
import { seededRandom } from '../../domain/scoring/seeded-random.js'
import { normalTail, studentQuantile } from './distributions.js'

export interface Interval { readonly low: number; readonly high: number }

/** Numbers of one block that add up, for instance [errors, words]. */
export type Sums = readonly number[]

export interface BootstrapOptions {
  readonly rounds?: number
  /** The same seed gives the same interval. */
  readonly seed?: number
  /**
   * `percentile`: the 2.5th and the 97.5th percentile of the drawn values. `expanded`: percentiles further out, as far
   * as Student's t is wider than the normal distribution for so few blocks (Hesterberg, The American Statistician
   * 2015); the plain ones are too narrow by the factor √((n − 1) / n) and by the uncertainty of the variance.
   */
  readonly method?: 'percentile' | 'expanded'
  /** For `expanded`: of how many equal blocks the blocks are worth (`effectiveBlocks`); default: their number. */
  readonly effective?: number
}

const ROUNDS = 2_000
const TAIL = 0.025

/** 95 % interval of a statistic of summed blocks; NaN of fewer than two, or where it has no value in any round. */
export function bootstrapInterval(
  blocks: readonly Sums[], statistic: (sums: Sums) => number,
  { rounds = ROUNDS, seed = 1, method = 'percentile', effective = blocks.length }: BootstrapOptions = {},
): Interval {
  if (blocks.length < 2) return { low: NaN, high: NaN }
  const drawn = drawValues(blocks, statistic, rounds, seed)
  const tail = method === 'expanded' ? expandedTail(Math.floor(effective)) : TAIL
  return percentileInterval(drawn, tail)
}

/** Between the percentiles of sorted values, `tail` on each side; NaN without values. */
export function percentileInterval(drawn: Float64Array, tail = TAIL): Interval {
  const at = (share: number): number =>
    drawn[Math.min(drawn.length - 1, Math.max(0, Math.ceil(share * drawn.length) - 1))] ?? NaN
  return { low: at(tail), high: at(1 - tail) }
}

/**
 * The number of equal blocks that would vary as much (Kish 1965): blocks of 600, 10 and 10 errors are hardly more than
 * one. 0 where all weights are 0.
 */
export function effectiveBlocks(weights: readonly number[]): number {
  const [sum, squares] = weights.reduce(([all, square], weight) => [all + weight, square + weight ** 2], [0, 0])
  return squares === 0 ? 0 : sum ** 2 / squares
}

/** Sorted; rounds in which the statistic has no value (a block without words drawn alone) are left out. */
function drawValues(
  blocks: readonly Sums[], statistic: (sums: Sums) => number, rounds: number, seed: number,
): Float64Array {
  const width = blocks[0]?.length ?? 0
  const values = Float64Array.from(blocks.flat())
  const random = seededRandom(seed)
  const drawn = Float64Array.from({ length: rounds }, () => {
    const sums = new Array<number>(width).fill(0)
    for (let count = 0; count < blocks.length; count++) {
      const start = Math.floor(random() * blocks.length) * width
      for (let column = 0; column < width; column++) sums[column]! += values[start + column]!
    }
    return statistic(sums)
  })
  return drawn.filter((value) => !Number.isNaN(value)).sort()
}

function expandedTail(blocks: number): number {
  if (blocks < 2) return 0
  return normalTail(Math.sqrt(blocks / (blocks - 1)) * studentQuantile(TAIL, blocks - 1))
}
