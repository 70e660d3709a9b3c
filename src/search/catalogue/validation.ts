/**
 * Warnings about a valid catalogue, for a person; they do not affect answers. Entries with the same name cannot be
 * distinguished, entries that sound alike cannot be distinguished by a recognizer, and entries that a model cannot
 * spell are not biased.
 */
import type { Name } from '../ranking/name-index.js'
import type { Entry } from './entry.js'
import { forEachSliced } from './time-slices.js'

/** Entries that share a name or a sound: the first `MAX_IDS` names and ids. */
export interface Clash {
  readonly names: readonly string[]
  readonly ids: readonly string[]
}

/** Lists contain the first `MAX_LISTED`, fewer if names are long; counts are of all. */
export interface ValidationReport {
  readonly duplicateNames: { readonly count: number; readonly listed: readonly Clash[] }
  readonly soundAlikes: { readonly count: number; readonly listed: readonly Clash[] }
  readonly unspellable: { readonly count: number; readonly listed: readonly string[] }
}

const MAX_LISTED = 50
const MAX_IDS = 10
/** Of a name in a list, and of a list: one answer contains all reports, and names may be long. */
const MAX_CHARACTERS = 200
const MAX_LIST_CHARACTERS = 32_768

/** `unspellable`: indices of entries. */
export async function validate(
  entries: readonly Entry[], names: readonly Name[], unspellable: readonly number[],
): Promise<ValidationReport> {
  const byWords = await group(names, ({ words }) => words)
  // Duplicate names are reported above, so each name counts once here.
  const bySound = await group(firstOf(byWords.values()), ({ sound }) => `${sound.consonants} ${sound.vowels}`)
  const listed = unspellable.slice(0, MAX_LISTED).flatMap((index) => entries[index]?.id ?? [])
  return {
    duplicateNames: await clashes(byWords, entries),
    soundAlikes: await clashes(bySound, entries),
    unspellable: { count: unspellable.length, listed },
  }
}

/** Names that normalize to an empty text are left out. */
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
  for (const [first] of groups) if (first !== undefined) yield first
}

async function clashes(
  groups: ReadonlyMap<string, readonly Name[]>, entries: readonly Entry[],
): Promise<ValidationReport['duplicateNames']> {
  const listed: Clash[] = []
  let count = 0
  let characters = 0
  await forEachSliced(groups.values(), (members) => {
    if (members.every(({ entry }) => entry === members[0]?.entry)) return
    count++
    if (listed.length === MAX_LISTED || characters > MAX_LIST_CHARACTERS) return
    const clash = describe(members, entries)
    characters += [...clash.names, ...clash.ids].reduce((sum, { length }) => sum + length, 0)
    listed.push(clash)
  })
  return { count, listed }
}

/** The first names and ids only, since any number of names may sound alike. */
function describe(members: readonly Name[], entries: readonly Entry[]): Clash {
  const names = new Set<string>()
  const indices = new Set<number>()
  for (const { words, entry } of members) {
    if (names.size < MAX_IDS) names.add(words)
    if (indices.size < MAX_IDS) indices.add(entry)
    if (names.size === MAX_IDS && indices.size === MAX_IDS) break
  }
  return {
    names: [...names].map((name) => name.slice(0, MAX_CHARACTERS)),
    ids: [...indices].flatMap((index) => entries[index]?.id ?? []),
  }
}
