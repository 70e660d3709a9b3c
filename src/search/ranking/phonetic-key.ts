/**
 * What words sound like, as letters that can be compared. Consonants after Lawrence Philips' Double Metaphone (C/C++
 * Users Journal, June 2000), by a library; it drops vowels, and to it "bed", "bad" and "boat" would be one word. So
 * the vowels are kept beside them, one for each group of vowel letters: "night" and "knight" agree in both, "bed" and
 * "bad" in one.
 *
 * By the rules of English. A word without Latin letters sounds like itself, and a figure too.
 */
import { doubleMetaphone } from 'double-metaphone'

export interface PhoneticKey {
  /** Of all words, joined: where one ends is not heard. */
  readonly consonants: string
  readonly vowels: string
}

/** Words whose sound is remembered, each of so many letters at most: catalogues say few words again and again. */
const MOST_REMEMBERED = 20_000
const MOST_LETTERS_REMEMBERED = 40
const remembered = new Map<string, PhoneticKey>()

/** Of normalized words. */
export function phoneticKeyOf(words: readonly string[]): PhoneticKey {
  return joinPhoneticKeys(words.map(phoneticKeyOfWord))
}

/** Joined, not added up: a sum is a tree of all its parts in memory until somebody reads it. */
export function joinPhoneticKeys(sounds: readonly PhoneticKey[]): PhoneticKey {
  return { consonants: sounds.map(({ consonants }) => consonants).join(''), vowels: sounds.map(({ vowels }) => vowels).join('') }
}

function phoneticKeyOfWord(word: string): PhoneticKey {
  const known = remembered.get(word)
  if (known !== undefined) return known
  const [key] = doubleMetaphone(word)
  const sound = { consonants: key === '' ? word : key, vowels: vowelsOf(word) }
  if (word.length > MOST_LETTERS_REMEMBERED) return sound
  if (remembered.size === MOST_REMEMBERED) remembered.clear()
  remembered.set(word, sound)
  return sound
}

/** The first letter of each group; "e" at the end is silent, "y" is a vowel but at the beginning. */
function vowelsOf(word: string): string {
  const heard = word.length > 2 ? word.replace(/(?<=[^aeiouy])e$/, '') : word
  return heard.replace(/^y/, '').replace(/[^aeiouy]+/g, ' ').replace(/y/g, 'i').replace(/([aeiou])[aeiou]+/g, '$1').replaceAll(' ', '')
}
