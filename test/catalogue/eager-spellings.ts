/**
 * All spellings of names, made at once and cut to the bound afterwards, numbers read by the library alone: what
 * src/catalogue/spellings.ts makes piece by piece is held against it.
 */
import { ToWords } from 'to-words/en-US'
import { spellNumbersInDigits } from '../../src/scoring/number-words.js'

const WORDS = new ToWords()
const MOST_CHARACTERS = 300
const SIGNS: Readonly<Record<string, string>> = { '&': ' and ', '+': ' plus ', '%': ' percent ', '@': ' at ', '=': ' equals ' }
const FIGURES = /\d+(?:st|nd|rd|th)?(?!\p{L})/giu
const READINGS = ['whole', 'whole with and', 'pairs', 'digits'] as const

/** At most so many, the likeliest first, none twice. */
export function eagerSpellings(names: readonly string[], most: number): string[] {
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
    const readings = figures.map((one) => readEagerly(one, reading) ?? readEagerly(one, 'whole') ?? readEagerly(one, 'digits'))
    const isOther = reading === 'whole' || figures.some((one) => readEagerly(one, reading) !== undefined)
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

/** Undefined where nobody would read the figures so. `figures`: digits, perhaps with the ending of an ordinal. */
export function readEagerly(figures: string, reading: (typeof READINGS)[number]): string | undefined {
  const digits = /^\d+/.exec(figures)![0]
  const isOrdinal = digits.length < figures.length
  if (digits.length > 12 || (isOrdinal && reading !== 'whole')) return undefined
  switch (reading) {
    case 'whole': return digits.length > 7 ? undefined : whole(Number(digits), isOrdinal)
    case 'whole with and': return digits.length > 7 ? undefined : withAnd(whole(Number(digits), false))
    case 'pairs': return pairs(digits)
    case 'digits': return digits.length < 2 ? undefined : [...digits].map((digit) => whole(Number(digit), false)).join(' ')
  }
}

function whole(value: number, isOrdinal: boolean): string {
  return (isOrdinal ? WORDS.toOrdinal(value) : WORDS.convert(value)).toLowerCase()
}

/** "one hundred and five", as the British and many others say. */
function withAnd(words: string): string | undefined {
  const spoken = words.replace(/ hundred (?=\w)/g, ' hundred and ')
  return spoken === words ? undefined : spoken
}

/** "nineteen eighty four", "one twenty", "twenty oh five". */
function pairs(digits: string): string | undefined {
  if (digits.length !== 3 && digits.length !== 4) return undefined
  const [first, second] = [digits.slice(0, -2), digits.slice(-2)]
  if (first.startsWith('0')) return undefined
  const rest = second === '00' ? 'hundred' : second.startsWith('0') ? `oh ${whole(Number(second), false)}` : whole(Number(second), false)
  return `${whole(Number(first), false)} ${rest}`
}
