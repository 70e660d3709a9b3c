/**
 * Phonetic keys of words. Consonants by Lawrence Philips' Double Metaphone (C/C++ Users Journal, June 2000), from
 * a library; it drops vowels, so that "bed", "bad" and "boat" are the same. So vowels are kept in a second key, one for
 * each group of vowel letters: "night" and "knight" agree in both keys, "bed" and "bad" in one.
 *
 * The rules are those of English. A word without Latin letters, or a number, is its own key.
 */
import { doubleMetaphone } from 'double-metaphone'

export interface PhoneticKey {
  /** Of all words, joined, since word boundaries are not audible. */
  readonly consonants: string
  readonly vowels: string
}

/** Limits of the cache of words: catalogues repeat few words. */
const MAX_CACHED_WORDS = 20_000
const MAX_CACHED_LETTERS = 40
const cache = new Map<string, PhoneticKey>()

/** `words` are normalized. */
export function phoneticKeyOf(words: readonly string[]): PhoneticKey {
  return joinPhoneticKeys(words.map(phoneticKeyOfWord))
}

/** Uses `join`, since concatenation with `+` keeps a tree of its parts in memory. */
export function joinPhoneticKeys(sounds: readonly PhoneticKey[]): PhoneticKey {
  return {
    consonants: sounds.map(({ consonants }) => consonants).join(''),
    vowels: sounds.map(({ vowels }) => vowels).join(''),
  }
}

function phoneticKeyOfWord(word: string): PhoneticKey {
  const known = cache.get(word)
  if (known !== undefined) return known
  const [key] = doubleMetaphone(word)
  const sound = { consonants: key === '' ? word : key, vowels: vowelsOf(word) }
  if (word.length > MAX_CACHED_LETTERS) return sound
  if (cache.size === MAX_CACHED_WORDS) cache.clear()
  cache.set(word, sound)
  return sound
}

/** The first letter of each group; a final "e" is silent, "y" is a vowel except at the beginning. */
function vowelsOf(word: string): string {
  const spoken = word.length > 2 ? word.replace(/(?<=[^aeiouy])e$/, '') : word
  return spoken
    .replace(/^y/, '')
    .replace(/[^aeiouy]+/g, ' ')
    .replace(/y/g, 'i')
    .replace(/([aeiou])[aeiou]+/g, '$1')
    .replaceAll(' ', '')
}
