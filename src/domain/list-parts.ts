/**
 * A phrase list in parts, each a message of its own: to serialize the largest one at once holds up whoever sends it for
 * half a second, and whoever reads it too.
 */
import type { Phrase, PhraseList } from './phrases.js'

export interface ListPart {
  readonly list: PhraseList
  /** Other parts follow. */
  readonly more: boolean
}

/** Below a millisecond of work; an operator may have many workers, and all may start at once. */
const CHARACTERS_OF_A_PART = 65_536
const PHRASES_OF_A_PART = 1_024

/** At least one. */
export function* partsOf({ id, phrases }: PhraseList): Generator<ListPart> {
  let start = 0
  let characters = 0
  for (let end = 0; end < phrases.length; end++) {
    const own = phrases[end]!.spellings.reduce((sum, { length }) => sum + length, 0)
    if (end > start && (characters + own > CHARACTERS_OF_A_PART || end - start === PHRASES_OF_A_PART)) {
      yield { list: { id, phrases: phrases.slice(start, end) }, more: true }
      start = end
      characters = 0
    }
    characters += own
  }
  yield { list: { id, phrases: phrases.slice(start) }, more: false }
}

/** Puts lists together again, each from parts in their order. */
export class ArrivingLists {
  readonly #arriving = new Map<string, Phrase[]>()

  /** The list, when it is whole. */
  add({ list: { id, phrases }, more }: ListPart): PhraseList | undefined {
    const known = this.#arriving.get(id) ?? []
    for (const phrase of phrases) known.push(phrase)
    if (more) this.#arriving.set(id, known)
    else this.#arriving.delete(id)
    return more ? undefined : { id, phrases: known }
  }
}
