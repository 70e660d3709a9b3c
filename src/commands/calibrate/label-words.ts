/**
 * Words of transcripts whose reference is known → whether each was said, by the alignment that counts word errors. A
 * word beside a deletion is right: a deleted word has no confidence.
 */
import { doubtOfWord } from '../../recognition/confidence/correctness.js'
import type { Processed } from '../clips/recognize.js'
import { normalizeReference, normalizeText } from '../../domain/scoring/normalize.js'
import { alignWords } from '../../domain/scoring/word-errors.js'
import type { Labelled } from './cross-validate.js'
import { withText, originOf } from './label.js'

/** Empty for a model without word times. */
export function labelledWords(processed: readonly Processed[], onlyRedistributable: boolean): Labelled[] {
  return withText(processed).flatMap(({ clip, report: { segments, text, language } }) => {
    const words = segments.flatMap((segment) =>
      (segment.words ?? []).map((word) => ({ word, doubt: doubtOfWord(word, segment) })))
    const right = labelWords(words.map(({ word }) => word.text), text, clip.text!, language)
    return words.flatMap(({ word: { confidence }, doubt }, index): Labelled[] => {
      const isRight = right[index]!
      return isRight === null ? [] : [{ doubt, isRight, confidence, ...originOf(clip, onlyRedistributable) }]
    })
  })
}

/**
 * Whether each word is right. Null for a word that normalization removes ("uh"), and for all words of a wrong
 * transcript whose words cannot be normalized one by one: numbers, and spelled letters.
 */
export function labelWords(
  words: readonly string[], transcript: string, reference: string, language: string,
): (boolean | null)[] {
  const apart = words.map((word) => normalizeText(word, language))
  const whole = normalizeText(transcript, language)
  const wanted = normalizeReference(reference, language)
  if (whole.join(' ') === wanted.join(' ')) return apart.map(({ length }) => length > 0 ? true : null)
  if (whole.join(' ') !== apart.flat().join(' ')) return words.map(() => null)
  const matched = alignWords(wanted, whole)
    .filter(({ hypothesis }) => hypothesis !== null)
    .map(({ kind }) => kind === 'match')
  let from = 0
  return apart.map(({ length }) => {
    const own = matched.slice(from, from += length)
    return length > 0 ? own.every(Boolean) : null
  })
}
