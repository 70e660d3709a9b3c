/**
 * A catalogue as it answers requests: its entries, the index that finds them, and the list that the recognition
 * processes hear with. Made in short turns, since a large one takes seconds. Never changed: a new version is a new one.
 */
import { SpeechError } from '../errors.js'
import type { Phrase, PhraseList } from '../phrases.js'
import { NameIndex, readName, type Name } from '../search/names.js'
import type { Searchable } from '../search/ranking.js'
import type { Entry } from './entry.js'
import { mostSpellings, toPhrase } from './spellings.js'
import { eachInTurns } from './turns.js'

export interface Catalogue extends Searchable {
  readonly name: string
  /** Grows with every catalogue that this process takes in. */
  readonly version: number
  /** By id. */
  readonly entries: readonly Entry[]
}

/** Names and aliases. */
export const MOST_NAMES = 400_000
/** Of all spellings: they are held in every recognition process. */
export const MOST_SPELLING_CHARACTERS = 64_000_000

/** Throws CATALOGUE_TOO_LARGE. */
export async function makeCatalogue(name: string, version: number, entries: readonly Entry[]): Promise<{ catalogue: Catalogue; list: PhraseList }> {
  const count = entries.reduce((sum, { aliases }) => sum + 1 + aliases.length, 0)
  if (count > MOST_NAMES) throw new SpeechError('CATALOGUE_TOO_LARGE', `${count} names and aliases, of at most ${MOST_NAMES}`)
  const names: Name[] = []
  const phrases: Phrase[] = []
  const most = mostSpellings(entries.length)
  let characters = 0
  await eachInTurns(entries, (entry, index) => {
    for (const one of [entry.name, ...entry.aliases]) names.push(readName(index, one))
    const phrase = toPhrase(entry, most)
    characters += phrase.spellings.reduce((sum, { length }) => sum + length, 0)
    if (characters > MOST_SPELLING_CHARACTERS) throw new SpeechError('CATALOGUE_TOO_LARGE', `its spellings have more than ${MOST_SPELLING_CHARACTERS} characters`)
    phrases.push(phrase)
  })
  const index = new NameIndex(names)
  await eachInTurns(names, (_, at) => { index.add(at) })
  const catalogue = { name, version, entries, index, weights: Float64Array.from(entries, ({ weight }) => weight) }
  return { catalogue, list: { id: listId(catalogue), phrases } }
}

/** What its list is called in the recognition processes. */
export function listId({ name, version }: Pick<Catalogue, 'name' | 'version'>): string {
  return `${name}@${version}`
}
