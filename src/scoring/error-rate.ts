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
  const random = seededRandom(seed)
  const rates = Float64Array.from({ length: rounds }, () => rateOf(groups, () => groups[Math.floor(random() * groups.length)]!))
    .filter((rate) => !Number.isNaN(rate)) // nothing but groups without a word was drawn
    .sort()
  const at = (share: number): number => rates[Math.max(0, Math.ceil(share * rates.length) - 1)]!
  let next = 0
  return { estimate: rateOf(groups, () => groups[next++]!), low: at(0.025), high: at(0.975) }
}

/** Of as many groups as there are, each as `draw` gives it. */
function rateOf(groups: readonly RateSums[], draw: () => RateSums): number {
  let words = 0
  let errors = 0
  for (let count = 0; count < groups.length; count++) {
    const group = draw()
    words += group.words
    errors += group.errors
  }
  return errors / words
}
