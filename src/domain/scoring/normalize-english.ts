/**
 * English text → the words that are compared. Applied to reference and hypothesis alike, so that only what was said
 * counts and not how it is written. After the normalizer of Whisper (Radford et al. 2022, appendix C), with other rules
 * for numbers and spelled letters.
 *
 * Homophones stay distinct ("c" is not "see", "four" is not "for"), and so do words that are written together or apart
 * ("fire fox"), since a search would not match them. Every rule is a test in test/bench/scoring.test.ts.
 */
import { spellNumbersAsSaid, spellNumbersInDigits } from './number-words.js'
import { SPELLED_LIKE_WORDS, SPELLINGS } from './spellings.js'

/** Filled pauses. */
const FILLERS = new Set(['uh', 'um', 'uhm', 'umm', 'erm', 'hm', 'hmm', 'mm', 'mmm', 'mhm'])

/** For word errors: "two two" is not "twenty two", "U.S." is not "us", and remarks in brackets are words. */
export function normalizeEnglish(text: string): string[] {
  const plain = spellSymbols(spellCodes(foldLetters(spellCapitals(text))))
  return joinSpelledLetters(spellNumbersAsSaid(wordsOf(plain)), SPELLED_LIKE_WORDS)
}

/** For search, which finds a name however it is said and written: "two two" is "22", and "U S" is "us". */
export function normalizeEnglishForSearch(text: string): string[] {
  const plain = spellSymbols(withoutRemarks(foldLetters(text)))
  return joinSpelledLetters(spellNumbersInDigits(wordsOf(plain)), new Set())
}

/** Without remarks in [brackets] or <angles>, which a reference may have about what is no word. */
export function withoutRemarks(text: string): string {
  return text.replace(/\[[^[\]]*\]|<[^<>]*>/g, ' ')
}

function wordsOf(text: string): string[] {
  const plain = expandContractions(text).replace(/'/g, '').replace(/[^\p{L}\p{N}]+/gu, ' ').trim()
  return plain.split(' ').filter((word) => word !== '')
    .flatMap(splitFigures)
    .filter((word) => !FILLERS.has(word))
    .flatMap((word) => (SPELLINGS.get(word) ?? word).split(' '))
}

/** Capitals that would be another word in lower case are letters, unless all is in capitals: "the US" → "the U S". */
function spellCapitals(text: string): string {
  if (!/\p{Ll}/u.test(text)) return text
  return text.replace(/(?<![\p{L}\p{N}'’])\p{Lu}{2,4}(?![\p{L}\p{N}'’])/gu, (letters) =>
    SPELLED_LIKE_WORDS.has(letters.toLowerCase()) ? [...letters].join(' ') : letters)
}

/** Lower case, no diacritics, straight apostrophes. */
function foldLetters(text: string): string {
  return text
    .normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
    .replace(/[‘’ʼ`´]/g, '\'').replace(/æ/g, 'ae').replace(/œ/g, 'oe').replace(/ø/g, 'o').replace(/ß/g, 'ss')
}

/** Telephone numbers, long figures without commas, and decimals are said digit by digit. */
function spellCodes(text: string): string {
  const apart = (figures: string): string => [...figures.replace(/\D/g, '')].join(' ')
  return text
    .replace(/(?<![\d-])(?:1[-. ])?(?:\(?\d{3}\)?[-. ]{1,2})?\d{3}[-.]\d{4}(?![\d-])/g, apart)
    .replace(/(?<![\d,.$£€])\d{5,}(?![\d,])/g, (figures) => figures.endsWith('000') ? figures : apart(figures))
    .replace(/(?<=\d)\.(\d+)(?!\d|\.\d|-)/g, (_, decimals: string) => `.${apart(decimals)}`)
}

const COINS: Readonly<Record<string, string>> = { $: 'dollars', '£': 'pounds', '€': 'euros' }

const AMOUNT = /([$£€])\s?(\d+(?:\.\d+)?)((?: (?:hundred|thousand|million|billion|trillion))?)/g

/** Spoken symbols become words; all others are dropped later. */
function spellSymbols(text: string): string {
  return text
    .replace(/(\d),(?=\d{3}(?!\d))/g, '$1')
    .replace(/([$£€])\s?(\d+)\.(\d) ?(\d)(?! ?\d)/g, (_, coin: string, whole: string, ...cents: string[]) =>
      `${whole} ${COINS[coin]} ${Number(`${cents[0]}${cents[1]}`)} cents`)
    .replace(AMOUNT, (_, coin: string, amount: string, scale: string) => `${amount}${scale} ${COINS[coin]}`)
    .replace(/\b(dollars?|pounds?|euros?) and (?=[a-z0-9 -]+ cents\b)/g, '$1 ')
    .replace(/(\d)\.(?=\d)/g, '$1 point ')
    .replace(/\b[a-z](?:\.[a-z])+\b\.?/g, (letters) => letters.replaceAll('.', ' '))
    .replace(/#(?=\s?\d)/g, ' number ').replace(/#/g, ' pound ').replace(/\*/g, ' star ')
    .replace(/%/g, ' percent ').replace(/\bper cent\b/g, 'percent')
    .replace(/\bto-(day|morrow|night)\b/g, 'to$1').replace(/\bgood-bye?\b/g, 'goodbye')
    .replace(/&/g, ' and ').replace(/@/g, ' at ').replace(/\+/g, ' plus ').replace(/=/g, ' equals ')
}

const WITH_IS =
  /\b(it|he|she|that|this|what|who|where|when|why|how|there|here|everything|something|nothing)'s\b/g

/**
 * 's after a pronoun or question word is never a possessive and becomes "is"; after a noun it is ambiguous, and only
 * the apostrophe is removed ("user's" → "users"). 'd becomes "would". If "has" or "had" was meant, reference and
 * hypothesis are changed in the same way.
 */
function expandContractions(text: string): string {
  return text
    .replace(/\bwon't\b/g, 'will not').replace(/\bshan't\b/g, 'shall not')
    .replace(/\b(can't|cannot)\b/g, 'can not').replace(/\bain't\b/g, 'is not')
    .replace(/n't\b/g, ' not').replace(/\blet's\b/g, 'let us').replace(/\by'all\b/g, 'you all')
    .replace(WITH_IS, '$1 is')
    .replace(/'re\b/g, ' are').replace(/'ll\b/g, ' will').replace(/'ve\b/g, ' have').replace(/\bi'm\b/g, 'i am')
    .replace(/\b(i|you|he|she|it|we|they|who|that|there)'d\b/g, '$1 would')
}

/** "b2b" → "b 2 b"; "21st" and "80s" are numbers and not split. */
function splitFigures(word: string): string[] {
  if (/^\d+(st|nd|rd|th|s)$/.test(word)) return [word]
  return word.match(/\d+|\D+/g) ?? []
}

/**
 * Spelled letters are one word, however they are separated: "A B C", "A-B-C", "A.B.C." and "abc" are all "abc", unless
 * that would be another word (`apart`): "U S" stays "u s". A run of "a" and "i" only is not joined, since these are
 * words too.
 */
function joinSpelledLetters(words: readonly string[], apart: ReadonlySet<string>): string[] {
  return words
    .join(' ')
    .replace(/(?<=^| )[a-z](?: [a-z](?= |$))+/g, (run) => {
      const joined = run.replaceAll(' ', '')
      return /[^ai]/.test(joined) && !apart.has(joined) ? joined : run
    })
    .split(' ').filter((word) => word !== '')
}
