/**
 * When a decode must end although the model would go on.
 *
 * Token budget: ceil(rate × seconds), the rule of Moonshine's makers (6.5 per second). Flooring the seconds first,
 * as others do, gives clips under a second no tokens at all.
 * Repetition: an autoregressive decoder that lost the audio falls into a loop and says the same n-gram until the
 * budget ends. People repeat themselves too ("no no no"), hence the thresholds.
 */

/** At least one: even a clip of no length may say something. */
export function tokenBudget(seconds: number, tokensPerSecond: number, maxTokens: number): number {
  return Math.max(1, Math.min(maxTokens, Math.ceil(tokensPerSecond * seconds)))
}

/** Longest loop, in tokens, that is looked for. */
const MAX_PERIOD = 16
/** Repeats of one token, and of a longer phrase, that are called a loop. */
const MIN_REPEATS_OF_ONE = 6
const MIN_REPEATS_OF_MANY = 4

/**
 * Length in tokens of the part that merely repeats, 0 when the tail is not a loop. The first occurrence is not
 * counted: dropping that many tokens leaves the phrase said once.
 */
export function repeatedTail(tokens: readonly number[]): number {
  for (let period = 1; period <= MAX_PERIOD; period++) {
    const repeats = period === 1 ? MIN_REPEATS_OF_ONE : MIN_REPEATS_OF_MANY
    if (tokens.length >= period * repeats && hasPeriod(tokens, period, period * repeats)) return period * (repeats - 1)
  }
  return 0
}

function hasPeriod(tokens: readonly number[], period: number, span: number): boolean {
  for (let i = tokens.length - span + period; i < tokens.length; i++) {
    if (tokens[i] !== tokens[i - period]) return false
  }
  return true
}
