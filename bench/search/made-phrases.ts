/**
 * Phrases that nobody says: two to four words of the model's own vocabulary each, or single words that are made of
 * them. The same seed gives the same phrases.
 */
import { normalizeEnglish } from '../../src/domain/scoring/normalize-english.js'
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

const ENDINGS = ['', '', 's', 'ed', 'er', 'ing', 'ly', 'ton', 'son', 'y']

/** Names of which a share are single words; none is among the words that are said. */
export function madeNames(count: number, shareOfSingle: number, said: ReadonlySet<string>, seed = SEED): string[] {
  const singles = Math.round(count * shareOfSingle)
  const word = madeWords(seed + 2)
  const random = seededRandom(seed + 3)
  const names = new Set<string>()
  while (names.size < singles) {
    const name = word() + ENDINGS[Math.floor(random() * ENDINGS.length)]!
    if (!normalizeEnglish(name).some((one) => said.has(one))) names.add(name)
  }
  return [...names, ...madePhrases(count - singles, seed)]
}
