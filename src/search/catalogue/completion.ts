/** Names of catalogues that complete what a person types. */
import type { InterruptibleWork } from '../../domain/interruptible-work.js'
import type { Entry } from './entry.js'
import { runSliced } from './time-slices.js'

export interface Completion {
  readonly name: string
  /** Characters at the end of the typed text that the name replaces. */
  readonly replaces: number
}

interface Names { readonly entries: readonly Pick<Entry, 'name' | 'aliases'>[] }

const MOST_WORDS = 5
const FEWEST_CHARACTERS = 2

/**
 * Names and aliases that begin with the last words of the text, the longest match first, without regard to case. All
 * names are looked at, in time slices: with 200,000 of them that takes up to half a second, and blocks nothing.
 */
export function completionsOf(text: string, catalogues: readonly Names[], most: number): Promise<Completion[]> {
  return runSliced(complete(text, catalogues, most))
}

/** One step per entry. */
function* complete(text: string, catalogues: readonly Names[], most: number): InterruptibleWork<Completion[]> {
  const endings = endingsOf(text)
  const found = endings.map((): string[] => [])
  if (endings.length === 0) return []
  for (const { entries } of catalogues) {
    for (const { name, aliases } of entries) {
      for (const one of [name, ...aliases]) {
        const longest = endings.findIndex((typed) => continues(one, typed))
        if (longest !== -1 && found[longest]!.length < most) found[longest]!.push(one)
      }
      yield
    }
  }
  const all = found.flatMap((names, index) => names.map((name) => ({ name, replaces: endings[index]!.length })))
  return all.filter(({ name }, index) => all.findIndex((other) => other.name === name) === index).slice(0, most)
}

function continues(name: string, typed: string): boolean {
  return name.length > typed.length && name.slice(0, typed.length).toLowerCase() === typed
}

/** The last words, the longest first: "show me re" → "show me re", "me re", "re". */
function endingsOf(text: string): string[] {
  const starts = [...text.matchAll(/(?<=^|\s)\S/g)].map(({ index }) => index).slice(-MOST_WORDS)
  return starts.map((start) => text.slice(start).toLowerCase()).filter(({ length }) => length >= FEWEST_CHARACTERS)
}
