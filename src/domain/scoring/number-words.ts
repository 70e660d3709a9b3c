/**
 * Number words and figures → figures that can be compared.
 *
 * Words become figures and not the reverse, because several spoken forms have one value while one value has several
 * spoken forms ("1455" would be ambiguous).
 */
import { ordinalSuffix } from '../numbers/lexicon.js'
import { FIGURES, numberWordOf, parseNumber, type ParsedNumber } from '../numbers/parse.js'

/**
 * For word errors: numbers as they are said, so that "1455" equals "fourteen fifty five" and "5:30" equals "five
 * thirty", and "two two" differs from "twenty two". Below ten thousand, hundreds and the rest are apart, and so are
 * tens and units: 22 is "20 2", 123 and "one twenty three" are "1 20 3", 1455 is "14 50 5", 204 is "2 0 4", as "two oh
 * four" and "two zero four". From ten thousand on, each scale is a word: "30 1000". Figures that are said one by one
 * (a leading zero) are apart.
 */
export function spellNumbersAsSaid(words: readonly string[]): string[] {
  return spellNumbers(words, partsOf)
}

/**
 * For search, which finds a number however it is said: digits, one word each. "five five", "5 5" and "55" are the
 * same; years, telephone numbers and counts then need no rules of their own.
 */
export function spellNumbersInDigits(words: readonly string[]): string[] {
  return spellNumbers(words, (parsed, figures) => [...figures ?? String(parsed.value)])
}

/** `figures`: the number as it was written, where it was one word of figures. */
type Spell = (parsed: ParsedNumber, figures: string | undefined) => string[]

/** An ordinal's or plural's ending stays with its last part: "20 1st". */
function spellNumbers(words: readonly string[], spell: Spell): string[] {
  const spelled: string[] = []
  for (let at = 0; at < words.length;) {
    const parsed = parseNumber(words, at)
    if (parsed === undefined) {
      spelled.push(isSpokenZero(words, at) ? '0' : words[at]!)
      at++
      continue
    }
    const { value, suffix, next } = parsed
    const parts = spell(parsed, next === at + 1 ? FIGURES.exec(words[at]!)?.[1] : undefined)
    parts[parts.length - 1] += suffix === 'th' ? ordinalSuffix(value) : suffix
    spelled.push(...parts)
    at = next
  }
  return spelled
}

function partsOf({ value }: ParsedNumber, figures: string | undefined): string[] {
  return figures !== undefined && figures.length > 1 && figures.startsWith('0') ? [...figures] : partsOfValue(value)
}

function partsOfValue(value: number): string[] {
  if (!Number.isSafeInteger(value)) return [String(value)]
  if (value < 20 || (value < 100 && value % 10 === 0)) return [String(value)]
  if (value < 100) return [String(value - value % 10), String(value % 10)]
  if (value < 10_000) return [...partsOfValue(Math.floor(value / 100)), ...lastTwoDigits(value % 100)]
  const scale = 1000 ** Math.floor(Math.log10(value) / 3)
  const rest = value % scale
  const counted = [...partsOfValue(Math.floor(value / scale)), String(scale)]
  return rest === 0 ? counted : [...counted, ...partsOfValue(rest)]
}

function lastTwoDigits(value: number): string[] {
  if (value === 0) return ['0', '0']
  return value < 10 ? ['0', String(value)] : partsOfValue(value)
}

/** "oh" and "o" between two numbers: "one oh one". */
function isSpokenZero(words: readonly string[], at: number): boolean {
  return (words[at] === 'oh' || words[at] === 'o') && numberWordOf(words[at - 1]) !== undefined
    && numberWordOf(words[at + 1]) !== undefined
}
