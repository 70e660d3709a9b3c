/**
 * What is wrong with a catalogue that is nevertheless valid: a person may want to know, and no answer depends on it.
 * Two entries of one name cannot be told apart by anybody, two that sound alike by no recognizer, and what no model
 * can spell is never steered to.
 */
import type { Name } from '../ranking/name-index.js'
import type { Entry } from './entry.js'
import { forEachSliced } from './time-slices.js'

/** Entries, by their ids, that share something; the first `MOST_IDS`. */
export interface Clash {
  readonly names: readonly string[]
  readonly ids: readonly string[]
}

/** Lists hold the first `MOST_LISTED`, fewer where names are long; the counts count all. */
export interface ValidationReport {
  readonly duplicateNames: { readonly count: number; readonly listed: readonly Clash[] }
  readonly soundAlikes: { readonly count: number; readonly listed: readonly Clash[] }
  readonly unspellable: { readonly count: number; readonly listed: readonly string[] }
}

const MOST_LISTED = 50
const MOST_IDS = 10
/** Of a name in a list, and of a list: all reports are answered at once, and names may be made to be long. */
const MOST_CHARACTERS = 200
const MOST_CHARACTERS_OF_A_LIST = 32_768

/** `unspellable`: indices of entries. */
export async function validate(entries: readonly Entry[], names: readonly Name[], unspellable: readonly number[]): Promise<ValidationReport> {
  const byWords = await group(names, ({ words }) => words)
  // Those of one name are reported as such, and stand here as one.
  const bySound = await group(firstOf(byWords.values()), ({ sound }) => `${sound.consonants} ${sound.vowels}`)
  return {
    duplicateNames: await clashes(byWords, entries),
    soundAlikes: await clashes(bySound, entries),
    unspellable: { count: unspellable.length, listed: unspellable.slice(0, MOST_LISTED).map((index) => entries[index]!.id) },
  }
}

/** Names that normalize to no word at all are alike in nothing. */
async function group(names: Iterable<Name>, keyOf: (name: Name) => string): Promise<Map<string, Name[]>> {
  const groups = new Map<string, Name[]>()
  await forEachSliced(names, (name) => {
    if (name.words === '') return
    const key = keyOf(name)
    const members = groups.get(key)
    if (members === undefined) groups.set(key, [name])
    else members.push(name)
  })
  return groups
}

function* firstOf(groups: Iterable<readonly Name[]>): Generator<Name> {
  for (const [first] of groups) yield first!
}

async function clashes(groups: ReadonlyMap<string, readonly Name[]>, entries: readonly Entry[]): Promise<ValidationReport['duplicateNames']> {
  const listed: Clash[] = []
  let count = 0
  let characters = 0
  await forEachSliced(groups.values(), (members) => {
    if (members.every(({ entry }) => entry === members[0]!.entry)) return
    count++
    if (listed.length === MOST_LISTED || characters > MOST_CHARACTERS_OF_A_LIST) return
    const clash = describe(members, entries)
    characters += [...clash.names, ...clash.ids].reduce((sum, { length }) => sum + length, 0)
    listed.push(clash)
  })
  return { count, listed }
}

/** The first of each: as many names as there are may sound alike. */
function describe(members: readonly Name[], entries: readonly Entry[]): Clash {
  const names = new Set<string>()
  const indices = new Set<number>()
  for (const { words, entry } of members) {
    if (names.size < MOST_IDS) names.add(words)
    if (indices.size < MOST_IDS) indices.add(entry)
    if (names.size === MOST_IDS && indices.size === MOST_IDS) break
  }
  return { names: [...names].map((name) => name.slice(0, MOST_CHARACTERS)), ids: [...indices].map((index) => entries[index]!.id) }
}
