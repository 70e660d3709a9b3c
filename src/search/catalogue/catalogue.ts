/**
 * A catalogue that answers requests: its entries, the index that finds them, and the phrase list that the recognition
 * processes use. It is made in time slices, since a large one takes seconds. It is immutable: a new version is a new
 * one.
 */
import { SpeechError } from '../../domain/errors.js'
import type { Phrase, PhraseList } from '../../domain/phrases.js'
import { NameIndex, toName, type Name } from '../ranking/name-index.js'
import type { Searchable } from '../ranking/ranking.js'
import type { InterruptibleWork } from '../../domain/interruptible-work.js'
import type { Entry } from './entry.js'
import { maxSpellings, toPhrase } from './spellings.js'
import { runSliced } from './time-slices.js'

export interface Catalogue extends Searchable {
  readonly name: string
  /** Increases with every catalogue that this process loads. */
  readonly version: number
  /** Sorted by id. */
  readonly entries: readonly Entry[]
}

/** Names and aliases of all entries. */
export const MAX_NAMES = 400_000
/** Of all spellings, which every recognition process holds, and of all normalized names. */
const MAX_SPELLING_CHARACTERS = 64_000_000

/** Throws CATALOGUE_TOO_LARGE. */
export async function makeCatalogue(
  name: string, version: number, entries: readonly Entry[],
): Promise<{ catalogue: Catalogue; list: PhraseList }> {
  const count = entries.reduce((sum, { aliases }) => sum + 1 + aliases.length, 0)
  if (count > MAX_NAMES) throw tooLarge(`${count} names and aliases, of at most ${MAX_NAMES}`)
  const { phrases, weights } = await runSliced(makePhrases(entries))
  const index = await runSliced(makeIndex(entries))
  const catalogue = { name, version, entries, index, weights }
  return { catalogue, list: { id: listId(catalogue), phrases } }
}

interface Phrases { readonly phrases: Phrase[]; readonly weights: Float64Array }

/** One step per entry. */
function* makePhrases(entries: readonly Entry[]): InterruptibleWork<Phrases> {
  const phrases: Phrase[] = []
  const weights = new Float64Array(entries.length)
  const most = maxSpellings(entries.length)
  let characters = 0
  for (const entry of entries) {
    const phrase = toPhrase(entry, most)
    characters += phrase.spellings.reduce((sum, { length }) => sum + length, 0)
    if (characters > MAX_SPELLING_CHARACTERS) {
      throw tooLarge(`its spellings have more than ${MAX_SPELLING_CHARACTERS} characters`)
    }
    weights[phrases.length] = entry.weight
    phrases.push(phrase)
    yield
  }
  return { phrases, weights }
}

/** One step per name: an entry can have seventeen, which take a millisecond each. */
function* makeIndex(entries: readonly Entry[]): InterruptibleWork<NameIndex> {
  const names: Name[] = []
  let characters = 0
  for (const [index, entry] of entries.entries()) {
    for (const one of [entry.name, ...entry.aliases]) {
      const name = toName(index, one)
      characters += name.words.length
      if (characters > MAX_SPELLING_CHARACTERS) {
        throw tooLarge(`its names have more than ${MAX_SPELLING_CHARACTERS} characters, numbers and signs written out`)
      }
      names.push(name)
      yield
    }
  }
  return yield* NameIndex.build(names)
}

/** Id of its phrase list in the recognition processes. */
export function listId({ name, version }: Pick<Catalogue, 'name' | 'version'>): string {
  return `${name}@${version}`
}

function tooLarge(detail: string): SpeechError {
  return new SpeechError('CATALOGUE_TOO_LARGE', detail)
}
