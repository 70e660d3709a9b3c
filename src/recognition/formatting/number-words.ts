/**
 * English number words of a transcript as values: the grammar behind `numbers=digits`. It reads what parseNumber reads,
 * and what only speech has: years in two parts, digits one by one, decimals.
 */
import { ordinalSuffix } from '../../domain/numbers/lexicon.js'
import { numberWordOf, parseBelowHundred, parseNumber } from '../../domain/numbers/parse.js'

/** A number that begins at some word; `next` is the index of the word behind it. */
export interface SpokenNumber {
  readonly figures: string
  readonly next: number
  /** `digits` were said one by one; `year` has two parts, as "nineteen sixty three" or "nineteen eighties". */
  readonly kind: 'cardinal' | 'ordinal' | 'decimal' | 'digits' | 'year'
  /** Not finite for `digits`, which are no quantity. */
  readonly value: number
}

/** Fewer digits one by one are left as they are: "one two" may count. */
const MIN_DIGITS = 3
/** Years in two parts; beyond, such as "forty seven eleven", only a context can tell what is meant. */
const FIRST_YEAR = 1100
const LAST_YEAR = 2099
/** Figures from here on have commas. */
const COMMAS_FROM = 10_000

/** Undefined where no number begins, and for one that is written in figures already. `words` are in lower case. */
export function spokenNumberAt(words: readonly string[], at: number): SpokenNumber | undefined {
  if (numberWordOf(words[at])?.kind === 'digits') return undefined
  return digitsAt(words, at) ?? yearAt(words, at) ?? decimalAt(words, at) ?? countAt(words, at)
}

/** "two oh four", "nine one one", "one eight hundred five five five one two one two". */
function digitsAt(words: readonly string[], at: number): SpokenNumber | undefined {
  let figures = ''
  let next = at
  for (let digit = digitOf(words[next]); digit !== undefined; digit = digitOf(words[next])) {
    if (next === at && isOh(words[next])) return undefined
    figures += digit
    next++
    if (words[next] === 'hundred' && /^1?[2-9]$/.test(figures) && sevenDigitsAt(words, next + 1)) {
      figures += '00'
      next++
    }
  }
  // The last digit may begin a larger number: "one two hundred". An "oh" at the end is an exclamation.
  while (next > at && (isOh(words[next - 1]) || numberWordOf(words[next])?.kind === 'scale')) {
    figures = figures.slice(0, -1)
    next--
    if (isOh(words[next - 1])) continue
    if (numberWordOf(words[next])?.kind !== 'unit') break
  }
  return figures.length < MIN_DIGITS ? undefined : { figures: telephone(figures), next, kind: 'digits', value: NaN }
}

function sevenDigitsAt(words: readonly string[], at: number): boolean {
  return Array.from({ length: 7 }, (_, index) => digitOf(words[at + index])).every((digit) => digit !== undefined)
}

function digitOf(word: string | undefined): string | undefined {
  if (isOh(word)) return '0'
  const found = numberWordOf(word)
  return found?.suffix === '' && found.value < 10 && found.kind !== 'digits' ? String(found.value) : undefined
}

function isOh(word: string | undefined): boolean {
  return word === 'oh' || word === 'o'
}

/** Telephone numbers of North America with hyphens (their exchanges begin with 2 to 9); all else as it is. */
function telephone(figures: string): string {
  const [, country = '', area = '', exchange, line] = /^(1?)([2-9]\d\d)?([2-9]\d\d)(\d{4})$/.exec(figures) ?? []
  if (exchange === undefined || line === undefined || (country !== '' && area === '')) return figures
  return [country, area, exchange, line].filter((part) => part !== '').join('-')
}

/** "nineteen sixty three", "twenty oh five", "twenty twenty four", "nineteen eighties". */
function yearAt(words: readonly string[], at: number): SpokenNumber | undefined {
  const pair = pairAt(words, at)
  return pair !== undefined && pair.value >= FIRST_YEAR && pair.value <= LAST_YEAR ? pair : undefined
}

/** Two parts read as one number, whatever it is: "three thirty", "two fifty six", "forty seven eleven". */
export function pairAt(words: readonly string[], at: number): SpokenNumber | undefined {
  const first = parseBelowHundred(words, at)
  if (first === undefined || first.suffix !== '' || first.value === 0) return undefined
  const second = lastTwoAt(words, first.next)
  if (second === undefined) return undefined
  const value = first.value * 100 + second.value
  return { figures: `${value}${second.suffix}`, next: second.next, kind: 'year', value }
}

/** "thirty", "sixty three", "eleven", "oh five": the minutes of a time, the latter part of a year. */
export function lastTwoAt(
  words: readonly string[], at: number,
): { readonly value: number; readonly next: number; readonly suffix: string } | undefined {
  if (isOh(words[at])) {
    const digit = numberWordOf(words[at + 1])
    return digit?.kind === 'unit' && digit.suffix === '' ? { value: digit.value, next: at + 2, suffix: '' } : undefined
  }
  const found = numberWordOf(words[at])?.kind === 'digits' ? undefined : parseBelowHundred(words, at)
  if (found === undefined || found.value < 10 || found.suffix === 'th') return undefined
  return numberWordOf(words[found.next])?.kind === 'scale' ? undefined : found
}

/** "two point five", "zero point oh one". */
function decimalAt(words: readonly string[], at: number): SpokenNumber | undefined {
  const whole = parseNumber(words, at)
  if (whole === undefined || whole.suffix !== '' || words[whole.next] !== 'point') return undefined
  let figures = `${whole.value}.`
  let next = whole.next + 1
  for (let digit = digitOf(words[next]); digit !== undefined; digit = digitOf(words[next])) {
    figures += digit
    next++
  }
  return next === whole.next + 1 ? undefined : { figures, next, kind: 'decimal', value: Number(figures) }
}

/** Cardinals and ordinals. "hundred" or "a hundred" alone is a manner of speaking and no count. */
function countAt(words: readonly string[], at: number): SpokenNumber | undefined {
  const parsed = parseNumber(words, at)
  if (parsed === undefined || parsed.suffix === 's' || !Number.isSafeInteger(parsed.value)) return undefined
  if (numberWordOf(words[at])?.kind === 'scale') return undefined
  const { value, next } = parsed
  if (parsed.suffix === '') return { figures: writtenCardinal(value), next, kind: 'cardinal', value }
  return { figures: `${grouped(value)}${ordinalSuffix(value)}`, next, kind: 'ordinal', value }
}

/** "256", "12,000", "3 million", "2.5 million". */
function writtenCardinal(value: number): string {
  const scales = [[1e12, 'trillion'], [1e9, 'billion'], [1e6, 'million']] as const
  const [scale, name] = scales.find(([size]) => value >= size) ?? []
  return scale !== undefined && value % (scale / 10) === 0 ? `${value / scale} ${name ?? ''}` : grouped(value)
}

function grouped(value: number): string {
  return value < COMMAS_FROM ? String(value) : value.toLocaleString('en-US')
}
