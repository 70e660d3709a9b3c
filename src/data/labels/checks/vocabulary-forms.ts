/**
 * Conventions that only the whole set shows: words written together, with a hyphen or apart ("voicemail", "voice-mail",
 * "voice mail"), with and without diacritics, and names with and without their capital.
 */
import type { LabelToken } from '../label-tokens.js'
import type { FormSeen } from './conventions.js'
import { insideSentences } from './label-forms.js'

/** Together and apart are different words, such as "everyday" and "every day", or a noun and its verb ("back up"). */
const TWO_MEANINGS = new Set(`maybe already altogether without within therefore however whatever whenever whoever
  wherever outside inside another nobody today tonight forever nowadays percent itself himself herself myself yourself
  themselves ourselves whether almost always also although`.split(/\s+/))
const FIRST_OF_TWO_MEANINGS = new Set(['any', 'some', 'every', 'the', 'not', 'and', 'for', 'her', 'his', 'our', 'can'])
const PARTICLES = new Set(['out', 'off', 'down', 'over', 'back', 'away', 'through', 'around', 'one', 'self'])
/** With and without diacritics they are two words. */
const TWO_SPELLINGS = new Set(['resume', 'expose', 'pate', 'rose', 'saute', 'lame'])
/** Names and words alike. */
const NAMES_TOO = new Set(`may march will bill mark art rose hope grace faith joy court state church house south north
  east west king queen president doctor street road bank park`.split(/\s+/))
const FEWEST_PART_LETTERS = 3
const FEWEST_LETTERS = 6

type Labels = readonly (readonly LabelToken[])[]

/** By label. */
export function vocabularyForms(labels: Labels): FormSeen[][] {
  const split = joinedCandidates(labels)
  const accented = new Set(labels.flatMap((tokens) =>
    tokens.filter(({ lower }) => withoutDiacritics(lower) !== lower).map(({ lower }) => withoutDiacritics(lower))))
  const named = new Set(labels.flatMap((tokens) =>
    insideSentences(tokens).filter(({ core }) => /^\p{Lu}\p{Ll}{2,}$/u.test(core)).map(({ lower }) => lower)))
  return labels.map((tokens) => [
    ...compounds(tokens, split), ...diacritics(tokens, accented), ...names(tokens, named),
  ])
}

/** What hyphenated words and neighbours would be if they were written together. */
function joinedCandidates(labels: Labels): Set<string> {
  const words = new Set(labels.flatMap((tokens) => tokens.map(({ lower }) => lower)))
  const joined = labels.flatMap((tokens) => tokens.flatMap((token, index) =>
    [joinedByHyphen(token), joinedWithNext(token, tokens[index + 1])].filter((one) => one !== undefined)))
  return new Set(joined.filter((one) => words.has(one)))
}

function compounds(tokens: readonly LabelToken[], split: ReadonlySet<string>): FormSeen[] {
  return tokens.flatMap((token, index) => {
    const next = tokens[index + 1]
    const spans: [joined: string | undefined, form: string, word: string][] = [
      [token.lower, 'together', token.core],
      [joinedByHyphen(token), 'with a hyphen', token.core],
      [joinedWithNext(token, next), 'apart', `${token.core} ${next?.core}`],
    ]
    return spans.flatMap(([joined, form, word]) =>
      joined === undefined || !split.has(joined) ? []
        : [{ topic: 'compounds', soundClass: `"${joined}"`, form, word } as const])
  })
}

function joinedByHyphen({ lower }: LabelToken): string | undefined {
  const joined = lower.replaceAll('-', '')
  return /^\p{L}+-\p{L}+$/u.test(lower) && joined.length >= FEWEST_LETTERS - 1 ? joined : undefined
}

function joinedWithNext(token: LabelToken, next: LabelToken | undefined): string | undefined {
  if (next === undefined || token.isMark || next.isMark || token.trailing !== '') return undefined
  const parts = [token.lower, next.lower]
  if (parts.some((part) => part.length < FEWEST_PART_LETTERS || !/^\p{L}+$/u.test(part))) return undefined
  if (FIRST_OF_TWO_MEANINGS.has(token.lower) || PARTICLES.has(next.lower)) return undefined
  const joined = parts.join('')
  return joined.length < FEWEST_LETTERS || TWO_MEANINGS.has(joined) ? undefined : joined
}

function diacritics(tokens: readonly LabelToken[], accented: ReadonlySet<string>): FormSeen[] {
  return tokens.flatMap(({ lower, core }) => {
    const plain = withoutDiacritics(lower)
    if (!accented.has(plain) || TWO_SPELLINGS.has(plain)) return []
    return [{ topic: 'spelling', soundClass: `"${plain}"`, form: `"${lower}"`, word: core } as const]
  })
}

function names(tokens: readonly LabelToken[], named: ReadonlySet<string>): FormSeen[] {
  return insideSentences(tokens).flatMap(({ lower, core }) => {
    if (!named.has(lower) || NAMES_TOO.has(lower) || !/^\p{L}\p{Ll}+$/u.test(core)) return []
    const form = /^\p{Lu}/u.test(core) ? 'with a capital' : 'in lower case'
    return [{ topic: 'names', soundClass: `"${lower}"`, form, word: core } as const]
  })
}

function withoutDiacritics(word: string): string {
  return word.normalize('NFKD').replace(/\p{M}/gu, '')
}
