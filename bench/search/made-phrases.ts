/**
 * Phrases that nobody says: two to four words of the model's own vocabulary each. The same seed gives the same phrases.
 */
import { llamaPieces } from '../../src/engine/tokenizer.js'
import { seededRandom } from '../../fixtures/kit/statistics.js'

const SEED = 5

/** Draws one word after the other. */
export function madeWords(seed = SEED): () => string {
  const random = seededRandom(seed)
  const vocabulary = llamaPieces().filter((piece) =>
    /^▁[A-Za-z]{4,}$/.test(piece)).map((piece) => piece.slice(1).toLowerCase())
  return () => vocabulary[Math.floor(random() * vocabulary.length)]!
}

/** None twice. */
export function madePhrases(count: number, seed = SEED): string[] {
  const word = madeWords(seed)
  const random = seededRandom(seed + 1)
  const phrases = new Set<string>()
  while (phrases.size < count) phrases.add(Array.from({ length: 2 + Math.floor(random() * 3) }, word).join(' '))
  return [...phrases]
}
