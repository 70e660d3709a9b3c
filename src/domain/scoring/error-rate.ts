/**
 * A word error rate with its 95 % interval: percentile bootstrap over groups (Efron 1979; for word error rates Bisani
 * & Ney, ICASSP 2004). Utterances of one session share a voice and a microphone, so whole sessions are drawn (Liu &
 * Peng 2020): drawing utterances would promise a precision that is not there.
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

/** `groups` hold the sums of a session each, at least one word in all. The same seed gives the same interval. */
export function errorRate(groups: readonly RateSums[], { rounds = 1000, seed = 1 } = {}): ErrorRate {
  const words = Float64Array.from(groups, (group) => group.words)
  const errors = Float64Array.from(groups, (group) => group.errors)
  const random = seededRandom(seed)
  const rates = Float64Array.from({ length: rounds }, () => drawnRate(words, errors, random))
    .filter((rate) => !Number.isNaN(rate)) // nothing but groups without a word was drawn
    .sort()
  const at = (share: number): number => rates[Math.max(0, Math.ceil(share * rates.length) - 1)]!
  return { estimate: sumOf(errors) / sumOf(words), low: at(0.025), high: at(0.975) }
}

/** Of as many groups as there are, drawn with replacement. */
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
