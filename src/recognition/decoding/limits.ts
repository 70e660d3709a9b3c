/**
 * When a decode must end although the model would continue.
 *
 * Token budget: ceil(rate × seconds), the rule of the authors of Moonshine (6.5 per second). With the seconds rounded
 * down first, clips under a second would get no tokens.
 * Repetition: an autoregressive decoder that no longer follows the audio repeats the same n-gram until the budget ends.
 * People repeat themselves too ("no no no"), hence the thresholds.
 */

/** At least one token. */
export function tokenBudget(seconds: number, tokensPerSecond: number, maxTokens: number): number {
  return Math.max(1, Math.min(maxTokens, Math.ceil(tokensPerSecond * seconds)))
}

/** Longest repeated n-gram, in tokens, that is looked for. */
const MAX_PERIOD = 16
/** Repeats of one token, and of a longer n-gram, that end a decode. */
const MIN_REPEATS_OF_ONE = 6
const MIN_REPEATS_OF_MANY = 4

/**
 * How many tokens at the end are repeats, 0 when the end does not repeat. The first occurrence is not counted: without
 * these tokens the n-gram occurs once.
 */
export function repeatedTail(tokens: readonly number[]): number {
  for (let period = 1; period <= MAX_PERIOD; period++) {
    const repeats = period === 1 ? MIN_REPEATS_OF_ONE : MIN_REPEATS_OF_MANY
    if (tokens.length >= period * repeats && hasPeriod(tokens, period, period * repeats)) return period * (repeats - 1)
  }
  return 0
}

function hasPeriod(tokens: readonly number[], period: number, span: number): boolean {
  for (let index = tokens.length - span + period; index < tokens.length; index++) {
    if (tokens[index] !== tokens[index - period]) return false
  }
  return true
}
