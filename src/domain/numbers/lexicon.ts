/** The number words of English and what each stands for, shared by scoring, search and text formatting. */

export interface NumberWord {
  readonly value: number
  /** `unit` 1–9, `teen` 0 and 10–19, `tens` 20–90, `scale` 100 and up, `digits` written in figures. */
  readonly kind: 'unit' | 'teen' | 'tens' | 'scale' | 'digits'
  /** Of an ordinal (`th`) or a plural (`s`); a number ends there. */
  readonly suffix: '' | 'th' | 's'
}

export const SMALL_NUMBERS = `zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
  fifteen sixteen seventeen eighteen nineteen`.split(/\s+/)
const SMALL_ORDINALS = `zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
  thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth`.split(/\s+/)
/** From 20 on. */
export const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ')
/** 100, then powers of 1000. */
const SCALES = 'hundred thousand million billion trillion'.split(' ')

/** Lower-case word → its meaning. */
export const NUMBER_WORDS: ReadonlyMap<string, NumberWord> = numberWords()

/** The ending of an ordinal in figures: 1st, 2nd, 3rd, 11th. */
export function ordinalSuffix(value: number): string {
  const lastTwo = value % 100
  if (lastTwo >= 11 && lastTwo <= 13) return 'th'
  return ['th', 'st', 'nd', 'rd'][value % 10] ?? 'th'
}

/** "twenty-one" → "twenty-first". `cardinal`: number words in lower case. */
export function ordinalOf(cardinal: string): string {
  return cardinal.replace(/[a-z]+$/, (last) => {
    const small = SMALL_NUMBERS.indexOf(last)
    return small === -1 ? tensOrScaleOrdinal(last) : SMALL_ORDINALS[small]!
  })
}

function numberWords(): ReadonlyMap<string, NumberWord> {
  const table = new Map<string, NumberWord>()
  const add = (kind: NumberWord['kind'], value: number, cardinal: string, ordinal: string): void => {
    table.set(cardinal, { value, kind, suffix: '' })
    table.set(ordinal, { value, kind, suffix: 'th' })
    if (kind === 'tens') table.set(pluralOfTens(cardinal), { value, kind, suffix: 's' })
  }
  SMALL_NUMBERS.forEach((cardinal, value) => {
    add(value >= 1 && value <= 9 ? 'unit' : 'teen', value, cardinal, SMALL_ORDINALS[value]!)
  })
  TENS.forEach((cardinal, index) => { add('tens', 20 + 10 * index, cardinal, tensOrScaleOrdinal(cardinal)) })
  SCALES.forEach((cardinal, index) => {
    add('scale', index === 0 ? 100 : 1000 ** index, cardinal, tensOrScaleOrdinal(cardinal))
  })
  return table
}

function tensOrScaleOrdinal(cardinal: string): string {
  return `${cardinal.replace(/y$/, 'ie')}th`
}

/** "eighties". */
export function pluralOfTens(cardinal: string): string {
  return cardinal.replace(/y$/, 'ies')
}
