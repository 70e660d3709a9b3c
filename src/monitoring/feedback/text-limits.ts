/**
 * Limits of the texts that are compared. Checking them takes microseconds, so unsuitable texts are refused before
 * anything is normalized.
 */
import { SpeechError } from '../../domain/errors.js'

/** An alignment has as many cells as the product of both lengths. */
export const MAX_WORDS = 500
/** No script uses as many; normalization sorts them, which takes time quadratic in their number. */
const TOO_MANY_MARKS = /\p{M}{33}/u
/** After compatibility decomposition: U+FDFA alone becomes eighteen characters. */
const MAX_DECOMPOSED_CHARACTERS = 12_000

/** Throws REQUEST_INVALID. */
export function checkText(text: string, parameter: string): void {
  if (TOO_MANY_MARKS.test(text)) throw invalid('there are more than 32 combining marks in a row', parameter)
  const words = whitespaceTokens(text)
  if (words > MAX_WORDS) throw tooManyWords(words, parameter)
  if (text.normalize('NFKD').length > MAX_DECOMPOSED_CHARACTERS) {
    throw invalid(
      `it has more than ${MAX_DECOMPOSED_CHARACTERS} characters after compatibility decomposition (NFKD)`, parameter,
    )
  }
}

/** `words` may be counted after normalization, which makes a word of each digit of a number. */
export function tooManyWords(words: number, parameter: string): SpeechError {
  return invalid(`at most ${MAX_WORDS} words can be compared, not ${words}`, parameter)
}

function invalid(detail: string, parameter: string): SpeechError {
  return new SpeechError('REQUEST_INVALID', detail, { parameter })
}

/** A cheap lower bound of the work: the definition of a word in domain/report-facts.ts does not matter here. */
function whitespaceTokens(text: string): number {
  let words = 0
  for (const _word of text.matchAll(/\S+/g)) words++
  return words
}
