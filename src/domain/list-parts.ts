/**
 * A phrase list in parts, each a message of its own: serializing the largest list at once would block the sender for
 * half a second, and the receiver too.
 */
import type { Phrase, PhraseList } from './phrases.js'

export interface ListPart {
  readonly list: PhraseList
  /** Whether other parts follow. */
  readonly more: boolean
}

/** Less than a millisecond of work: an operator may have many workers, and all may start at once. */
const CHARACTERS_OF_A_PART = 65_536
const PHRASES_OF_A_PART = 1_024

/** At least one part. */
export function* partsOf({ id, phrases }: PhraseList): Generator<ListPart> {
  let start = 0
  let characters = 0
  for (const [end, { spellings }] of phrases.entries()) {
    const own = spellings.reduce((sum, { length }) => sum + length, 0)
    if (end > start && (characters + own > CHARACTERS_OF_A_PART || end - start === PHRASES_OF_A_PART)) {
      yield { list: { id, phrases: phrases.slice(start, end) }, more: true }
      start = end
      characters = 0
    }
    characters += own
  }
  yield { list: { id, phrases: phrases.slice(start) }, more: false }
}

/** Reassembles lists from their parts, which arrive in order. */
export class ListAssembler {
  readonly #incomplete = new Map<string, Phrase[]>()

  /** The list when it is complete. */
  add({ list: { id, phrases }, more }: ListPart): PhraseList | undefined {
    const known = this.#incomplete.get(id) ?? []
    for (const phrase of phrases) known.push(phrase)
    if (more) this.#incomplete.set(id, known)
    else this.#incomplete.delete(id)
    return more ? undefined : { id, phrases: known }
  }
}
