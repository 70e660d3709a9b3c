/**
 * The ways in which an entry may be written by a model that hears it: its name and aliases, numbers as figures and as
 * words, signs as words, parts joined and apart, and the cases that models write. A decoder that is steered by tokens
 * knows nothing of all that: to it "Two" and "two" are strangers.
 *
 * Bounded for each entry. What is likely comes first, for every name before the next kind of any, so that the bound
 * cuts off what is rare and not the last alias.
 */
import { spellNumbersInDigits } from '../scoring/number-words.js'
import type { Phrase } from '../phrases.js'
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

/** At most so many, the likeliest first, none twice. */
export function spellingsOf(names: readonly string[], most = MOST_SPELLINGS): string[] {
  const found = new Set<string>()
  const byName = names.map((name) => wordings(name).flatMap(inCases))
  const deepest = byName.reduce((most, list) => Math.max(most, list.length), 0)
  for (let rank = 0; rank < deepest; rank++) {
    for (const list of byName) {
      if (found.size === most) return [...found]
      const spelling = list[rank]
      if (spelling !== undefined && spelling.length <= MOST_CHARACTERS) found.add(spelling)
    }
  }
  return [...found]
}

/** In the case of the name, the likeliest first. */
function wordings(name: string): string[] {
  const spoken = single(name.replace(/(?<=\d)\.(?=\d)/g, ' point ').replace(/[&+%@=]/g, (sign) => SIGNS[sign]!))
  // Letters and figures apart: "iPhone15" is heard as two words, "21st" as one.
  const apart = spoken.replace(/(\p{L})(?=\d)/gu, '$1 ').replace(/(\d)(?!(?:st|nd|rd|th)(?!\p{L}))(?=\p{L})/giu, '$1 ')
  const plain = single(apart.replace(/[-–—/·.,:;!?"()[\]]+/g, ' '))
  const joined = single(spoken.replace(/[-–—'’]/g, ''))
  const unmarked = plain.normalize('NFD').replace(/(?<=\p{Script=Latin})\p{M}+/gu, '').normalize('NFC')
  return [...new Set([name, plain, ...numbersAsWords(plain), ...numbersAsFigures(plain), unmarked, spoken, joined])].filter((one) => one !== '')
}

/** Every number of the name read in the same way. */
function numbersAsWords(name: string): string[] {
  const figures = name.match(FIGURES)
  if (figures === null) return []
  return READINGS.flatMap((reading) => {
    const readings = figures.map((one) => readAloud(one, reading) ?? readAloud(one, 'whole') ?? readAloud(one, 'digits'))
    const isOther = reading === 'whole' || figures.some((one) => readAloud(one, reading) !== undefined)
    if (!isOther || readings.includes(undefined)) return []
    let next = 0
    return [single(name.replace(FIGURES, () => ` ${readings[next++]!} `))]
  })
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

/** As given, in lower case, and as at the beginning of a sentence or of a title. Scripts without cases have one form. */
function inCases(wording: string): string[] {
  const lower = wording.toLowerCase()
  const titled = lower.replace(/(^|[\s-])(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase())
  return [...new Set([wording, lower, lower.charAt(0).toUpperCase() + lower.slice(1), titled])]
}

function single(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
