/**
 * What a model writes besides the words that were said: signs for music, the replacement character for bytes that are
 * no text, dashes for a new speaker, remarks in brackets, and words in letters that the language does not have. Models
 * learn them from subtitles and write them over noise. They are removed; a transcript may be empty after that.
 */
import type { Hypothesis } from '../domain/transcript.js'
import type { Word } from '../domain/words.js'
import { isWrittenIn } from '../domain/writing-systems.js'

/** With letters: "(555) 0123" is no remark. */
const REMARKS = /\[[^\]]*\p{Letter}[^\]]*\]|\([^)]*\p{Letter}[^)]*\)|\*[^*]*\p{Letter}[^*]*\*/gu
const SIGNS = /[♩♪♫♬♭♮♯🎵🎶\uFFFD]/gu
/** At the start of the text: "- ", "-", ">> ". */
const NEW_SPEAKER = /^(?:[-–—]+\s*|>>+\s*)+/u

/** The hypothesis without them, in its text, its alternatives and its words. */
export function legible(hypothesis: Hypothesis): Hypothesis {
  const { text, language, alternatives } = hypothesis
  const cleaned = legibleText(text, language)
  const others = alternatives?.map((one) => ({ ...one, text: legibleText(one.text, language) }))
  if (cleaned === text && others?.every((one, index) => one.text === alternatives![index]!.text) !== false) {
    return hypothesis
  }
  return { ...hypothesis, text: cleaned, ...others && { alternatives: others.filter((one) => one.text !== '') } }
}

export function legibleText(text: string, language: string): string {
  const plain = text.replace(REMARKS, ' ').replace(SIGNS, ' ').trim().replace(NEW_SPEAKER, '')
  if (plain === text && isWrittenIn(text, language)) return text
  return plain.split(/\s+/u).filter((word) => word !== '' && isWrittenIn(word, language)).join(' ')
}

/** The words that are left in a text from which some were removed, without what was removed from them. */
export function wordsLeft(words: readonly Word[], { text, language }: Hypothesis): Word[] {
  let at = 0
  return words.flatMap((word) => {
    const own = legibleText(word.text, language)
    const found = own === '' ? -1 : text.indexOf(own, at)
    if (found === -1) return []
    at = found + own.length
    return [own === word.text ? word : { ...word, text: own }]
  })
}
