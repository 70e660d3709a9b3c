/**
 * Words of transcripts whose reference is known → whether each was said, by the alignment that word errors are counted
 * with. A word that is next to a missing one is right: what was not written is nobody's confidence.
 */
import { doubtOfWord } from '../../recognition/confidence/correctness.js'
import type { Processed } from '../clips/recognize.js'
import { normalizeText } from '../../domain/scoring/normalize.js'
import { alignWords } from '../../domain/scoring/word-errors.js'
import type { Labelled } from './cross-validate.js'
import { answered, originOf } from './label.js'

/** None of a model that cannot say when its words were said. */
export function labelledWords(processed: readonly Processed[], onlyRedistributable: boolean): Labelled[] {
  return answered(processed).flatMap(({ clip, report: { segments, text, language } }) => {
    const words = segments.flatMap((segment) => (segment.words ?? []).map((word) => ({ word, doubt: doubtOfWord(word, segment) })))
    const right = judgeWords(words.map(({ word }) => word.text), text, clip.text!, language)
    return words.flatMap(({ word: { confidence }, doubt }, index): Labelled[] => {
      const isRight = right[index]!
      return isRight === null ? [] : [{ doubt, isRight, confidence, ...originOf(clip, onlyRedistributable) }]
    })
  })
}

/**
 * Null for a word that is none after normalization ("uh"), and for all where a wrong transcript has words that cannot be
 * normalized one by one: numbers, and letters that are spelled.
 */
export function judgeWords(words: readonly string[], transcript: string, reference: string, language: string): (boolean | null)[] {
  const apart = words.map((word) => normalizeText(word, language))
  const whole = normalizeText(transcript, language)
  const wanted = normalizeText(reference, language)
  if (whole.join(' ') === wanted.join(' ')) return apart.map(({ length }) => length > 0 ? true : null)
  if (whole.join(' ') !== apart.flat().join(' ')) return words.map(() => null)
  const matched = alignWords(wanted, whole).filter(({ hypothesis }) => hypothesis !== null).map(({ kind }) => kind === 'match')
  let from = 0
  return apart.map(({ length }) => {
    const own = matched.slice(from, from += length)
    return length > 0 ? own.every(Boolean) : null
  })
}
