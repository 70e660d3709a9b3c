/** Conventions of whole labels: casing, the mark at the end, figures or words. Labels that fit several are left out. */
import { NUMBER_WORDS } from '../../../domain/numbers/lexicon.js'
import type { LabelToken } from '../label-tokens.js'
import type { FormSeen } from './conventions.js'

/** Words that are no count in most places, or where figures are unusual: "no one", "one of them", "a second". */
const UNSURE_NUMBERS = new Set([
  'one', 'first', 'second', 'seconds', 'third', 'thirds', 'hundred', 'thousand', 'million', 'billion', 'trillion',
])
const FIGURES = /^[$£€#]?\d(?:[\d.,:]*\d)?(?:st|nd|rd|th|s|%)?$/i
/** Words that have a capital in every text. */
const ALWAYS_CAPITAL = new Set(`i i'm i'll i'd i've monday tuesday wednesday thursday friday saturday sunday january
  february april june july august september october november december`.split(/\s+/))

/** Of any language that has capitals. `names`: lower-case words that always have a capital. */
export function labelForms(tokens: readonly LabelToken[], names: ReadonlySet<string>): FormSeen[] {
  return [...casing(tokens, names), ...ending(tokens)]
}

/** English numbers. */
export function numberForms(tokens: readonly LabelToken[]): FormSeen[] {
  return tokens.flatMap(({ core, lower, isMark }) => {
    if (isMark) return []
    const form = FIGURES.test(core) ? 'in figures' : isNumberWord(lower) ? 'in words' : undefined
    return form === undefined ? [] : [{ topic: 'numbers', soundClass: 'numbers', form, word: core } as const]
  })
}

/** Words that the set writes with a capital inside of sentences: a label that begins with one tells nothing. */
export function namesOf(labels: readonly (readonly LabelToken[])[]): Set<string> {
  const capital = new Map<string, number>()
  const small = new Map<string, number>()
  for (const tokens of labels) {
    for (const { core, lower } of insideSentences(tokens)) {
      const counts = /^\p{Lu}/u.test(core) ? capital : small
      counts.set(lower, (counts.get(lower) ?? 0) + 1)
    }
  }
  return new Set([...capital].filter(([word, count]) => count > (small.get(word) ?? 0)).map(([word]) => word))
}

/** Words behind another word of the same sentence, of labels that are not all in capitals. */
export function insideSentences(tokens: readonly LabelToken[]): LabelToken[] {
  if (!tokens.some(({ core, isMark }) => !isMark && /\p{Ll}/u.test(core))) return []
  return tokens.filter(({ core, isMark }, index) => {
    const before = tokens[index - 1]
    return before !== undefined && !before.isMark && !isMark && core !== '' && !/[.!?…:"“]/u.test(before.trailing)
      && !/^["“(]/u.test(tokens[index]!.raw)
  })
}

function casing(tokens: readonly LabelToken[], names: ReadonlySet<string>): FormSeen[] {
  const words = tokens.filter(({ core, isMark }) => !isMark && /\p{L}/u.test(core))
  const [first] = words
  if (first === undefined || !/\p{Ll}|\p{Lu}/u.test(first.core)) return []
  const form = casingOf(words, first, names)
  return form === undefined ? [] : [{ topic: 'casing', soundClass: 'labels', form, word: first.core }]
}

function casingOf(
  words: readonly LabelToken[], first: LabelToken, names: ReadonlySet<string>,
): string | undefined {
  if (words.every(({ core }) => !/\p{Ll}/u.test(core))) {
    // One word in capitals can be an acronym, and letters can be spelled.
    return words.filter(({ core }) => core.length > 1).length > 1 ? 'in capitals' : undefined
  }
  if (/^\p{Ll}/u.test(first.core)) return 'in lower case from the beginning'
  if (first.core.length === 1 && first.lower !== 'a') return undefined
  const isName = ALWAYS_CAPITAL.has(first.lower) || names.has(first.lower) || /\p{Lu}/u.test(first.core.slice(1))
  return isName ? undefined : 'with a capital at the beginning'
}

function ending(tokens: readonly LabelToken[]): FormSeen[] {
  const last = tokens.at(-1)
  if (last === undefined || last.isMark || last.core === '') return []
  // An abbreviation has its own point, and a word can be cut off.
  if (/^(?:\p{L}\.)+\p{L}$/u.test(last.core) || /^(?:[-–—,;:]|\.\.+|…)/u.test(last.trailing)) return []
  const form = /[.!?]/.test(last.trailing) ? 'with a mark' : 'without a mark'
  return [{ topic: 'punctuation', soundClass: 'the end of labels', form, word: last.raw }]
}

/** "twenty-one" too. */
function isNumberWord(word: string): boolean {
  const parts = word.split('-')
  return parts.every((part) => NUMBER_WORDS.has(part)) && !parts.every((part) => UNSURE_NUMBERS.has(part))
}
