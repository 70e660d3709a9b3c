/**
 * Similarity of a span of an utterance and a name, by letters and by sound, in [0, 1]. Edit distances (Levenshtein)
 * come from a library.
 *
 * A difference weighs one and a half times its share of the letters: in a short word, one different sound makes another
 * word ("house", "mouse"), and without it every utterance would match some name.
 */
import { distance } from 'fastest-levenshtein'
import type { Name, WordSpan, Utterance } from './name-index.js'
import type { PhoneticKey } from './phonetic-key.js'

export interface Similarity {
  /** The words of both are equal. */
  readonly exact: boolean
  readonly letters: number
  readonly sound: number
  /** Share of the utterance that was compared, or of the name if the utterance is a part of it. */
  readonly coverage: number
}

const STRICTNESS = 1.5
/** Weight of consonants; recognizers confuse vowels more often. */
const CONSONANT_WEIGHT = 0.6
/** A shorter part of a name does not match it. */
const MIN_PART_LETTERS = 3

/**
 * The best of all spans that are about as long as the name, by `rate`. `upperBound` is the highest rate of a span of
 * this coverage that is not the name itself: spans that cannot be the best are not compared. `utterance`: at least one
 * span.
 */
export function bestSimilarity(
  utterance: Utterance, name: Name, rate: (similarity: Similarity) => number,
  upperBound: (coverage: number) => number,
): Similarity {
  const letters = name.words.replaceAll(' ', '')
  const words = name.words.split(' ').length
  const [whole] = utterance
  let best = whole && asPart(whole, name.words, letters)
  let bestRate = best === undefined ? -1 : rate(best)
  for (const [index, span] of utterance.entries()) {
    if (index > 0 && Math.abs(span.length - words) > 1) continue
    if (span.words !== name.words && upperBound(span.coverage) <= bestRate) continue
    const similarity = compare(span, name, letters)
    const rated = rate(similarity)
    if (rated > bestRate) [best, bestRate] = [similarity, rated]
  }
  if (best === undefined) throw new Error('the utterance is empty')
  return best
}

/** "air max" for "Nike Air Max 90". */
function asPart(whole: WordSpan, words: string, letters: string): Similarity | undefined {
  if (whole.letters.length < MIN_PART_LETTERS || whole.words === words) return undefined
  if (!` ${words} `.includes(` ${whole.words} `)) return undefined
  return { exact: false, letters: 1, sound: 1, coverage: whole.letters.length / letters.length }
}

function compare({ words, letters, sound, coverage }: WordSpan, name: Name, nameLetters: string): Similarity {
  if (words === name.words) return { exact: true, letters: 1, sound: 1, coverage }
  // Written as one word or as two, both sound the same.
  if (letters === nameLetters) return { exact: false, letters: 1, sound: 1, coverage }
  return {
    exact: false, letters: letterSimilarity(letters, nameLetters), sound: soundSimilarity(sound, name.sound), coverage,
  }
}

function soundSimilarity(a: PhoneticKey, b: PhoneticKey): number {
  return CONSONANT_WEIGHT * letterSimilarity(
    a.consonants, b.consonants,
  ) + (1 - CONSONANT_WEIGHT) * letterSimilarity(a.vowels, b.vowels)
}

function letterSimilarity(a: string, b: string): number {
  if (a === b) return 1
  const longest = Math.max(a.length, b.length)
  // The difference in length is a lower bound of the distance.
  if (STRICTNESS * Math.abs(a.length - b.length) >= longest) return 0
  return Math.max(0, 1 - STRICTNESS * distance(a, b) / longest)
}
