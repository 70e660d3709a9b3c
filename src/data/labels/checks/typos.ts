/**
 * Probable typing errors: a word that the set has once, one edit away from a frequent word that the set has in the same
 * place, beside the same neighbour. A rare word alone is no fault ("night" is one edit from "right"), and a dictionary
 * would not know the names of a catalogue; the neighbour is what keeps the precision high.
 *
 * Candidates are found by deletions (SymSpell, Garbe 2012): two words that are one edit apart become equal when a
 * letter, or none, is deleted from each. That takes a lookup for each letter instead of a comparison with each word.
 */
import { distance } from 'fastest-levenshtein'
import type { LabelToken } from '../label-tokens.js'
import type { LabelEntry, LabelFinding } from './findings.js'

/** Below that, most words are one edit from another word. */
const FEWEST_LETTERS = 4
/** Labels that must have the frequent word, and that must have it beside the same neighbour. */
const FEWEST_LABELS = 5
const FEWEST_NEIGHBOURS = 3
/**
 * Share of a neighbour's places that the frequent word must have: "the" stands beside too many words to tell. Two long
 * words are rarely one edit apart by chance.
 */
const LEAST_SHARE = { short: 0.2, long: 0.02 }
const LONG_LETTERS = 7
/** Two words that differ by these alone have one stem, or by the second ones in a short word: "cloth", "clothe". */
const ENDING = /^(?:s|es|d|ed|r|er|y|ly|n|en|th|ing|'s)$/
const SHORT_ENDING = /^[et]$/

interface Occurrence {
  readonly label: number
  readonly word: string
  readonly before: string | null
  readonly after: string | null
}

export function probableTypos(
  entries: readonly LabelEntry[], labels: readonly (readonly LabelToken[])[], known: ReadonlySet<string>,
): LabelFinding[] {
  const occurrences = labels.flatMap((tokens, label) => occurrencesOf(tokens, label))
  const labelsOf = countLabels(occurrences.map(({ label, word }) => [word, label]))
  const neighbours = countLabels(occurrences.flatMap(({ label, word, before, after }): [string, number][] => [
    [`${before} _`, label], [`${before} ${word}`, label], [`_ ${after}`, label], [`${word} ${after}`, label],
  ]))
  const times = new Map<string, number>()
  for (const { word } of occurrences) times.set(word, (times.get(word) ?? 0) + 1)
  const frequent = indexByDeletions([...labelsOf].filter(([word, count]) => count >= FEWEST_LABELS
    && word.length >= FEWEST_LETTERS).map(([word]) => word))
  return occurrences
    .filter(({ word }) => times.get(word) === 1 && word.length >= FEWEST_LETTERS && !known.has(word))
    .flatMap((one) => {
      const meant = wordMeant(one, frequent, neighbours)
      return meant === undefined ? [] : [asFinding(entries[one.label]!, one, meant, labelsOf.get(meant)!)]
    })
}

/** Words of letters; the neighbours are null at the ends of the label. */
function occurrencesOf(tokens: readonly LabelToken[], label: number): Occurrence[] {
  const words = tokens.filter(({ isMark, lower }) => !isMark && lower !== '').map(({ lower }) => lower)
  return words.flatMap((word, index) => /^[\p{L}\p{M}']+$/u.test(word)
    ? [{ label, word, before: words[index - 1] ?? null, after: words[index + 1] ?? null }]
    : [])
}

function countLabels(seen: readonly (readonly [key: string, label: number])[]): Map<string, number> {
  const sets = new Map<string, Set<number>>()
  for (const [key, label] of seen) sets.set(key, (sets.get(key) ?? new Set()).add(label))
  return new Map([...sets].map(([key, labels]) => [key, labels.size]))
}

/** The word that fits the place best. */
function wordMeant(
  { word, before, after }: Occurrence, frequent: ReadonlyMap<string, readonly string[]>,
  neighbours: ReadonlyMap<string, number>,
): string | undefined {
  const leastShare = word.length < LONG_LETTERS ? LEAST_SHARE.short : LEAST_SHARE.long
  const beside = (neighbour: string | null, pair: string, any: string): number => {
    const labels = neighbour === null ? 0 : neighbours.get(pair) ?? 0
    return labels >= leastShare * (neighbours.get(any) ?? 0) ? labels : 0
  }
  const support = (other: string): number =>
    Math.max(beside(before, `${before} ${other}`, `${before} _`), beside(after, `${other} ${after}`, `_ ${after}`))
  const candidates = new Set([word, ...deletionsOf(word)].flatMap((part) => frequent.get(part) ?? []))
  return [...candidates]
    .filter((other) => mayBeTypo(word, other) && support(other) >= FEWEST_NEIGHBOURS)
    .sort((a, b) => support(b) - support(a))[0]
}

/**
 * The first letter is nearly never wrong (Yannakoudakis & Fawthrop 1983), and many words differ in it alone: "sound",
 * "pound".
 */
function mayBeTypo(word: string, other: string): boolean {
  return word.charAt(0) === other.charAt(0) && isOneEdit(word, other) && !isInflection(word, other)
}

/** Also two neighbouring letters that are swapped, which counts as two in Levenshtein's distance. */
export function isOneEdit(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false
  const edits = distance(a, b)
  if (edits !== 2 || a.length !== b.length) return edits === 1
  const at = [...a].findIndex((letter, index) => letter !== b.charAt(index))
  return a.charAt(at) === b.charAt(at + 1) && a.charAt(at + 1) === b.charAt(at) && a.slice(at + 2) === b.slice(at + 2)
}

/** Words that differ by an ending: "message", "messages". */
function isInflection(a: string, b: string): boolean {
  let shared = 0
  while (shared < a.length && a.charAt(shared) === b.charAt(shared)) shared++
  const isShort = Math.min(a.length, b.length) < LONG_LETTERS
  return [a.slice(shared), b.slice(shared)].every((rest) =>
    rest === '' || ENDING.test(rest) || (isShort && SHORT_ENDING.test(rest)))
}

function indexByDeletions(words: readonly string[]): Map<string, string[]> {
  const index = new Map<string, string[]>()
  for (const word of words) {
    for (const part of [word, ...deletionsOf(word)]) index.set(part, [...index.get(part) ?? [], word])
  }
  return index
}

function deletionsOf(word: string): string[] {
  return Array.from({ length: word.length }, (_, at) => word.slice(0, at) + word.slice(at + 1))
}

function asFinding({ clip }: LabelEntry, { word }: Occurrence, meant: string, labels: number): LabelFinding {
  return {
    kind: 'typo', severity: 'warning', rule: null, clips: [clip], words: [word],
    message: `"${word}" is written once, and "${meant}" stands in ${labels} labels, in the same place in some`,
    suggestion: `write ${meant}, unless the other word was said`,
  }
}
