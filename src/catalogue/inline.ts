/**
 * Phrases that come with a request: a small catalogue of its own, whose ids are the phrases. Its list is named after
 * its content, so that a recognition process may know it again.
 */
import { createHash } from 'node:crypto'
import { SpeechError } from '../errors.js'
import type { PhraseList } from '../phrases.js'
import { NameIndex, readName } from '../search/names.js'
import type { Searchable } from '../search/ranking.js'
import { cleanText } from './entry.js'
import { toPhrase } from './spellings.js'

export const MOST_PHRASES = 200
export const MOST_PHRASE_CHARACTERS = 100
const DIGEST_CHARACTERS = 16

export interface InlinePhrases {
  /** Clean, none twice. */
  readonly phrases: readonly string[]
  readonly list: PhraseList
}

/** Throws REQUEST_INVALID, naming `parameter`. */
export function readPhrases(given: readonly string[], parameter: string): InlinePhrases {
  if (given.length > MOST_PHRASES) throw new SpeechError('REQUEST_INVALID', `${parameter} has ${given.length} phrases, of at most ${MOST_PHRASES}; a catalogue can have more`, { parameter })
  const phrases = [...new Set(given.map((phrase) => {
    const read = cleanText(phrase, MOST_PHRASE_CHARACTERS)
    if ('fault' in read) throw new SpeechError('REQUEST_INVALID', `a phrase of ${parameter} ${read.fault}`, { parameter })
    return read.text
  }))].sort()
  const id = createHash('sha256').update(JSON.stringify(phrases)).digest('base64url').slice(0, DIGEST_CHARACTERS)
  return { phrases, list: { id, phrases: phrases.map((name) => toPhrase({ name, aliases: [], weight: 1 })) } }
}

export function searchPhrases(phrases: readonly string[]): Searchable {
  const index = new NameIndex(phrases.map((phrase, entry) => readName(entry, phrase)))
  for (const at of phrases.keys()) index.add(at)
  return { index, weights: new Float64Array(phrases.length).fill(1) }
}
