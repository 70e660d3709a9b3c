/** Whether words are a name of a catalogue that no longer name continues: then nothing need be waited for. */
import type { Completeness } from '../../../recognition/live/endpointing.js'
import { normalizeForSearch } from '../../../domain/scoring/normalize.js'
import type { Searchable } from '../../../search/ranking/ranking.js'

/** A list of more names would take too long to sort while requests wait; its pauses have their usual length. */
const MAX_NAMES = 20_000

const sorted = new WeakMap<Searchable, readonly string[]>()

/** Sorted once for each version of a catalogue. */
export function completenessIn(searchable: Searchable, text: string): Completeness {
  const { names } = searchable.index
  if (names.length > MAX_NAMES) return 'unknown'
  const all = sorted.get(searchable) ?? [...new Set(names.map(({ words }) => words))].sort()
  sorted.set(searchable, all)
  const words = normalizeForSearch(text).join(' ')
  if (words === '') return 'unknown'
  const first = firstFrom(all, words)
  const isName = all[first] === words
  const goesOn = all[isName ? first + 1 : first]?.startsWith(`${words} `) ?? false
  // With spaces being the lowest character, longer names follow at once.
  if (goesOn) return 'continues'
  return isName ? 'complete' : 'unknown'
}

/** Index of the first name that is not before `words`. */
function firstFrom(names: readonly string[], words: string): number {
  let [low, high] = [0, names.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (names[middle]! < words) low = middle + 1
    else high = middle
  }
  return low
}
