/**
 * Verbalization of the numbers in a name: "120" is "one hundred twenty", "one twenty" or "one two zero". Cardinals and
 * ordinals come from a library; years, house numbers and digit sequences are verbalized here. English only, as the
 * models that decode with a catalogue.
 */
import { ToWords } from 'to-words/en-US'

const WORDS = new ToWords()
/** More digits are a code and not spoken as one number. */
const MAX_NUMBER_DIGITS = 7
/** More digits are spoken in groups that cannot be predicted. */
const MAX_DIGITS = 12

/** All numbers of a name are verbalized in the same style. */
export const NUMBER_STYLES = ['whole', 'whole with and', 'pairs', 'digits'] as const
export type NumberStyle = (typeof NUMBER_STYLES)[number]

/** Undefined if the style does not apply. `figures`: digits, optionally with an ordinal ending. */
export function verbalize(figures: string, style: NumberStyle): string | undefined {
  const [digits = ''] = /^\d+/.exec(figures) ?? []
  const isOrdinal = digits.length < figures.length
  if (digits.length > MAX_DIGITS || (isOrdinal && style !== 'whole')) return undefined
  switch (style) {
    case 'whole': return digits.length > MAX_NUMBER_DIGITS ? undefined : whole(Number(digits), isOrdinal)
    case 'whole with and':
      return digits.length > MAX_NUMBER_DIGITS ? undefined : withAnd(whole(Number(digits), false))
    case 'pairs': return pairs(digits)
    case 'digits':
      return digits.length < 2 ? undefined : [...digits].map((digit) => whole(Number(digit), false)).join(' ')
  }
}

/** By groups below a thousand, so that the library is called at most once for each. */
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
const MAX_CACHED = 1_000

/** Below 1,000. */
function cardinal(value: number): string {
  return cached(CARDINALS, value, () => WORDS.convert(value))
}

function ordinal(value: number): string {
  return cached(ORDINALS, value, () => WORDS.toOrdinal(value))
}

function cached(known: Map<number, string>, value: number, read: () => string): string {
  const before = known.get(value)
  if (before !== undefined) return before
  if (known.size === MAX_CACHED) known.clear()
  const words = read().toLowerCase()
  known.set(value, words)
  return words
}

/** "one hundred and five", as in British English. */
function withAnd(words: string): string | undefined {
  const spoken = words.replace(/ hundred (?=\w)/g, ' hundred and ')
  return spoken === words ? undefined : spoken
}

/** "nineteen eighty four", "one twenty", "twenty oh five". */
function pairs(digits: string): string | undefined {
  if (digits.length !== 3 && digits.length !== 4) return undefined
  const [first, second] = [digits.slice(0, -2), digits.slice(-2)]
  if (first.startsWith('0')) return undefined
  const spoken = whole(Number(second), false)
  const rest = second === '00' ? 'hundred' : second.startsWith('0') ? `oh ${spoken}` : spoken
  return `${whole(Number(first), false)} ${rest}`
}
