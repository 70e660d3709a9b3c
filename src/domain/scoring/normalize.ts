/**
 * Text of any language → the words that are compared. English has rules of its own (numbers, spellings, contractions);
 * for other languages only case and punctuation are removed, so that "2" and "zwei" differ and rates of two languages
 * cannot be compared. Languages that are written without spaces are compared by character, as is usual for them.
 */
import { normalizeEnglish, normalizeEnglishForSearch, withoutRemarks } from './normalize-english.js'

/** Codes of languages that are written without spaces between words. */
const WITHOUT_SPACES = new Set(['zh', 'yue', 'ja', 'th', 'lo', 'km', 'my', 'bo'])

/** A reference may have remarks in brackets about what is no word; in an answer they are words that nobody said. */
export function normalizeReference(text: string, language: string): string[] {
  return normalizeText(withoutRemarks(text), language)
}

/** Names and utterances of any language, by the rules of English. */
export function normalizeForSearch(text: string): string[] {
  return normalizeEnglishForSearch(text)
}

/** `language` is a code of a model, such as `en`. */
export function normalizeText(text: string, language: string): string[] {
  if (language === 'en') return normalizeEnglish(text)
  const plain = text.normalize('NFKC').toLocaleLowerCase(language).replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ').trim()
  if (plain === '') return []
  return WITHOUT_SPACES.has(language) ? [...plain.replaceAll(' ', '')] : plain.split(' ')
}
