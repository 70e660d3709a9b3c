/**
 * Numbers in any notation → their digits, one word each: "fourteen fifty five", "1455" and "one thousand four hundred
 * and fifty five" all become "1 4 5 5".
 *
 * Words become digits and not the reverse, because several spoken forms have one value while one value has several
 * spoken forms ("1455" would be ambiguous). Digits are separate words because "five five", "5 5" and "55" are the same
 * digits: years, telephone numbers and counts then need no rules of their own, and one wrong digit is one error. As
 * a consequence, a round million counts seven words.
 */

interface NumberWord {
  readonly value: number
  /** `unit` 1–9, `teen` 0 and 10–19, `tens` 20–90, `scale` 100 and up, `digits` written in figures. */
  readonly kind: 'unit' | 'teen' | 'tens' | 'scale' | 'digits'
  /** Of an ordinal (`th`) or a plural (`s`); a number ends there. */
  readonly suffix: '' | 'th' | 's'
}

interface Parsed { readonly value: number; readonly next: number; readonly suffix: string }

const WORDS = numberWords()
const FIGURES = /^(\d+)(st|nd|rd|th|s)?$/

export function spellNumbersInDigits(words: readonly string[]): string[] {
  const spelled: string[] = []
  for (let at = 0; at < words.length;) {
    const parsed = parseNumber(words, at)
    if (parsed !== undefined) {
      spelled.push(...digitsOf(parsed, words, at))
      at = parsed.next
    } else {
      spelled.push(isSpokenZero(words, at) ? '0' : words[at]!)
      at++
    }
  }
  return spelled
}

/** The longest number that begins at `start`: groups of decreasing scale. */
function parseNumber(words: readonly string[], start: number): Parsed | undefined {
  let group = parseGroup(words, start)
  let total = 0
  let smallest = Infinity
  while (group !== undefined) {
    const scale = word(words[group.next])
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
function parseGroup(words: readonly string[], start: number): Parsed | undefined {
  const small = parseBelowHundred(words, start)
  const implied = small === undefined && impliesOne(words, start)
  if (small === undefined && !implied) return undefined
  const count = small ?? { value: 1, next: start + (words[start] === 'a' ? 1 : 0), suffix: '' }
  const scale = word(words[count.next])
  if (count.suffix !== '' || scale?.value !== 100 || scale.kind !== 'scale') return count
  const next = count.next + 1
  const hundreds = count.value * 100
  const rest = scale.suffix === '' ? parseRest(words, next, 100) : undefined
  return rest ? { ...rest, value: hundreds + rest.value } : { value: hundreds, next, suffix: scale.suffix }
}

/** "(and) five" after a scale. Not when it counts a scale of its own: "one hundred and two hundred" are two numbers. */
function parseRest(words: readonly string[], start: number, below: number): Parsed | undefined {
  const from = words[start] === 'and' ? start + 1 : start
  const rest = below === 100 ? parseBelowHundred(words, from) : parseGroup(words, from)
  if (rest === undefined || rest.value >= below || rest.value === 0) return undefined
  const following = word(words[rest.next])
  const countsAScale = following?.kind === 'scale'
    && (following.value === 100 || (from > start && following.value >= below))
  return countsAScale ? undefined : rest
}

function parseBelowHundred(words: readonly string[], start: number): Parsed | undefined {
  const first = word(words[start])
  if (first === undefined || first.kind === 'scale') return undefined
  const second = word(words[start + 1])
  if (first.kind === 'tens' && first.suffix === '' && second?.kind === 'unit') {
    return { value: first.value + second.value, next: start + 2, suffix: second.suffix }
  }
  return { value: first.value, next: start + 1, suffix: first.suffix }
}

/** "a hundred", or "hundred" alone. */
function impliesOne(words: readonly string[], start: number): boolean {
  return word(words[words[start] === 'a' ? start + 1 : start])?.kind === 'scale'
}

/** "oh" and "o" between two numbers: "one oh one". */
function isSpokenZero(words: readonly string[], at: number): boolean {
  return (words[at] === 'oh' || words[at] === 'o') && word(words[at - 1]) !== undefined
    && word(words[at + 1]) !== undefined
}

/**
 * An ordinal's or plural's ending stays with its last digit: "2 1st". Figures that were not counted with a scale keep
 * leading zeros.
 */
function digitsOf({ value, next, suffix }: Parsed, words: readonly string[], start: number): string[] {
  const figures = next === start + 1 ? FIGURES.exec(words[start]!)?.[1] : undefined
  const digits = [...figures ?? String(value)]
  digits[digits.length - 1] += suffix === 'th' ? ordinalSuffix(value) : suffix
  return digits
}

function ordinalSuffix(value: number): string {
  const lastTwo = value % 100
  if (lastTwo >= 11 && lastTwo <= 13) return 'th'
  return ['th', 'st', 'nd', 'rd'][value % 10] ?? 'th'
}

function word(text: string | undefined): NumberWord | undefined {
  if (text === undefined) return undefined
  const [, figures, ending] = FIGURES.exec(text) ?? []
  if (figures === undefined) return WORDS.get(text)
  return { value: Number(figures), kind: 'digits', suffix: ending === undefined ? '' : ending === 's' ? 's' : 'th' }
}

function numberWords(): ReadonlyMap<string, NumberWord> {
  const table = new Map<string, NumberWord>()
  const add = (kind: NumberWord['kind'], value: number, cardinal: string, ordinal: string): void => {
    table.set(cardinal, { value, kind, suffix: '' })
    table.set(ordinal, { value, kind, suffix: 'th' })
    if (kind === 'tens') table.set(cardinal.replace(/y$/, 'ies'), { value, kind, suffix: 's' })
  }
  const list = (text: string): string[][] => text.split(' ').map((pair) => pair.split('/'))
  const small = 'zero/zeroth one/first two/second three/third four/fourth five/fifth six/sixth seven/seventh '
    + 'eight/eighth nine/ninth ten/tenth eleven/eleventh twelve/twelfth thirteen/thirteenth '
    + 'fourteen/fourteenth fifteen/fifteenth sixteen/sixteenth seventeen/seventeenth eighteen/eighteenth '
    + 'nineteen/nineteenth'
  const tens = 'twenty/twentieth thirty/thirtieth forty/fortieth fifty/fiftieth sixty/sixtieth seventy/seventieth '
    + 'eighty/eightieth ninety/ninetieth'
  const scales = 'hundred/hundredth thousand/thousandth million/millionth billion/billionth trillion/trillionth'
  list(small).forEach(([cardinal, ordinal], value) => {
    add(value >= 1 && value <= 9 ? 'unit' : 'teen', value, cardinal!, ordinal!)
  })
  list(tens).forEach(([cardinal, ordinal], index) => { add('tens', 20 + 10 * index, cardinal!, ordinal!) })
  list(scales).forEach(([cardinal, ordinal], index) => {
    add('scale', index === 0 ? 100 : 1000 ** index, cardinal!, ordinal!)
  })
  return table
}
