/**
 * An entry of a catalogue, and the validation of the row that it is made from.
 *
 * Text is untrusted and goes into answers, logs and web pages. So characters that can make a line look like another one
 * are refused (control characters, bidirectional overrides, unpaired surrogates: Unicode TR 36). Right-to-left text is
 * permitted. Text is normalized to NFC, so that a name has one encoding.
 */
import { SpeechError } from '../../domain/errors.js'

export interface Entry {
  /** Chosen by the caller; unique in its catalogue. */
  readonly id: string
  readonly name: string
  /** Other names. */
  readonly aliases: readonly string[]
  /** Prior: at least 0, by default 1. */
  readonly weight: number
  /** For the caller; not used here. */
  readonly tags: readonly string[]
}

/** A parsed row whose values are not validated yet. */
export interface Row {
  /** Line of the file, from 1. */
  readonly line: number
  readonly values: Readonly<Record<string, unknown>>
}

export const MAX_ENTRIES = 100_000
/** Characters of a row; an entry uses about half of them at most. */
export const MAX_ROW_CHARACTERS = 16_384
export const MAX_NAME_CHARACTERS = 200
const MAX_ALIASES = 16
const MAX_TAGS = 16
const MAX_TAG_CHARACTERS = 64
const MAX_WEIGHT = 1_000

export const FIELDS = ['id', 'name', 'aliases', 'weight', 'tags'] as const

/** Control characters, surrogates, line separators, bidirectional controls, and noncharacters. */
const REFUSED = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]/u

/** Throws CATALOGUE_INVALID with the line number. */
export function readEntry({ line, values }: Row): Entry {
  const { id, name, aliases, weight, tags } = values
  return {
    id: readText(typeof id === 'number' ? String(id) : id, MAX_NAME_CHARACTERS, 'id', line),
    name: readText(name, MAX_NAME_CHARACTERS, 'name', line),
    aliases: readTexts(aliases, MAX_ALIASES, MAX_NAME_CHARACTERS, 'aliases', line),
    weight: readWeight(weight, line),
    tags: readTexts(tags, MAX_TAGS, MAX_TAG_CHARACTERS, 'tags', line),
  }
}

export function invalidRow(line: number, what: string, field?: string, cause?: unknown): SpeechError {
  return new SpeechError('CATALOGUE_INVALID', `line ${line}: ${what}`, {
    cause, ...field !== undefined && { parameter: field },
  })
}

/** NFC with single spaces and none at the ends; or a fault, as the predicate of a sentence about the text. */
export function cleanText(
  text: string, mostCharacters: number,
): { readonly text: string } | { readonly fault: string } {
  // The limit comes first, so that a text of a megabyte is not normalized.
  if (text.length > mostCharacters) return { fault: `has more than ${mostCharacters} characters` }
  const refused = REFUSED.exec(text)?.[0]
  if (refused !== undefined) return { fault: `has the character U+${hexOf(refused)}` }
  const clean = text.normalize('NFC').replace(/\s+/g, ' ').trim()
  if (clean === '') return { fault: 'is empty' }
  return clean.length > mostCharacters ? { fault: `has more than ${mostCharacters} characters` } : { text: clean }
}

function hexOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
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
  if (typeof value === 'number' && value >= 0 && value <= MAX_WEIGHT) return value
  throw invalidRow(line, `weight must be a number from 0 to ${MAX_WEIGHT}`, 'weight')
}
