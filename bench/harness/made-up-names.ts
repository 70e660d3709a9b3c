/**
 * Names for catalogues of any size: two to four words from a vocabulary that is used as words are (Zipf), of few
 * syllables. What sounds alike is frequent, and a word is several tokens: the hard case.
 */
import { seededRandom } from '../../fixtures/kit/statistics.js'

const SYLLABLES = [
  'ka', 'lo', 'mi', 'ter', 'san', 'dro', 'vel', 'pin', 'gar', 'bo', 'chi', 'ne', 'ru', 'sto', 'wex', 'fle',
]
const VOCABULARY = 20_000

export interface MadeUpNames {
  readonly names: readonly string[]
  /** One more word of the same vocabulary. */
  readonly word: () => string
}

export function makeUpNames(count: number, seed: number): MadeUpNames {
  const random = seededRandom(seed)
  const vocabulary = Array.from({ length: VOCABULARY }, () => Array.from(
    { length: 2 + Math.floor(random() * 2) }, () => SYLLABLES[Math.floor(random() * SYLLABLES.length)],
  ).join(''))
  const word = (): string => vocabulary[Math.floor(VOCABULARY ** random()) - 1]!
  const names = Array.from({ length: count }, () =>
    Array.from({ length: 2 + Math.floor(random() * 3) }, word).join(' '))
  return { names, word }
}

/** As the body of a PUT; ids are their places. */
export function asCsv(names: readonly string[]): Buffer {
  return Buffer.from(`id,name\n${names.map((name, index) => `${index},${name}`).join('\n')}`)
}
