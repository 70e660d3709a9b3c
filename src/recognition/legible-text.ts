/**
 * What a model writes besides the words that were said: signs for music, the replacement character for bytes that are
 * no text, dashes for a new speaker, remarks in brackets, and words whose letters the language does not have. Models
 * learn them from subtitles and write them over noise. They are removed; a transcript may be empty after that.
 */
import type { Candidate } from '../domain/phrases.js'
import type { Hypothesis } from '../domain/transcript.js'
import type { Word } from '../domain/words.js'
import { isForeign, isWrittenIn } from '../domain/writing-systems.js'

/** With letters: "(555) 0123" is no remark. */
const REMARKS = /\[[^\]]*\p{Letter}[^\]]*\]|\([^)]*\p{Letter}[^)]*\)|\*[^*]*\p{Letter}[^*]*\*/gu
const SIGNS = /[♩♪♫♬♭♮♯🎵🎶\uFFFD]/gu
/** At the start of the text: "- ", "-", ">> "; a dash before a figure is a minus. */
const NEW_SPEAKER = /^(?:[-–—]+\s*(?!\d)|>>+\s*)+/u

/** The hypothesis without them, in its text, its alternatives, its words, and its text without biasing. */
export function legible(hypothesis: Hypothesis): Hypothesis {
  const { text, language, alternatives, words, unbiasedText } = hypothesis
  const cleaned = legibleText(text, language)
  const unbiased = unbiasedText && legibleText(unbiasedText, language)
  return {
    ...hypothesis,
    text: cleaned,
    ...words && cleaned !== text && { words: wordsLeft(words, cleaned, language) },
    ...unbiased !== undefined && { unbiasedText: unbiased === cleaned ? null : unbiased },
    ...alternatives && { alternatives: legibleAlternatives(alternatives, language) },
  }
}

export function legibleText(text: string, language: string): string {
  const plain = text.replace(REMARKS, ' ').replace(SIGNS, ' ').trim().replace(NEW_SPEAKER, '')
  if (plain === text && isWrittenIn(text, language)) return text
  return plain.split(/\s+/u).filter((word) => word !== '' && !isForeign(word, language)).join(' ')
}

function legibleAlternatives(alternatives: readonly Candidate[], language: string): Candidate[] {
  return alternatives.flatMap((one) => {
    const text = legibleText(one.text, language)
    return text === '' && one.text !== '' ? [] : [{ ...one, text }]
  })
}

/** The words that are left in a text from which some were removed, without what was removed from them. */
function wordsLeft(words: readonly Word[], text: string, language: string): Word[] {
  let at = 0
  return words.flatMap((word) => {
    const own = legibleText(word.text, language)
    const found = own === '' ? -1 : text.indexOf(own, at)
    if (found === -1) return []
    at = found + own.length
    return [own === word.text ? word : { ...word, text: own }]
  })
}
