/**
 * Which words go wrong: pairs that are confused, words that are never right, pairs that sound the same, and names and
 * numbers apart from the rest, since a search depends on them.
 */
import { normalizeReference, normalizeText } from '../../domain/scoring/normalize.js'
import type { ExplainOptions } from './causes.js'
import type { ObservedClip } from './clip.js'
import { rateOf, type Rate } from './rate.js'

export interface Confusion {
  readonly said: string
  readonly heard: string
  readonly count: number
  /** Both sound the same, as far as their spelling says. */
  readonly isHomophone: boolean
}

export interface WordCount {
  readonly word: string
  /** In the labels. */
  readonly count: number
  readonly errors: number
}

export const WORD_KINDS = ['name', 'number', 'catalogue word', 'spelled letter', 'other word'] as const
export type WordKind = (typeof WORD_KINDS)[number]

/** Substituted and deleted words of the labels of this kind; inserted words have no kind. */
export interface KindRate extends Rate {
  readonly kind: WordKind
}

export interface WordStatistics {
  readonly substitutions: number
  readonly deletions: number
  readonly insertions: number
  /** The most frequent first, as all lists. */
  readonly confusions: readonly Confusion[]
  readonly homophones: readonly Confusion[]
  readonly deleted: readonly WordCount[]
  readonly inserted: readonly WordCount[]
  /** Words of the labels that are wrong each time, and said twice or more often. */
  readonly neverRight: readonly WordCount[]
  /** Words that are wrong each time, among them those that are said once. */
  readonly neverRightWords: number
  readonly kinds: readonly KindRate[]
}

export interface WordOptions extends ExplainOptions {
  /** Normalized words of a catalogue. */
  readonly catalogueWords: ReadonlySet<string>
}

/** Of each list. */
const MOST_LISTED = 50
const MIN_NEVER_RIGHT = 2

export function wordStatistics(clips: readonly ObservedClip[], options: WordOptions): WordStatistics {
  const pairs = new Map<string, number>()
  const [said, wrong, deleted, inserted] = [0, 0, 0, 0].map(() => new Map<string, number>()) as [
    Map<string, number>, Map<string, number>, Map<string, number>, Map<string, number>,
  ]
  for (const { kind, reference, hypothesis } of clips.flatMap(({ edits }) => edits)) {
    if (reference !== null) add(said, reference)
    if (reference !== null && kind !== 'match') add(wrong, reference)
    if (kind === 'deletion') add(deleted, reference!)
    if (kind === 'insertion') add(inserted, hypothesis!)
    if (kind === 'substitution') add(pairs, `${reference!}\t${hypothesis!}`)
  }
  const confusions = [...pairs].map(([pair, count]): Confusion => {
    const [one = '', other = ''] = pair.split('\t')
    return { said: one, heard: other, count, isHomophone: options.soundOf(one) === options.soundOf(other) }
  }).sort((a, b) => b.count - a.count)
  const listOf = (counts: ReadonlyMap<string, number>): WordCount[] => [...counts]
    .map(([word, errors]) => ({ word, count: said.get(word) ?? 0, errors }))
    .sort((a, b) => b.errors - a.errors).slice(0, MOST_LISTED)
  const never = [...wrong].filter(([word, errors]) => said.get(word) === errors)
  return {
    substitutions: total(pairs), deletions: total(deleted), insertions: total(inserted),
    confusions: confusions.slice(0, MOST_LISTED),
    homophones: confusions.filter(({ isHomophone }) => isHomophone).slice(0, MOST_LISTED),
    deleted: listOf(deleted), inserted: listOf(inserted),
    neverRight: listOf(new Map(never.filter(([, errors]) => errors >= MIN_NEVER_RIGHT))),
    neverRightWords: never.length, kinds: kindRates(clips, options),
  }
}

function kindRates(clips: readonly ObservedClip[], options: WordOptions): KindRate[] {
  const counted = new Map(WORD_KINDS.map((kind) => [kind, [] as Parameters<typeof rateOf>[0][number][]]))
  for (const clip of clips) {
    const names = namesOf(clip.text, options.language)
    const sums = new Map<WordKind, { words: number; errors: number }>()
    for (const { kind, reference } of clip.edits) {
      if (reference === null) continue
      const of = kindOf(reference, names, options)
      const known = sums.get(of) ?? { words: 0, errors: 0 }
      sums.set(of, { words: known.words + 1, errors: known.errors + (kind === 'match' ? 0 : 1) })
    }
    const { speaker, weight } = clip
    for (const [kind, sum] of sums) counted.get(kind)!.push({ speaker, weight, ...sum })
  }
  return [...counted].filter(([, own]) => own.length > 0).map(([kind, own]) => ({ kind, ...rateOf(own) }))
}

function kindOf(word: string, names: ReadonlySet<string>, { catalogueWords }: WordOptions): WordKind {
  if (/^\p{N}/u.test(word)) return 'number'
  if (catalogueWords.has(word)) return 'catalogue word'
  if (names.has(word)) return 'name'
  return /^\p{L}$/u.test(word) && !['a', 'i'].includes(word) ? 'spelled letter' : 'other word'
}

/**
 * Words of a label with a capital inside a sentence, except "I" and its contractions. A label in capitals, or with a
 * capital in every word, does not say which of them are names.
 */
export function namesOf(label: string, language: string): Set<string> {
  const tokens = label.split(/\s+/u).filter((token) => /\p{L}/u.test(token))
  const isCapital = (token: string): boolean => /^\P{L}*\p{Lu}/u.test(token)
  if (tokens.every(isCapital)) return new Set()
  const names = tokens.filter((token, index) => {
    const before = tokens[index - 1]
    const isInside = before !== undefined && !/[.?!:]["'”’)]*$/u.test(before)
    return isInside && isCapital(token) && !/^\P{L}*I(?:\P{L}|$)/u.test(token)
  })
  return new Set(names.flatMap((name) => normalizeText(name, language)))
}

/** The words of the names of a catalogue. */
export function wordsOfNames(names: Iterable<string>, language: string): Set<string> {
  return new Set([...names].flatMap((name) => normalizeReference(name, language)))
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0)
}
