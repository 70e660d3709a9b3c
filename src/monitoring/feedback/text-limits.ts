/**
 * Limits of texts that are compared, which cost microseconds to check: whoever sends what cannot be compared learns it
 * before anything is normalized.
 */
import { SpeechError } from '../../domain/errors.js'

/** An alignment has as many cells as the product of both lengths. */
export const MOST_WORDS = 500
/** No script stacks as many; to put so many in order takes time that grows with their square. */
const MARKS_TOO_MANY = /\p{M}{33}/u
/** Once letters are taken apart: U+FDFA alone becomes eighteen characters. */
const MOST_CHARACTERS_TAKEN_APART = 12_000

/** Throws REQUEST_INVALID. */
export function checkText(text: string, parameter: string): void {
  if (MARKS_TOO_MANY.test(text)) throw invalid('there are more than 32 combining marks in a row', parameter)
  const words = wordsWritten(text)
  if (words > MOST_WORDS) throw tooManyWords(words, parameter)
  if (text.normalize('NFKD').length > MOST_CHARACTERS_TAKEN_APART) {
    throw invalid(`it has more than ${MOST_CHARACTERS_TAKEN_APART} characters once letters are taken apart`, parameter)
  }
}

/** How many can be compared is a matter of those that are compared: numbers become one for each digit. */
export function tooManyWords(words: number, parameter: string): SpeechError {
  return invalid(`at most ${MOST_WORDS} words can be compared, not ${words}`, parameter)
}

function invalid(detail: string, parameter: string): SpeechError {
  return new SpeechError('REQUEST_INVALID', detail, { parameter })
}

function wordsWritten(text: string): number {
  let words = 0
  for (const _word of text.matchAll(/\S+/g)) words++
  return words
}
