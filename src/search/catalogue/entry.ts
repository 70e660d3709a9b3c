/**
 * One thing that can be asked for, and what a row of a catalogue must be to become one.
 *
 * Text comes from outside and goes into answers, logs and pages of others. So what can make a line look like another
 * one is refused (controls, bidirectional overrides, halves of a surrogate pair: Unicode TR 36); text that is simply
 * written from right to left is text. All of it becomes NFC, so that one name has one spelling.
 */
import { SpeechError } from '../../domain/errors.js'

export interface Entry {
  /** Whatever the caller knows it by; unique in its catalogue. */
  readonly id: string
  readonly name: string
  /** Other names. */
  readonly aliases: readonly string[]
  /** Prior: at least 0; 1 is ordinary. */
  readonly weight: number
  /** For the caller; nothing here looks at them. */
  readonly tags: readonly string[]
}

/** A row as its format gives it: nothing is known of the values. */
export interface Row {
  /** Line of the file, from 1. */
  readonly line: number
  readonly values: Readonly<Record<string, unknown>>
}

export const MOST_ENTRIES = 100_000
/** Characters of a row: `entry` alone can hold about half of it. */
export const MOST_ROW_CHARACTERS = 16_384
export const MOST_NAME_CHARACTERS = 200
const MOST_ALIASES = 16
const MOST_TAGS = 16
const MOST_TAG_CHARACTERS = 64
const MOST_WEIGHT = 1_000

export const FIELDS = ['id', 'name', 'aliases', 'weight', 'tags'] as const

/** Controls, what ends a line, overrides of direction, and what is no character at all. */
const REFUSED = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]/u

/** Throws CATALOGUE_INVALID with the line. */
export function readEntry({ line, values }: Row): Entry {
  const { id, name, aliases, weight, tags } = values
  return {
    id: readText(typeof id === 'number' ? String(id) : id, MOST_NAME_CHARACTERS, 'id', line),
    name: readText(name, MOST_NAME_CHARACTERS, 'name', line),
    aliases: readTexts(aliases, MOST_ALIASES, MOST_NAME_CHARACTERS, 'aliases', line),
    weight: readWeight(weight, line),
    tags: readTexts(tags, MOST_TAGS, MOST_TAG_CHARACTERS, 'tags', line),
  }
}

export function invalidRow(line: number, what: string, field?: string, cause?: unknown): SpeechError {
  return new SpeechError('CATALOGUE_INVALID', `line ${line}: ${what}`, { cause, ...field !== undefined && { parameter: field } })
}

/** NFC, blanks at the ends gone and others single; or why it is refused, as a sentence after its name. */
export function cleanText(text: string, mostCharacters: number): { readonly text: string } | { readonly fault: string } {
  // Before anything is done with it: a text of a megabyte is not normalized first.
  if (text.length > mostCharacters) return { fault: `has more than ${mostCharacters} characters` }
  const refused = REFUSED.exec(text)?.[0]
  if (refused !== undefined) return { fault: `has the character U+${refused.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}` }
  const clean = text.normalize('NFC').replace(/\s+/g, ' ').trim()
  if (clean === '') return { fault: 'is empty' }
  return clean.length > mostCharacters ? { fault: `has more than ${mostCharacters} characters` } : { text: clean }
}

function readText(value: unknown, mostCharacters: number, field: string, line: number): string {
  if (value === undefined || value === null) throw invalidRow(line, `${field} is missing`, field)
  if (typeof value !== 'string') throw invalidRow(line, `${field} must be text`, field)
  const read = cleanText(value, mostCharacters)
  if ('fault' in read) throw invalidRow(line, `${field} ${read.fault}`, field)
  return read.text
}

function readTexts(value: unknown, most: number, mostCharacters: number, field: string, line: number): string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw invalidRow(line, `${field} must be a list`, field)
  if (value.length > most) throw invalidRow(line, `${field} has more than ${most}`, field)
  return [...new Set(value.map((one) => readText(one, mostCharacters, field, line)))]
}

function readWeight(value: unknown, line: number): number {
  if (value === undefined || value === null) return 1
  if (typeof value !== 'number' || !(value >= 0 && value <= MOST_WEIGHT)) throw invalidRow(line, `weight must be a number from 0 to ${MOST_WEIGHT}`, 'weight')
  return value
}
