/**
 * What an English word sounds like, as far as its spelling says: words with equal keys are taken for homophones. The
 * keys of the search (Double Metaphone with vowels) are made to find names that were misheard, so they do not tell "to"
 * from "do"; here voiced consonants and a leading "w" or "y" are told apart too. Some true pairs are missed for it.
 */
import { phoneticKeyOf } from '../../search/ranking/phonetic-key.js'

/** Not in "climb" and "debt". */
const VOICED = /d|b(?!t|$)/g
/** Heard, unlike in "write" and "whole". */
const LEADING_GLIDE = /^(?:w(?!r|ho)|y)/

/** `word` is normalized. */
export function soundOf(word: string): string {
  const { consonants, vowels } = phoneticKeyOf([word])
  const voiced = word.match(VOICED)?.length ?? 0
  return [consonants, vowels, voiced, LEADING_GLIDE.exec(word)?.[0] ?? ''].join(' ')
}
