/** Sums and means of the log-probabilities of tokens, natural logarithms. */

/** Of the whole transcript. */
export function totalLogProbability(logProbabilities: readonly number[]): number {
  return logProbabilities.reduce((total, one) => total + one, 0)
}

/** Takes at least one token. */
export function meanLogProbability(logProbabilities: readonly number[]): number {
  return totalLogProbability(logProbabilities) / logProbabilities.length
}
