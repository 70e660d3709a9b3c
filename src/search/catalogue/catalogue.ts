/**
 * A catalogue as it answers requests: its entries, the index that finds them, and the list that the recognition
 * processes hear with. Made in short turns, since a large one takes seconds. Never changed: a new version is a new one.
 */
import { SpeechError } from '../../domain/errors.js'
import type { Phrase, PhraseList } from '../../domain/phrases.js'
import { NameIndex, toName, type Name } from '../ranking/name-index.js'
import type { Searchable } from '../ranking/ranking.js'
import type { InterruptibleWork } from '../../domain/interruptible-work.js'
import type { Entry } from './entry.js'
import { mostSpellings, toPhrase } from './spellings.js'
import { runSliced } from './time-slices.js'

export interface Catalogue extends Searchable {
  readonly name: string
  /** Grows with every catalogue that this process takes in. */
  readonly version: number
  /** By id. */
  readonly entries: readonly Entry[]
}

/** Names and aliases. */
export const MOST_NAMES = 400_000
/** Of all spellings, which are held in every recognition process, and of all names as they are compared. */
const MOST_SPELLING_CHARACTERS = 64_000_000

/** Throws CATALOGUE_TOO_LARGE. */
export async function makeCatalogue(name: string, version: number, entries: readonly Entry[]): Promise<{ catalogue: Catalogue; list: PhraseList }> {
  const count = entries.reduce((sum, { aliases }) => sum + 1 + aliases.length, 0)
  if (count > MOST_NAMES) throw new SpeechError('CATALOGUE_TOO_LARGE', `${count} names and aliases, of at most ${MOST_NAMES}`)
  const { phrases, weights } = await runSliced(makePhrases(entries))
  const index = await runSliced(makeIndex(entries))
  const catalogue = { name, version, entries, index, weights }
  return { catalogue, list: { id: listId(catalogue), phrases } }
}

/** A step for each entry. */
function* makePhrases(entries: readonly Entry[]): InterruptibleWork<{ readonly phrases: Phrase[]; readonly weights: Float64Array }> {
  const phrases: Phrase[] = []
  const weights = new Float64Array(entries.length)
  const most = mostSpellings(entries.length)
  let characters = 0
  for (const entry of entries) {
    const phrase = toPhrase(entry, most)
    characters += phrase.spellings.reduce((sum, { length }) => sum + length, 0)
    if (characters > MOST_SPELLING_CHARACTERS) throw new SpeechError('CATALOGUE_TOO_LARGE', `its spellings have more than ${MOST_SPELLING_CHARACTERS} characters`)
    weights[phrases.length] = entry.weight
    phrases.push(phrase)
    yield
  }
  return { phrases, weights }
}

/** A step for each name: an entry can have seventeen, of a millisecond each. */
function* makeIndex(entries: readonly Entry[]): InterruptibleWork<NameIndex> {
  const names: Name[] = []
  let characters = 0
  for (const [index, entry] of entries.entries()) {
    for (const one of [entry.name, ...entry.aliases]) {
      const name = toName(index, one)
      characters += name.words.length
      if (characters > MOST_SPELLING_CHARACTERS) throw new SpeechError('CATALOGUE_TOO_LARGE', `its names have more than ${MOST_SPELLING_CHARACTERS} characters, numbers and signs written out`)
      names.push(name)
      yield
    }
  }
  return yield* NameIndex.build(names)
}

/** What its list is called in the recognition processes. */
export function listId({ name, version }: Pick<Catalogue, 'name' | 'version'>): string {
  return `${name}@${version}`
}
