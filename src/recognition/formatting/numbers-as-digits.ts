/**
 * `numbers=digits`: English number words become figures as people type them, "twenty five dollars" → "$25", "three
 * thirty p.m." → "3:30 p.m." (inverse text normalization; for the classes see Ebden & Sproat, "The Kestrel TTS text
 * normalization system", Natural Language Engineering 2015).
 *
 * A number is written in figures only where it can be read in one way. Single digits stay words ("no one", "one of
 * them") unless they have a unit or a place ("channel 5"), and number words that do not form one number stay as they
 * are ("seven eleven"). docs/spelling.md has a table of cases.
 */
import { numberWordOf } from '../../domain/numbers/parse.js'
import { lastTwoAt, pairAt, spokenNumberAt, type SpokenNumber } from './number-words.js'
import { rewrite, textOf, tokenOf, type Piece, type Rewriting } from './pieces.js'

/** One word of the text; "twenty-five" is one piece of two words. */
interface Spoken {
  /** In lower case, without the punctuation around it. */
  readonly word: string
  readonly piece: number
  readonly beginsPiece: boolean
  readonly endsPiece: boolean
}

/** What a rule writes for the words up to `next`. */
interface Written {
  readonly text: string
  readonly next: number
}

type Rule = (words: readonly string[], at: number, before: string) => Written | undefined

/** Behind these, a number is a name: "room 204", "season 2". */
const NUMBERED = new Set(`room route channel gate platform bus flight exit highway interstate apartment suite page
  chapter episode season track level version extension code order terminal`.split(/\s+/))
const BEFORE_TIME = new Set('at by until till before after around alarm'.split(' '))
const MONTHS = new Set(`january february march april may june july august september october november
  december`.split(/\s+/))
/** Behind a number, "second" is then an ordinal and not a length of time. */
const AFTER_ORDINAL = new Set('of century street avenue floor birthday anniversary time'.split(' '))
const COINS: Readonly<Record<string, string>> = { dollar: '$', dollars: '$', euro: '€', euros: '€' }

/** Of one number; the time of a long text stays linear. */
const MAX_WORDS = 64

const RULES: readonly Rule[] = [money, percent, timeOfDay, date, numbered, plainNumber]

export function numbersAsDigits(pieces: readonly Piece[]): Piece[] {
  const spoken = pieces.flatMap(spokenIn)
  const firstOf = new Map(spoken.flatMap((one, index) => one.beginsPiece ? [[one.piece, index] as const] : []))
  return rewrite(pieces, (at) => {
    const start = firstOf.get(at)
    return start === undefined ? undefined : rewritingAt(pieces, spoken, start)
  })
}

function rewritingAt(pieces: readonly Piece[], spoken: readonly Spoken[], start: number): Rewriting | undefined {
  const until = endOfPhrase(pieces, spoken, start)
  const words = spoken.slice(start, until).map(({ word }) => word)
  const isArticle = words[0] === 'a' && numberWordOf(words[1])?.kind === 'scale'
  if (!isArticle && numberWordOf(words[0]) === undefined) return undefined
  const before = isBehindMark(pieces, spoken, start) ? '' : spoken[start - 1]?.word ?? ''
  for (const rule of RULES) {
    const written = rule(words, 0, before)
    if (written === undefined) continue
    const last = spoken[start + written.next - 1]
    if (last === undefined || !last.endsPiece || isPartOfList(pieces, spoken, start, start + written.next)) continue
    const first = spoken[start]!.piece
    const { lead } = tokenOf(pieces[first]!.text)
    const trail = trailOf(pieces[last.piece]!.text, written.text)
    return { count: last.piece - first + 1, text: `${lead}${written.text}${trail}` }
  }
  if (isArticle) return undefined
  // Number words without a reading stay together as they are.
  let next = 0
  while (numberWordOf(words[next]) !== undefined) next++
  const first = spoken[start]!.piece
  const count = spoken[start + next - 1]!.piece - first + 1
  return { count, text: textOf(pieces.slice(first, first + count)) }
}

/** The words of a piece; the parts of "twenty-five" are words of their own. */
function spokenIn({ text }: Piece, piece: number): Spoken[] {
  const core = tokenOf(text).core.toLowerCase()
  const parts = core.split('-')
  const words = parts.length > 1 && parts.every((part) => numberWordOf(part) !== undefined) ? parts : core.split(' ')
  return words.map((word, index) => ({
    word, piece, beginsPiece: index === 0, endsPiece: index === words.length - 1,
  }))
}

/** A number does not continue behind a punctuation mark, except digits one by one behind a comma. */
function endOfPhrase(pieces: readonly Piece[], spoken: readonly Spoken[], start: number): number {
  const limit = Math.min(spoken.length, start + MAX_WORDS)
  for (let at = start; at < limit; at++) {
    const { piece, endsPiece } = spoken[at]!
    if (!endsPiece || tokenOf(pieces[piece]!.text).trail === '') continue
    const isDigit = (one: Spoken | undefined): boolean => /^(unit|teen)$/.test(numberWordOf(one?.word)?.kind ?? '')
    const isComma = tokenOf(pieces[piece]!.text).trail === ','
    if (!(isComma && isDigit(spoken[at]) && isDigit(spoken[at + 1]))) return at + 1
  }
  return limit
}

/** "fourteen, sixty two" may be one number or two. */
function isPartOfList(pieces: readonly Piece[], spoken: readonly Spoken[], start: number, end: number): boolean {
  const isBesideComma = (before: Spoken | undefined, after: Spoken | undefined): boolean =>
    before !== undefined && tokenOf(pieces[before.piece]!.text).trail === ','
    && [before, after].every((one) => numberWordOf(one?.word) !== undefined)
  return isBesideComma(spoken[start - 1], spoken[start]) || isBesideComma(spoken[end - 1], spoken[end])
}

function isBehindMark(pieces: readonly Piece[], spoken: readonly Spoken[], start: number): boolean {
  const before = spoken[start - 1]
  return before !== undefined && tokenOf(pieces[before.piece]!.text).trail !== ''
}

/** The period of "p.m." is not repeated. */
function trailOf(text: string, written: string): string {
  const { trail } = tokenOf(text)
  return written.endsWith('.') ? trail.replace(/^\./, '') : trail
}

/** "$25", "$25.50", "$3 million", "€20". Pounds may be a weight. */
function money(words: readonly string[], at: number): Written | undefined {
  const amount = amountAt(words, at)
  const coin = COINS[words[amount?.next ?? -1] ?? '']
  if (amount === undefined || coin === undefined) return undefined
  const next = amount.next + 1
  if (amount.kind === 'decimal') return { text: `${coin}${amount.figures.replace(/\.(\d)$/, '.$10')}`, next }
  const cents = centsAt(words, words[next] === 'and' ? next + 1 : next)
  if (cents === undefined || amount.figures.includes('million')) return { text: `${coin}${amount.figures}`, next }
  return { text: `${coin}${amount.figures}.${String(cents.value).padStart(2, '0')}`, next: cents.next }
}

function centsAt(words: readonly string[], at: number): { readonly value: number; readonly next: number } | undefined {
  const cents = spokenNumberAt(words, at)
  if (cents?.kind !== 'cardinal' || cents.value >= 100 || !/^cents?$/.test(words[cents.next] ?? '')) return undefined
  return { value: cents.value, next: cents.next + 1 }
}

/** "15%", "2.5%". */
function percent(words: readonly string[], at: number): Written | undefined {
  const amount = amountAt(words, at)
  if (amount === undefined || words[amount.next] !== 'percent') return undefined
  return { text: `${amount.figures}%`, next: amount.next + 1 }
}

/** A quantity; "a hundred" counts here. */
function amountAt(words: readonly string[], at: number): SpokenNumber | undefined {
  const figures = /^\d+$/.exec(words[at] ?? '')?.[0]
  if (figures !== undefined) return { figures, next: at + 1, kind: 'cardinal', value: Number(figures) }
  const number = spokenNumberAt(words, at)
  return number?.kind === 'cardinal' || number?.kind === 'decimal' ? number : undefined
}

/** "3:30 p.m.", "5 p.m.", "at 7:30", "5 o'clock". */
function timeOfDay(words: readonly string[], at: number, before: string): Written | undefined {
  const hour = numberWordOf(words[at])
  if (hour === undefined || hour.suffix !== '' || hour.value < 1 || hour.value > 12) return undefined
  const minutes = lastTwoAt(words, at + 1)
  const isTime = minutes !== undefined && minutes.value < 60 && minutes.suffix === ''
  const clock = isTime ? `${hour.value}:${String(minutes.value).padStart(2, '0')}` : String(hour.value)
  const next = isTime ? minutes.next : at + 1
  const half = halfOfDayAt(words, next)
  if (half !== undefined) return { text: `${clock} ${half.text}`, next: half.next }
  const isHour = !isTime && /^o['’]clock$/.test(words[next] ?? '')
  if (!isTime) return isHour ? { text: `${clock} ${words[next]!}`, next: next + 1 } : undefined
  const isFree = numberWordOf(words[next]) === undefined && !((words[next] ?? '') in COINS) && words[next] !== 'percent'
  return BEFORE_TIME.has(before) && isFree ? { text: clock, next } : undefined
}

function halfOfDayAt(words: readonly string[], at: number): Written | undefined {
  const [, half] = /^([ap])\.?m$/.exec(words[at] ?? '') ?? []
  if (half !== undefined) return { text: `${half}.m.`, next: at + 1 }
  const isApart = /^[ap]$/.test(words[at] ?? '') && words[at + 1] === 'm'
  return isApart ? { text: `${words[at]!}.m.`, next: at + 2 } : undefined
}

/** "May 1st", "1st of May": ordinals below ten, too. */
function date(words: readonly string[], at: number, before: string): Written | undefined {
  const day = spokenNumberAt(words, at)
  if (day?.kind !== 'ordinal' || day.value < 1 || day.value > 31) return undefined
  const isDate = MONTHS.has(before) || (words[day.next] === 'of' && MONTHS.has(words[day.next + 1] ?? ''))
  return isDate ? { text: day.figures, next: day.next } : undefined
}

/** "room 330", "channel 5": numbers in two parts and single digits, too. */
function numbered(words: readonly string[], at: number, before: string): Written | undefined {
  if (!NUMBERED.has(before)) return undefined
  const number = pairAt(words, at) ?? spokenNumberAt(words, at)
  if (number === undefined || number.kind === 'ordinal') return undefined
  return numberWordOf(words[number.next]) === undefined ? { text: number.figures, next: number.next } : undefined
}

function plainNumber(words: readonly string[], at: number, before: string): Written | undefined {
  const decade = numberWordOf(words[at])
  if (before === 'the' && decade?.suffix === 's') return { text: `${decade.value}s`, next: at + 1 }
  const number = spokenNumberAt(words, at)
  if (number === undefined || numberWordOf(words[number.next]) !== undefined) return undefined
  if (number.value < 10 && number.kind !== 'decimal') return undefined
  if (words[at] === 'a' && number.next === at + 2) return undefined // "a hundred times"
  const isLengthOfTime = number.kind === 'ordinal' && words[number.next - 1] === 'second'
    && !AFTER_ORDINAL.has(words[number.next] ?? '')
  return isLengthOfTime ? undefined : { text: number.figures, next: number.next }
}
