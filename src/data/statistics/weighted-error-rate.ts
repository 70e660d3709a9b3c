/**
 * The word error rate of all traffic, from clips that were collected with different probabilities: each clip counts as
 * often as it stands for, 1 / samplingProbability (Horvitz & Thompson 1952). Errors and words are both estimated sums,
 * and the rate is their ratio (Hájek 1971), which does not depend on how many clips happened to be collected.
 *
 * The interval draws whole speakers or sessions where there are enough of them, with their weights.
 */
import { blocksOf, type Spoken } from './blocks.js'
import { bootstrapInterval, effectiveBlocks, type BootstrapOptions, type Interval, type Sums } from './bootstrap.js'

export interface WeightedClip extends Spoken {
  readonly errors: number
  /** Of the reference. */
  readonly words: number
  /** 1 / samplingProbability; equal weights are no weights. */
  readonly weight: number
}

export interface WeightedErrorRate {
  /** Errors by hundred words; NaN or infinite without words. */
  readonly percent: number
  /** 95 %, in percent; NaN without words, or with fewer than two speakers or clips to draw. */
  readonly interval: Interval
  readonly by: 'speaker' | 'clip'
}

/** −ln 0.025: with 0 events seen, at most so many are expected (the exact Poisson limit, Garwood 1936). */
const MOST_UNSEEN = 3.69

/**
 * In percent, of a difference of two systems that no event of `count` shows. Every bootstrap sample has a difference of
 * 0 then, as if few clips were proof. Single events may still differ, as many as could have stayed unseen.
 */
export function unseenInterval(count: number): Interval {
  const points = Math.min(100, 100 * MOST_UNSEEN / count)
  return { low: -points, high: points }
}

export function weightedErrorRate(
  clips: readonly WeightedClip[], options: Pick<BootstrapOptions, 'rounds' | 'seed'> = {},
): WeightedErrorRate {
  const { by, blocks } = blocksOf(clips)
  return { percent: percentOf(clips), interval: intervalOf(clips, blocks.map(weightedSums), options), by }
}

/** The rate without its interval. */
export function percentOf(clips: readonly WeightedClip[]): number {
  const [errors, words] = weightedSums(clips)
  return 100 * errors / words
}

function intervalOf(
  clips: readonly WeightedClip[], blocks: readonly Sums[], options: Pick<BootstrapOptions, 'rounds' | 'seed'>,
): Interval {
  // A single clip without an error says nothing about others either.
  if (clips.every(({ words }) => words === 0) || blocks.length < 2) return { low: NaN, high: NaN }
  if (clips.every(({ errors }) => errors === 0)) {
    return { low: 0, high: Math.min(100, 100 * MOST_UNSEEN / effectiveWords(clips)) }
  }
  const rate = ([errors = 0, words = 0]: Sums): number => words === 0 ? NaN : 100 * errors / words
  // Blocks with more errors, or errors of larger weight, decide more than their number says.
  const effective = effectiveBlocks(blocks.map(([errors = 0]) => errors))
  return bootstrapInterval(blocks, rate, { ...options, method: 'expanded', effective })
}

function weightedSums(clips: readonly WeightedClip[]): [errors: number, words: number] {
  return clips.reduce<[number, number]>(([errorSum, wordSum], { errors, words, weight }) =>
    [errorSum + weight * errors, wordSum + weight * words], [0, 0])
}

/** Words of equal weight that would say as much (Kish 1965): their number where all weights are equal. */
function effectiveWords(clips: readonly WeightedClip[]): number {
  const [sum, squares] = clips.reduce(([all, square], { words, weight }) =>
    [all + weight * words, square + weight ** 2 * words], [0, 0])
  return sum ** 2 / squares
}
