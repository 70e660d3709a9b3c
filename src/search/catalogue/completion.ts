/** Names of catalogues that complete what a person types. */
import type { Entry } from './entry.js'

export interface Completion {
  readonly name: string
  /** Characters at the end of the typed text that the name replaces. */
  readonly replaces: number
}

interface Names { readonly entries: readonly Pick<Entry, 'name' | 'aliases'>[] }

const MOST_WORDS = 5
const FEWEST_CHARACTERS = 2

/**
 * Names and aliases that begin with the last words of the text, the longest match first, without regard to case. A scan
 * of all names: 200,000 take some milliseconds.
 */
export function completionsOf(text: string, catalogues: readonly Names[], most: number): Completion[] {
  const found = new Map<string, number>()
  for (const typed of endingsOf(text)) {
    for (const name of namesOf(catalogues)) {
      if (found.size >= most) break
      const isLonger = name.length > typed.length && name.slice(0, typed.length).toLowerCase() === typed
      if (isLonger && !found.has(name)) found.set(name, typed.length)
    }
  }
  return [...found].map(([name, replaces]) => ({ name, replaces }))
}

/** The last words, the longest first: "show me re" → "show me re", "me re", "re". */
function endingsOf(text: string): string[] {
  const starts = [...text.matchAll(/(?<=^|\s)\S/g)].map(({ index }) => index).slice(-MOST_WORDS)
  return starts.map((start) => text.slice(start).toLowerCase()).filter(({ length }) => length >= FEWEST_CHARACTERS)
}

function* namesOf(catalogues: readonly Names[]): Generator<string> {
  for (const { entries } of catalogues) {
    for (const { name, aliases } of entries) yield* [name, ...aliases]
  }
}
