/**
 * The ways in which an entry may be written by a model that hears it: its name and aliases, numbers as figures and as
 * words, signs as words, parts joined and apart, and the cases that models write. A decoder that is steered by tokens
 * knows nothing of all that: to it "Two" and "two" are strangers.
 *
 * Bounded for each entry. What is likely comes first, for every name before the next kind of any, so that the bound
 * cuts off what is rare and not the last alias.
 */
import { spellNumbersInDigits } from '../../domain/scoring/number-words.js'
import type { Phrase } from '../../domain/phrases.js'
import type { Entry } from './entry.js'
import { READINGS, readAloud } from './spoken-numbers.js'

export const MOST_SPELLINGS = 16
/** Of all entries together: a list of many entries is held in every recognition process, so each gets fewer. */
const MOST_SPELLINGS_OF_ALL = 800_000
/** Of one spelling: what has grown longer in words is nothing that anybody says. */
const MOST_CHARACTERS = 300

const SIGNS: Readonly<Record<string, string>> = { '&': ' and ', '+': ' plus ', '%': ' percent ', '@': ' at ', '=': ' equals ' }
const FIGURES = /\d+(?:st|nd|rd|th)?(?!\p{L})/giu

/** How many spellings each entry of a catalogue of so many may have. */
export function mostSpellings(entries: number): number {
  return Math.min(MOST_SPELLINGS, Math.floor(MOST_SPELLINGS_OF_ALL / entries))
}

export function toPhrase({ name, aliases, weight }: Pick<Entry, 'name' | 'aliases' | 'weight'>, most = MOST_SPELLINGS): Phrase {
  return { spellings: spellingsOf([name, ...aliases], most), weight }
}

/** At most so many, the likeliest first, none twice. Each is made when it is asked for: most names need few. */
export function spellingsOf(names: readonly string[], most = MOST_SPELLINGS): string[] {
  const found = new Set<string>()
  let spelled = names.map(spellings)
  while (spelled.length > 0) {
    const goingOn: typeof spelled = []
    for (const one of spelled) {
      if (found.size === most) return [...found]
      const { done, value } = one.next()
      if (done) continue
      goingOn.push(one)
      if (value.length <= MOST_CHARACTERS) found.add(value)
    }
    spelled = goingOn
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

/** In the case of the name, the likeliest first; one may come twice, or be empty. */
function* wordings(name: string): Generator<string, undefined> {
  yield name
  const spoken = single(name.replace(/(?<=\d)\.(?=\d)/g, ' point ').replace(/[&+%@=]/g, (sign) => SIGNS[sign]!))
  // Letters and figures apart: "iPhone15" is heard as two words, "21st" as one.
  const apart = spoken.replace(/(\p{L})(?=\d)/gu, '$1 ').replace(/(\d)(?!(?:st|nd|rd|th)(?!\p{L}))(?=\p{L})/giu, '$1 ')
  const plain = single(apart.replace(/[-–—/·.,:;!?"()[\]]+/g, ' '))
  yield plain
  yield* numbersAsWords(plain)
  yield* numbersAsFigures(plain)
  yield plain.normalize('NFD').replace(/(?<=\p{Script=Latin})\p{M}+/gu, '').normalize('NFC')
  yield spoken
  yield single(spoken.replace(/[-–—'’]/g, ''))
}

/** Every number of the name read in the same way. */
function* numbersAsWords(name: string): Generator<string, undefined> {
  const figures = name.match(FIGURES)
  if (figures === null) return
  for (const reading of READINGS) {
    const own = figures.map((one) => readAloud(one, reading))
    if (reading !== 'whole' && own.every((one) => one === undefined)) continue
    const readings = figures.map((one, index) => own[index] ?? readAloud(one, 'whole') ?? readAloud(one, 'digits'))
    if (readings.includes(undefined)) continue
    let next = 0
    yield single(name.replace(FIGURES, () => ` ${readings[next++]!} `))
  }
}

/** "Route Sixty Six" → "Route 66". Other words keep their case. */
function numbersAsFigures(name: string): string[] {
  const words = name.split(' ')
  const figured: string[] = []
  let at = 0
  // The words that are no numbers come back as they were, in their order: what lies between two of them is a number.
  for (const one of spellNumbersInDigits(words.map((word) => word.toLowerCase()))) {
    if (/^\d/.test(one)) {
      if (/^\d$/.test(figured.at(-1)?.at(-1) ?? '') && /^\d+$/.test(figured.at(-1)!)) figured[figured.length - 1] += one
      else figured.push(one)
      continue
    }
    while (at < words.length && words[at]!.toLowerCase() !== one) at++
    figured.push(words[at++] ?? one)
  }
  const written = figured.join(' ')
  return written.toLowerCase() === name.toLowerCase() ? [] : [written]
}

/** As given, in lower case, and as at the beginning of a sentence or of a title, none twice. Scripts without cases have one form. */
function* inCases(wording: string): Generator<string, undefined> {
  yield wording
  const lower = wording.toLowerCase()
  if (lower !== wording) yield lower
  const begun = lower.charAt(0).toUpperCase() + lower.slice(1)
  if (begun !== wording && begun !== lower) yield begun
  const titled = lower.replace(/(^|[\s-])(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase())
  if (titled !== wording && titled !== lower && titled !== begun) yield titled
}

function single(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
