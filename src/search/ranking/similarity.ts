/**
 * How much a stretch of an utterance is like a name, by its letters and by its sound, from 0 to 1. Edit distances
 * (Levenshtein) come from a library.
 *
 * A difference weighs half as much again as its share of the letters: in a short word one other sound is another word
 * ("house", "mouse"), and a score that forgave it would find a name for everything.
 */
import { distance } from 'fastest-levenshtein'
import type { Name, WordSpan, Utterance } from './name-index.js'
import type { PhoneticKey } from './phonetic-key.js'

export interface Similarity {
  /** The name is these words. */
  readonly exact: boolean
  readonly letters: number
  readonly sound: number
  /** Share of the utterance that was compared, or of the name where the utterance is a part of it. */
  readonly coverage: number
}

const STRICTNESS = 1.5
/** Of a sound; recognizers mistake vowels more often than consonants. */
const CONSONANTS_WEIGH = 0.6
/** Letters of a part of a name that count as meaning it. */
const LEAST_LETTERS_OF_A_PART = 3

/**
 * The best of all stretches that are about as long as the name, by what `rate` makes of each. `mostOf` is the most that
 * it could make of a stretch that is not the name itself: what cannot become the best is not compared.
 */
export function bestSimilarity(utterance: Utterance, name: Name, rate: (likeness: Similarity) => number, mostOf: (coverage: number) => number): Similarity {
  const letters = name.words.replaceAll(' ', '')
  const words = name.words.split(' ').length
  let best = asPart(utterance[0]!, name.words, letters)
  let bestRate = best === undefined ? -1 : rate(best)
  for (const [index, stretch] of utterance.entries()) {
    if (index > 0 && Math.abs(stretch.length - words) > 1) continue
    if (stretch.words !== name.words && mostOf(stretch.coverage) <= bestRate) continue
    const likeness = compare(stretch, name, letters)
    const rated = rate(likeness)
    if (rated > bestRate) [best, bestRate] = [likeness, rated]
  }
  return best!
}

/** "air max" for "Nike Air Max 90". */
function asPart(whole: WordSpan, words: string, letters: string): Similarity | undefined {
  if (whole.letters.length < LEAST_LETTERS_OF_A_PART || whole.words === words || !` ${words} `.includes(` ${whole.words} `)) return undefined
  return { exact: false, letters: 1, sound: 1, coverage: whole.letters.length / letters.length }
}

function compare({ words, letters, sound, coverage }: WordSpan, name: Name, nameLetters: string): Similarity {
  if (words === name.words) return { exact: true, letters: 1, sound: 1, coverage }
  // Written as one word or as two, it is said alike.
  if (letters === nameLetters) return { exact: false, letters: 1, sound: 1, coverage }
  return { exact: false, letters: alike(letters, nameLetters), sound: soundAlike(sound, name.sound), coverage }
}

function soundAlike(a: PhoneticKey, b: PhoneticKey): number {
  return CONSONANTS_WEIGH * alike(a.consonants, b.consonants) + (1 - CONSONANTS_WEIGH) * alike(a.vowels, b.vowels)
}

function alike(a: string, b: string): number {
  if (a === b) return 1
  const longest = Math.max(a.length, b.length)
  // At least so many letters differ, whatever they are.
  if (STRICTNESS * Math.abs(a.length - b.length) >= longest) return 0
  return Math.max(0, 1 - STRICTNESS * distance(a, b) / longest)
}
