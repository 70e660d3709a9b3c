/**
 * A word error rate with its 95 % interval: percentile bootstrap over groups (Efron 1979; for word error rates Bisani
 * & Ney, ICASSP 2004). Utterances of one session share a voice and a microphone, so whole sessions are resampled (Liu &
 * Peng 2020): resampling utterances would underestimate the interval.
 */
import { seededRandom } from './seeded-random.js'

export interface RateSums {
  readonly words: number
  readonly errors: number
}

export interface ErrorRate {
  readonly estimate: number
  readonly low: number
  readonly high: number
}

/** `groups`: the sums of one session each, at least one word in total. The same seed gives the same interval. */
export function errorRate(groups: readonly RateSums[], { rounds = 1000, seed = 1 } = {}): ErrorRate {
  const words = Float64Array.from(groups, (group) => group.words)
  const errors = Float64Array.from(groups, (group) => group.errors)
  const random = seededRandom(seed)
  const rates = Float64Array.from({ length: rounds }, () => drawnRate(words, errors, random))
    .filter((rate) => !Number.isNaN(rate)) // only groups without words were drawn
    .sort()
  const at = (share: number): number => rates[Math.max(0, Math.ceil(share * rates.length) - 1)]!
  return { estimate: sumOf(errors) / sumOf(words), low: at(0.025), high: at(0.975) }
}

/** The rate of a bootstrap sample of the groups. */
function drawnRate(words: Float64Array, errors: Float64Array, random: () => number): number {
  let drawnWords = 0
  let drawnErrors = 0
  for (let count = 0; count < words.length; count++) {
    const group = Math.floor(random() * words.length)
    drawnWords += words[group]!
    drawnErrors += errors[group]!
  }
  return drawnErrors / drawnWords
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0)
}
