/**
 * The word error rate of all traffic, from clips that were collected with different probabilities: each clip counts as
 * often as it stands for, 1 / samplingProbability (Horvitz & Thompson 1952). Errors and words are both estimated sums,
 * and the rate is their ratio (Hájek 1971), which does not depend on how many clips happened to be collected.
 *
 * The interval draws whole speakers or sessions where there are enough of them, with their weights.
 */
import { blocksOf, type Spoken } from './blocks.js'
import { bootstrapInterval, effectiveBlocks, type BootstrapOptions, type Sums } from './bootstrap.js'

export interface WeightedClip extends Spoken {
  readonly errors: number
  /** Of the reference. */
  readonly words: number
  /** In (0, 1]. */
  readonly samplingProbability: number
}

export interface WeightedErrorRate {
  /** NaN without words. */
  readonly estimate: number
  /** 95 %. */
  readonly low: number
  readonly high: number
  readonly by: 'speaker' | 'clip'
}

export function weightedErrorRate(
  clips: readonly WeightedClip[], options: Pick<BootstrapOptions, 'rounds' | 'seed'> = {},
): WeightedErrorRate {
  const { by, blocks } = blocksOf(clips)
  const sums = blocks.map(weightedSums)
  const rate = ([errors = 0, words = 0]: Sums): number => words === 0 ? NaN : errors / words
  const estimate = rate(sums.reduce<Sums>(([e = 0, w = 0], [errors = 0, words = 0]) => [e + errors, w + words], [0, 0]))
  // Few clips of large weight decide more than their number says.
  const effective = effectiveBlocks(sums.map(([, words = 0]) => words))
  const interval = bootstrapInterval(sums, rate, { ...options, method: 'expanded', effective })
  return { estimate, ...interval, by }
}

function weightedSums(clips: readonly WeightedClip[]): Sums {
  return clips.reduce<Sums>(([errorSum = 0, wordSum = 0], { errors, words, samplingProbability }) =>
    [errorSum + errors / samplingProbability, wordSum + words / samplingProbability], [0, 0])
}
