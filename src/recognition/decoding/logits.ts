/** The choice of a token by one row of logits, shape [vocabulary]. */
import { SpeechError } from '../../domain/errors.js'

export interface Choice {
  readonly token: number
  /** Natural logarithm of its probability under the whole row. */
  readonly logProbability: number
}

/**
 * The most probable token that is not forbidden, and its log-softmax over all tokens: probabilities are not
 * renormalized without the forbidden ones. Throws RECOGNIZER_FAILED when there is none, as with broken weights, whose
 * logits are all NaN.
 */
export function bestToken(logits: Float32Array, forbidden: ReadonlySet<number>): Choice {
  let token = -1
  let best = -Infinity
  let highest = -Infinity
  for (let id = 0; id < logits.length; id++) {
    const value = logits[id]!
    if (value > highest) highest = value
    if (value > best && !forbidden.has(id)) { best = value; token = id }
  }
  if (token < 0) throw new SpeechError('RECOGNIZER_FAILED', `none of ${logits.length} logits is a number to choose`)
  let sum = 0
  for (let id = 0; id < logits.length; id++) sum += Math.exp(logits[id]! - highest)
  return { token, logProbability: best - highest - Math.log(sum) }
}
