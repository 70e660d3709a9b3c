/**
 * What clients write for values: blanks around them, capitals, `yes` for true, and an empty text or the name of
 * nothing in their programming language where a user has left a field empty.
 */
import { SpeechError } from '../../../domain/errors.js'

/** `FormData` of JavaScript writes `undefined` and `null`, a formatted text of Python `None`. */
const NOTHING = new Set(['', 'null', 'none', 'undefined'])
const MAX_SHOWN_CHARACTERS = 40

/** Whether a value means that the parameter is not given. Not for free text: "none" may have been said. */
export function isAbsent(value: string): boolean {
  return NOTHING.has(value.trim().toLowerCase())
}

/** The name that is meant, whatever its capitals; undefined for another text. */
export function nameAmong<N extends string>(value: string, names: readonly N[]): N | undefined {
  const text = value.trim().toLowerCase()
  return names.find((name) => name.toLowerCase() === text)
}

/** REQUEST_INVALID that says what is expected, what came, and shows a right value. */
export function wrongValue(parameter: string, expected: string, given: string, example: string): SpeechError {
  const detail = `${parameter} must be ${expected}, not "${shown(given)}"; for example ${parameter}=${example}`
  return new SpeechError('REQUEST_INVALID', detail, { parameter })
}

export function shown(value: string): string {
  return value.length > MAX_SHOWN_CHARACTERS ? `${value.slice(0, MAX_SHOWN_CHARACTERS)}…` : value
}
