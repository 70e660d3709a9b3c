/** Consecutive words → the value of the number they say: "two hundred and five", "21st", "3 million". */
import { NUMBER_WORDS, type NumberWord } from './lexicon.js'

/** `next`: index of the word behind the number. `suffix`: of an ordinal (`th`) or a plural (`s`). */
export interface ParsedNumber {
  readonly value: number
  readonly next: number
  readonly suffix: string
}

/** Figures without any other sign, with the ending of an ordinal or a plural. */
export const FIGURES = /^(\d+)(st|nd|rd|th|s)?$/

/** The longest number that begins at `start`: groups of decreasing scale. */
export function parseNumber(words: readonly string[], start: number): ParsedNumber | undefined {
  let group = parseGroup(words, start)
  let total = 0
  let smallest = Infinity
  while (group !== undefined) {
    const scale = numberWordOf(words[group.next])
    if (group.suffix !== '' || scale?.kind !== 'scale' || scale.value < 1000 || scale.value >= smallest) {
      return { ...group, value: total + group.value }
    }
    total += group.value * scale.value
    smallest = scale.value
    const next: number = group.next + 1
    group = scale.suffix === '' ? parseRest(words, next, smallest) : undefined
    if (group === undefined) return { value: total, next, suffix: scale.suffix }
  }
  return undefined
}

/** A number before "thousand": up to 999, or any digits. */
function parseGroup(words: readonly string[], start: number): ParsedNumber | undefined {
  const small = parseBelowHundred(words, start)
  const implied = small === undefined && impliesOne(words, start)
  if (small === undefined && !implied) return undefined
  const count = small ?? { value: 1, next: start + (words[start] === 'a' ? 1 : 0), suffix: '' }
  const scale = numberWordOf(words[count.next])
  if (count.suffix !== '' || scale?.value !== 100 || scale.kind !== 'scale') return count
  const next = count.next + 1
  const hundreds = count.value * 100
  const rest = scale.suffix === '' ? parseRest(words, next, 100) : undefined
  return rest ? { ...rest, value: hundreds + rest.value } : { value: hundreds, next, suffix: scale.suffix }
}

/** "(and) five" after a scale. Not when it counts a scale of its own: "one hundred and two hundred" are two numbers. */
function parseRest(words: readonly string[], start: number, below: number): ParsedNumber | undefined {
  const from = words[start] === 'and' ? start + 1 : start
  const rest = below === 100 ? parseBelowHundred(words, from) : parseGroup(words, from)
  if (rest === undefined || rest.value >= below || rest.value === 0) return undefined
  const following = numberWordOf(words[rest.next])
  const countsAScale = following?.kind === 'scale'
    && (following.value === 100 || (from > start && following.value >= below))
  return countsAScale ? undefined : rest
}

export function parseBelowHundred(words: readonly string[], start: number): ParsedNumber | undefined {
  const first = numberWordOf(words[start])
  if (first === undefined || first.kind === 'scale') return undefined
  const second = numberWordOf(words[start + 1])
  if (first.kind === 'tens' && first.suffix === '' && second?.kind === 'unit') {
    return { value: first.value + second.value, next: start + 2, suffix: second.suffix }
  }
  return { value: first.value, next: start + 1, suffix: first.suffix }
}

/** "a hundred", or "hundred" alone. */
function impliesOne(words: readonly string[], start: number): boolean {
  return numberWordOf(words[words[start] === 'a' ? start + 1 : start])?.kind === 'scale'
}

/** The meaning of a number word or of figures; undefined for any other word. */
export function numberWordOf(text: string | undefined): NumberWord | undefined {
  if (text === undefined) return undefined
  const [, figures, ending] = FIGURES.exec(text) ?? []
  if (figures === undefined) return NUMBER_WORDS.get(text)
  return { value: Number(figures), kind: 'digits', suffix: ending === undefined ? '' : ending === 's' ? 's' : 'th' }
}
