/** Log-probabilities of the tokens of a transcript, natural logarithms → what they come to. */

/** Of all together. */
export function totalLogProbability(logProbabilities: readonly number[]): number {
  return logProbabilities.reduce((total, one) => total + one, 0)
}

/** At least one token. */
export function meanLogProbability(logProbabilities: readonly number[]): number {
  return totalLogProbability(logProbabilities) / logProbabilities.length
}
