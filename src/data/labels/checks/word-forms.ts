/** Conventions of single words in English: fillers, spelling, symbols, noise marks, apostrophes, spelled letters. */
import { SPELLED_LIKE_WORDS, SPELLINGS } from '../../../domain/scoring/spellings.js'
import { withStraightApostrophes, type LabelToken } from '../label-tokens.js'
import type { FormSeen } from './conventions.js'

/** Filled pauses by sound. "ah" and "oh" are interjections, and "err" is a verb. */
const FILLER_CLASSES: readonly (readonly [soundClass: string, pattern: RegExp])[] = [
  ['um', /^(?:u+h?m+|erm+|ehm+)$/], ['uh', /^(?:uh+|er)$/], ['hm', /^hm+$/], ['mhm', /^(?:mhm+|mm-?hm+)$/],
]
/** Both are written by Americans, or each means something else too. */
const NO_DIALECT = new Set(`check checks practice practiced practicing story tire tires curb mold draft license licenses
  program programs while among toward afterward learned burned dreamed spelled spoiled judgment acknowledgment aging
  dialog dialogs catalog catalogs theater theaters`.split(/\s+/))
const OTHER_VARIANTS = new Set(['okay', 'allright', 'hello', 'goodbye', 'granddad'])
/** Titles: short and long form sound the same. */
const TITLES = new Set(['mister', 'missus', 'doctor', 'professor', 'junior', 'senior', 'versus'])
/** Symbol → words that are said for it. */
const SYMBOLS: Readonly<Record<string, readonly string[]>> = {
  '%': ['percent'], '&': ['and'], '+': ['plus'], '=': ['equals'], '#': ['pound', 'hash'], '*': ['star', 'asterisk'],
}
/** Names of noise marks by meaning. */
const MARK_CLASSES: readonly (readonly [soundClass: string, pattern: RegExp])[] = [
  ['laughter', /^laugh(?:s|ter|ing)?$/], ['cough', /^cough(?:s|ing)?$/], ['breath', /^breath(?:s|e|es|ing)?$/],
  ['noise', /^(?:background[ _-]?)?noises?$/], ['unintelligible', /^(?:unintelligible|inaudible|indistinct|unclear)$/],
]

export function wordForms(tokens: readonly LabelToken[]): FormSeen[] {
  return [
    ...tokens.flatMap((token, index) =>
      token.isMark ? markForms(token) : [...fillerForms(token, index < tokens.length - 1), ...formsOfWord(token)]),
    ...spelledForms(tokens),
  ]
}

/** Whether a word in lower case is a filled pause. */
export function isFiller(word: string): boolean {
  return FILLER_CLASSES.some(([, pattern]) => pattern.test(word))
}

function formsOfWord(token: LabelToken): FormSeen[] {
  return [...spellingForms(token), ...symbolForms(token), ...apostropheForms(token)]
}

function fillerForms({ lower, raw, trailing }: LabelToken, isFollowed: boolean): FormSeen[] {
  const [soundClass] = FILLER_CLASSES.find(([, pattern]) => pattern.test(lower)) ?? []
  if (soundClass === undefined) return []
  const spelled = { topic: 'fillers', soundClass: `the filler "${soundClass}"`, form: `"${lower}"`, word: raw } as const
  if (!isFollowed || !/^,?$/.test(trailing)) return [spelled]
  const form = trailing === ',' ? 'with a comma' : 'without a comma'
  return [spelled, { topic: 'fillers', soundClass: 'fillers before another word', form, word: raw }]
}

function spellingForms({ lower, core }: LabelToken): FormSeen[] {
  const plain = lower === 'o.k' || lower === 'o.k.' ? 'o.k.' : lower
  const compared = plain === 'o.k.' ? 'okay' : SPELLINGS.get(plain) ?? plain
  if (OTHER_VARIANTS.has(compared) || TITLES.has(compared)) {
    return [{ topic: 'spelling', soundClass: `"${compared}"`, form: `"${plain}"`, word: core }]
  }
  if (compared === plain) return dialectOfAmerican(plain, core)
  const isOther = NO_DIALECT.has(compared) || compared.includes(' ') || plain === 'ms'
  return isOther ? [] : [{ topic: 'spelling', soundClass: 'spelling', form: 'British', word: core }]
}

/** American forms of the table: those that the value side has and that tell the dialect. */
function dialectOfAmerican(word: string, core: string): FormSeen[] {
  const isAmerican = AMERICAN.has(word) && !NO_DIALECT.has(word)
  return isAmerican ? [{ topic: 'spelling', soundClass: 'spelling', form: 'American', word: core }] : []
}

const AMERICAN: ReadonlySet<string> = new Set(
  [...SPELLINGS.values()].filter((word) => !word.includes(' ') && word !== 'miss' && !TITLES.has(word)))

function symbolForms({ lower, core }: LabelToken): FormSeen[] {
  return Object.entries(SYMBOLS).flatMap(([symbol, words]): FormSeen[] => {
    const soundClass = `the symbol ${symbol}`
    if (core === symbol || (symbol === '%' && /^\d[\d.,]*%$/.test(core))) {
      return [{ topic: 'symbols', soundClass, form: symbol, word: core }]
    }
    return words.includes(lower) ? [{ topic: 'symbols', soundClass, form: words[0]!, word: core }] : []
  })
}

/** The shape of apostrophes; a missing one is found by class, since "its" and "it's" are both words. */
function apostropheForms({ core, lower }: LabelToken): FormSeen[] {
  const forms: FormSeen[] = []
  if (/\p{L}['‘’ʼ`´]\p{L}/u.test(core)) {
    const form = withStraightApostrophes(core) === core ? 'straight' : 'curly'
    forms.push({ topic: 'apostrophes', soundClass: 'apostrophes', form, word: core })
  }
  if (/^(?:do|does|did|is|are|was|were|would|could|should|have|has|had|must|ca|wo)n'?t$/.test(lower)
    && !/^wont$/.test(lower)) {
    const form = lower.includes('\'') ? 'with an apostrophe' : 'without an apostrophe'
    forms.push({ topic: 'apostrophes', soundClass: 'contractions with "not"', form, word: core })
  }
  return forms
}

function markForms({ raw, lower }: LabelToken): FormSeen[] {
  const shape = { '[': 'in [ ]', '<': 'in < >', '{': 'in { }', '(': 'in ( )', '*': 'in * *' }[raw.charAt(0)]!
  const name = lower.slice(1, -1).trim()
  const [soundClass] = MARK_CLASSES.find(([, pattern]) => pattern.test(name)) ?? []
  return [
    { topic: 'noise-marks', soundClass: 'noise marks', form: shape, word: raw },
    ...soundClass === undefined ? [] : [{
      topic: 'noise-marks', soundClass: `the mark for ${soundClass}`, form: name, word: raw,
    } as const],
  ]
}

/** Letters that are said one by one: "U S B", "U.S.B." and "USB". The form is the same question for all of them. */
function spelledForms(tokens: readonly LabelToken[]): FormSeen[] {
  const seen = (letters: string, form: string, word: string): FormSeen => ({
    topic: 'spelled-letters', soundClass: `the letters ${letters.toUpperCase()}`, form, word,
  })
  const forms: FormSeen[] = []
  // In a label that is all in capitals, every short word would look like letters.
  const showsCapitals = tokens.length === 1 || tokens.some(({ core }) => /\p{Ll}/u.test(core))
  for (let at = 0; at < tokens.length; at++) {
    const { core, lower, isMark, trailing } = tokens[at]!
    if (isMark) continue
    if (/^\p{L}(?:\.\p{L})+$/u.test(core)) forms.push(seen(core.replaceAll('.', ''), 'with points', `${core}${trailing}`))
    else if (/^\p{Lu}(?:-\p{Lu})+$/u.test(core)) forms.push(seen(core.replaceAll('-', ''), 'with hyphens', core))
    else if (showsCapitals && /^\p{Lu}{2,5}$/u.test(core) && !SPELLED_LIKE_WORDS.has(lower)) {
      forms.push(seen(core, 'together', core))
    } else {
      const run = runOfLetters(tokens, at)
      if (run.length > 1) forms.push(seen(run.join(''), 'with spaces', run.join(' ')))
      at += Math.max(0, run.length - 1)
    }
  }
  return forms
}

/** "a" and "i" are words too: a run needs another letter, and "a U S B" begins with the article. */
function runOfLetters(tokens: readonly LabelToken[], from: number): string[] {
  let end = from
  while (end < tokens.length && /^\p{L}$/u.test(tokens[end]!.core)) end++
  const run = tokens.slice(from, end).map(({ core }) => core)
  if (run[0] === 'a' && run.slice(1).every((letter) => /\p{Lu}/u.test(letter))) return []
  return run.some((letter) => !/[ai]/i.test(letter)) ? run : []
}
