/**
 * `numbers=words`: figures become English words, "$25" → "twenty-five dollars". What has other signs or letters in it
 * ("MP3", "1/2", "5-10") is left as it is.
 */
import { ordinalOf, pluralOfTens, SMALL_NUMBERS, TENS } from '../../domain/numbers/lexicon.js'
import { rewrite, tokenOf, type Piece } from './pieces.js'

const SCALES = [[1e12, 'trillion'], [1e9, 'billion'], [1e6, 'million'], [1000, 'thousand'], [100, 'hundred']] as const
const COINS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  $: ['dollar', 'dollars'], '£': ['pound', 'pounds'], '€': ['euro', 'euros'],
}
/** Longer figures without commas are read digit by digit. */
const MAX_FIGURES = 6
/** With commas; beyond, a count has no exact value. */
const MAX_GROUPED_FIGURES = 15
const FIRST_YEAR = 1100
const LAST_YEAR = 2099
const NUMBER = String.raw`\d+|\d{1,3}(?:,\d{3})+`
const MONEY = new RegExp(String.raw`^([$£€])(${NUMBER})(?:\.(\d\d))?$`)
const PERCENT = new RegExp(String.raw`^((?:${NUMBER})(?:\.\d+)?)%$`)
const DECIMAL = new RegExp(String.raw`^(${NUMBER})\.(\d+)$`)
const ORDINAL = new RegExp(String.raw`^(${NUMBER})(?:st|nd|rd|th)$`, 'i')
const PLAIN = new RegExp(`^(?:${NUMBER})$`)

export function numbersAsWords(pieces: readonly Piece[]): Piece[] {
  const tokens = pieces.map(({ text }) => tokenOf(text))
  return rewrite(pieces, (at) => {
    const { lead, core, trail } = tokens[at]!
    const coin = /^[$£€]/.exec(core)?.[0]
    const scale = /^(?:million|billion|trillion)$/.exec(tokens[at + 1]?.core ?? '')?.[0]
    if (coin !== undefined && scale !== undefined && trail === '') {
      const amount = inWords(core.slice(1))
      if (amount === undefined) return undefined
      return { count: 2, text: `${lead}${amount} ${scale} ${COINS[coin]![1]}${tokens[at + 1]!.trail}` }
    }
    const words = inWords(core)
    if (words === undefined) return undefined
    const isFirst = at > 0 && /[.!?]$/.test(tokens[at - 1]!.trail)
    return { count: 1, text: `${lead}${isFirst ? words.charAt(0).toUpperCase() + words.slice(1) : words}${trail}` }
  })
}

/** Undefined for what is no number. */
function inWords(core: string): string | undefined {
  return moneyInWords(core) ?? clockInWords(core) ?? telephoneInWords(core) ?? yearsInWords(core)
    ?? matched(PERCENT, core, ([, amount = '']) => `${inWords(amount) ?? ''} percent`)
    ?? matched(DECIMAL, core, ([, whole = '', decimals = '']) =>
      `${countInWords(whole)} point ${digitsInWords(decimals)}`)
    ?? matched(ORDINAL, core, ([, whole = '']) => ordinalOf(countInWords(whole)))
    ?? matched(PLAIN, core, ([whole]) => countInWords(whole))
}

function matched(
  pattern: RegExp, text: string, write: (match: RegExpExecArray) => string,
): string | undefined {
  const match = pattern.exec(text)
  return match === null ? undefined : write(match)
}

function moneyInWords(core: string): string | undefined {
  return matched(MONEY, core, ([, coin = '', whole = '', cents]) => {
    const [one, many] = COINS[coin]!
    const amount = `${countInWords(whole)} ${whole === '1' ? one : many}`
    const part = coin === '£' ? 'pence' : Number(cents) === 1 ? 'cent' : 'cents'
    if (cents === undefined || cents === '00') return amount
    return `${amount} and ${cardinal(Number(cents))} ${part}`
  })
}

/** "7:30", "7:05", "7:00". A half of the day next to it is left as it is: "7:30pm" → "seven thirty p.m." */
function clockInWords(core: string): string | undefined {
  return matched(/^(\d{1,2}):([0-5]\d)(?:([ap])\.?m)?$/i, core, ([, hour = '', minutes = '', half]) => {
    const past = minutes === '00' ? (half === undefined ? ['o\'clock'] : []) : [lastTwoInWords(minutes)]
    const day = half === undefined ? [] : [`${half.toLowerCase()}.m.`]
    return [cardinal(Number(hour)), ...past, ...day].join(' ')
  })
}

function telephoneInWords(core: string): string | undefined {
  return /^(?:1-)?(?:\d{3}-)?\d{3}-\d{4}$/.test(core) ? digitsInWords(core.replaceAll('-', '')) : undefined
}

/** "1963", "2005", "1980s", "80s". */
function yearsInWords(core: string): string | undefined {
  return matched(/^(\d\d)?(\d\d)(s?)$/, core, ([, century, rest = '', plural = '']) => {
    if (plural !== '') {
      if (Number(rest) % 10 !== 0 || rest === '10' || rest === '00') return core
      return [...century === undefined ? [] : [countInWords(century)], pluralOfTens(countInWords(rest))].join(' ')
    }
    const year = Number(`${century ?? ''}${rest}`)
    const isPair = century !== undefined && year >= FIRST_YEAR && year <= LAST_YEAR && !(year >= 2000 && year < 2010)
    return isPair ? `${countInWords(century)} ${lastTwoInWords(rest)}` : countInWords(core)
  })
}

function lastTwoInWords(digits: string): string {
  if (digits === '00') return 'hundred'
  return digits.startsWith('0') ? `oh ${SMALL_NUMBERS[Number(digits)]!}` : cardinal(Number(digits))
}

/** Figures with a leading zero, and long ones without commas, are read digit by digit. */
function countInWords(figures: string): string {
  const plain = figures.replaceAll(',', '')
  const isCode = (plain.length > 1 && plain.startsWith('0')) || plain.length > MAX_GROUPED_FIGURES
    || (plain === figures && plain.length > MAX_FIGURES)
  return isCode ? digitsInWords(plain) : cardinal(Number(plain))
}

function digitsInWords(figures: string): string {
  return [...figures].map((digit) => SMALL_NUMBERS[Number(digit)]!).join(' ')
}

/** "two hundred fifty-six". */
function cardinal(value: number): string {
  if (value < SMALL_NUMBERS.length) return SMALL_NUMBERS[value]!
  if (value < 100) {
    const tens = TENS[Math.floor(value / 10) - 2]!
    return value % 10 === 0 ? tens : `${tens}-${SMALL_NUMBERS[value % 10]!}`
  }
  const [scale, name] = SCALES.find(([size]) => value >= size)!
  const counted = `${cardinal(Math.floor(value / scale))} ${name}`
  return value % scale === 0 ? counted : `${counted} ${cardinal(value % scale)}`
}
