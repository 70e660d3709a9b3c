/** Choices over one row of logits, shape [vocabulary]. */

export interface Choice {
  readonly token: number
  /** Natural logarithm of its probability under the whole row. */
  readonly logProbability: number
}

/** The likeliest token that is not forbidden, with its log-softmax probability (over all tokens: forbidding is not renormalizing). */
export function bestToken(logits: Float32Array, forbidden: ReadonlySet<number>): Choice {
  let token = -1
  let best = -Infinity
  let highest = -Infinity
  for (let id = 0; id < logits.length; id++) {
    const value = logits[id]
    if (value > highest) highest = value
    if (value > best && !forbidden.has(id)) { best = value; token = id }
  }
  let sum = 0
  for (let id = 0; id < logits.length; id++) sum += Math.exp(logits[id] - highest)
  return { token, logProbability: best - highest - Math.log(sum) }
}
