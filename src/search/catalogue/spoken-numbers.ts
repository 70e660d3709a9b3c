/**
 * The ways in which a number in a name is read aloud: "120" is "one hundred twenty", "one twenty" or "one two zero".
 * Cardinals and ordinals come from a library; years, house numbers and digits one by one are read in ways of their own.
 * English: the models that hear with a catalogue are.
 */
import { ToWords } from 'to-words/en-US'

const WORDS = new ToWords()
/** More digits are a code: nobody reads it as one number. */
const MOST_DIGITS_OF_A_NUMBER = 7
/** More are not read one by one either, but in groups that nobody foresees. */
const MOST_DIGITS = 12

/** By how they are read, so that all numbers of a name can be read alike. */
export const READINGS = ['whole', 'whole with and', 'pairs', 'digits'] as const
export type Reading = (typeof READINGS)[number]

/** Undefined where nobody would read the figures so. `figures`: digits, perhaps with the ending of an ordinal. */
export function readAloud(figures: string, reading: Reading): string | undefined {
  const digits = /^\d+/.exec(figures)![0]
  const isOrdinal = digits.length < figures.length
  if (digits.length > MOST_DIGITS || (isOrdinal && reading !== 'whole')) return undefined
  switch (reading) {
    case 'whole': return digits.length > MOST_DIGITS_OF_A_NUMBER ? undefined : whole(Number(digits), isOrdinal)
    case 'whole with and': return digits.length > MOST_DIGITS_OF_A_NUMBER ? undefined : withAnd(whole(Number(digits), false))
    case 'pairs': return pairs(digits)
    case 'digits': return digits.length < 2 ? undefined : [...digits].map((digit) => whole(Number(digit), false)).join(' ')
  }
}

/** By thousands: each of a thousand groups is asked of the library once. */
function whole(value: number, isOrdinal: boolean): string {
  if (isOrdinal) return ordinal(value)
  if (value < 1_000) return cardinal(value)
  const [scale, name] = value < 1_000_000 ? [1_000, 'thousand'] as const : [1_000_000, 'million'] as const
  const rest = value % scale
  const counted = `${cardinal(Math.floor(value / scale))} ${name}`
  return rest === 0 ? counted : `${counted} ${whole(rest, false)}`
}

const CARDINALS = new Map<number, string>()
const ORDINALS = new Map<number, string>()
const MOST_REMEMBERED = 1_000

/** Below 1,000. */
function cardinal(value: number): string {
  return remembered(CARDINALS, value, () => WORDS.convert(value))
}

function ordinal(value: number): string {
  return remembered(ORDINALS, value, () => WORDS.toOrdinal(value))
}

function remembered(known: Map<number, string>, value: number, read: () => string): string {
  const before = known.get(value)
  if (before !== undefined) return before
  if (known.size === MOST_REMEMBERED) known.clear()
  const words = read().toLowerCase()
  known.set(value, words)
  return words
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
