/**
 * The spellings that a model may produce for an entry: its name and aliases, numbers as digits and as words, signs as
 * words, parts joined and separated, and the letter cases that models write. Biasing works on tokens, to which "Two"
 * and "two" are unrelated.
 *
 * Their number is limited per entry. Likely kinds come first, for every name before the next kind of any, so that the
 * limit removes unlikely spellings and not the last alias.
 */
import { spellNumbersInDigits } from '../../domain/scoring/number-words.js'
import type { Phrase } from '../../domain/phrases.js'
import type { Entry } from './entry.js'
import { NUMBER_STYLES, verbalize } from './spoken-numbers.js'

export const MAX_SPELLINGS = 16
/** Of all entries together: every recognition process holds the list, so entries of large catalogues get fewer. */
const MAX_TOTAL_SPELLINGS = 800_000
/** Of one spelling; longer ones are not spoken. */
const MAX_CHARACTERS = 300

const SIGNS: Readonly<Record<string, string>> = {
  '&': ' and ', '+': ' plus ', '%': ' percent ', '@': ' at ', '=': ' equals ',
}
/**
 * Names of English letters that models write as words. Further ones ("see", "be") made more letters be taken for others
 * than they found.
 */
const LETTER_NAMES = new Map([['q', 'queue'], ['r', 'are'], ['u', 'you'], ['y', 'why']])
const FIGURES = /\d+(?:st|nd|rd|th)?(?!\p{L})/giu

/** Limit per entry, by the number of entries of a catalogue. */
export function maxSpellings(entries: number): number {
  return Math.min(MAX_SPELLINGS, Math.floor(MAX_TOTAL_SPELLINGS / entries))
}

export function toPhrase(
  { name, aliases, weight }: Pick<Entry, 'name' | 'aliases' | 'weight'>, most = MAX_SPELLINGS,
): Phrase {
  return { spellings: spellingsOf([name, ...aliases], most), weight }
}

/** Unique spellings, likely ones first, up to a limit. They are generated lazily, since most names need few. */
export function spellingsOf(names: readonly string[], most = MAX_SPELLINGS): string[] {
  const found = new Set<string>()
  let spelled = names.map(spellings)
  while (spelled.length > 0) {
    const unfinished: typeof spelled = []
    for (const one of spelled) {
      if (found.size === most) return [...found]
      const { done, value } = one.next()
      if (done) continue
      unfinished.push(one)
      if (value.length <= MAX_CHARACTERS) found.add(value)
    }
    spelled = unfinished
  }
  return [...found]
}

/** Of one name. */
function* spellings(name: string): Generator<string, undefined> {
  const known = new Set([''])
  for (const wording of wordings(name)) {
    if (known.has(wording)) continue
    known.add(wording)
    yield* inCases(wording)
  }
}

/** Wordings in the letter case of the name, likely ones first; they may repeat, or be empty. */
function* wordings(name: string): Generator<string, undefined> {
  yield name
  const letterName = LETTER_NAMES.get(name.toLowerCase())
  if (letterName !== undefined) yield letterName
  const spoken = single(name.replace(/(?<=\d)\.(?=\d)/g, ' point ').replace(/[&+%@=]/g, (sign) => SIGNS[sign] ?? sign))
  // Letters and digits are separated: "iPhone15" is spoken as two words, but "21st" as one.
  const apart = spoken
    .replace(/(\p{L})(?=\d)/gu, '$1 ')
    .replace(/(\d)(?!(?:st|nd|rd|th)(?!\p{L}))(?=\p{L})/giu, '$1 ')
  const plain = single(apart.replace(/[-–—/·.,:;!?"()[\]]+/g, ' '))
  yield plain
  yield* numbersAsWords(plain)
  yield* numbersAsFigures(plain)
  yield plain.normalize('NFD').replace(/(?<=\p{Script=Latin})\p{M}+/gu, '').normalize('NFC')
  yield spoken
  yield single(spoken.replace(/[-–—'’]/g, ''))
}

/** Every number of the name is verbalized in the same style. */
function* numbersAsWords(name: string): Generator<string, undefined> {
  const figures = name.match(FIGURES)
  if (figures === null) return
  for (const style of NUMBER_STYLES) {
    const own = figures.map((one) => verbalize(one, style))
    if (style !== 'whole' && own.every((one) => one === undefined)) continue
    const spoken = figures.flatMap((one, index) =>
      own[index] ?? verbalize(one, 'whole') ?? verbalize(one, 'digits') ?? [])
    if (spoken.length < figures.length) continue
    const next = spoken.values()
    yield single(name.replace(FIGURES, () => ` ${next.next().value ?? ''} `))
  }
}

/** "Route Sixty Six" → "Route 66". Other words keep their letter case. */
function numbersAsFigures(name: string): string[] {
  const words = name.split(' ')
  const figured: string[] = []
  let at = 0
  // Words that are not numbers are returned unchanged and in order; everything between two of them is a number.
  for (const one of spellNumbersInDigits(words.map((word) => word.toLowerCase()))) {
    if (/^\d/.test(one)) {
      if (/^\d+$/.test(figured.at(-1) ?? '')) figured.push(`${figured.pop() ?? ''}${one}`)
      else figured.push(one)
      continue
    }
    while (at < words.length && words[at]?.toLowerCase() !== one) at++
    figured.push(words[at++] ?? one)
  }
  const written = figured.join(' ')
  return written.toLowerCase() === name.toLowerCase() ? [] : [written]
}

/** As given, in lower case, in sentence case and in title case, without repetition. */
function* inCases(wording: string): Generator<string, undefined> {
  yield wording
  const lower = wording.toLowerCase()
  if (lower !== wording) yield lower
  const begun = lower.charAt(0).toUpperCase() + lower.slice(1)
  if (begun !== wording && begun !== lower) yield begun
  const titled = lower.replace(/(^|[\s-])(\p{L})/gu, (_, before: string, letter: string) =>
    before + letter.toUpperCase())
  if (titled !== wording && titled !== lower && titled !== begun) yield titled
}

function single(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
