/**
 * What is wrong with a catalogue that is nevertheless valid: a person may want to know, and no answer depends on it.
 * Two entries of one name cannot be told apart by anybody, two that sound alike by no recognizer, and what no model
 * can spell is never steered to.
 */
import type { Name } from '../search/names.js'
import type { Entry } from './entry.js'
import { eachInTurns } from './turns.js'

/** Entries, by their ids, that share something; the first `MOST_IDS`. */
export interface Clash {
  readonly names: readonly string[]
  readonly ids: readonly string[]
}

/** Lists hold the first `MOST_LISTED`; the counts count all. */
export interface ValidationReport {
  readonly duplicateNames: { readonly count: number; readonly listed: readonly Clash[] }
  readonly soundAlikes: { readonly count: number; readonly listed: readonly Clash[] }
  readonly unspellable: { readonly count: number; readonly listed: readonly string[] }
}

const MOST_LISTED = 50
const MOST_IDS = 10

/** `unspellable`: indices of entries. */
export async function validate(entries: readonly Entry[], names: readonly Name[], unspellable: readonly number[]): Promise<ValidationReport> {
  const byWords = await group(names, ({ words }) => words)
  // Those of one name are reported as such, and stand here as one.
  const bySound = await group([...byWords.values()].map(([first]) => first!), ({ sound }) => `${sound.consonants} ${sound.vowels}`)
  return {
    duplicateNames: clashes(byWords, entries),
    soundAlikes: clashes(bySound, entries),
    unspellable: { count: unspellable.length, listed: unspellable.slice(0, MOST_LISTED).map((index) => entries[index]!.id) },
  }
}

/** Names that normalize to no word at all are alike in nothing. */
async function group(names: readonly Name[], keyOf: (name: Name) => string): Promise<Map<string, Name[]>> {
  const groups = new Map<string, Name[]>()
  await eachInTurns(names, (name) => {
    if (name.words === '') return
    const key = keyOf(name)
    const members = groups.get(key)
    if (members === undefined) groups.set(key, [name])
    else members.push(name)
  })
  return groups
}

function clashes(groups: ReadonlyMap<string, readonly Name[]>, entries: readonly Entry[]): ValidationReport['duplicateNames'] {
  const found = [...groups.values()].filter(({ length }) => length > 1).map((members) => ({ members, indices: [...new Set(members.map(({ entry }) => entry))] })).filter(({ indices }) => indices.length > 1)
  return {
    count: found.length,
    listed: found.slice(0, MOST_LISTED).map(({ members, indices }) => ({
      names: [...new Set(members.map(({ words }) => words))].slice(0, MOST_IDS),
      ids: indices.slice(0, MOST_IDS).map((index) => entries[index]!.id),
    })),
  }
}
