/**
 * The comparison by source, speaker, tag, length, signal-to-noise ratio and speaking rate: a system that is better on
 * the whole may be worse for some.
 */
import { holm } from '../statistics/multiple-tests.js'
import { differenceOf, type Difference } from './difference.js'
import type { Pair } from './pairs.js'

export const SLICE_KINDS = ['source', 'speaker', 'tag', 'length', 'SNR', 'speaking rate'] as const
export type SliceKind = (typeof SLICE_KINDS)[number]

export interface Slice extends Difference {
  readonly kind: SliceKind
  readonly name: string
  /** MAPSSWE p after Holm's correction for all slices of the table. */
  readonly correctedP: number
}

const MAX_SPEAKERS = 20
const MAX_TAGS = 40
/** Of a speaker or a tag; with fewer, the table would be full of rows that say nothing. */
const MIN_WORDS = 20

/** What clips are sliced by. */
export type Sliced = Pick<Pair, 'source' | 'speaker' | 'tags' | Figure>
type Figure = 'audioSeconds' | 'snrDb' | 'wordsPerSecond'

/** Names of the slice of a clip by what is measured of it. */
export const MEASURED = {
  'length': ({ audioSeconds }) => [inBin(audioSeconds, [1.5, 3, 6, 15], 's')],
  'SNR': ({ snrDb }) => [snrDb === null ? 'unknown' : inBin(snrDb, [10, 20, 30, 40], 'dB')],
  'speaking rate': ({ wordsPerSecond }) =>
    [wordsPerSecond === null ? 'no speech detected' : inBin(wordsPerSecond, [1.5, 2.5, 3.5, 4.5], 'words/s')],
} satisfies Partial<Record<SliceKind, (clip: Pick<Sliced, Figure>) => readonly string[]>>

const NAMES: Readonly<Record<SliceKind, (clip: Sliced) => readonly string[]>> = {
  'source': ({ source }) => [source],
  'speaker': ({ speaker }) => speaker === null ? [] : [speaker],
  'tag': ({ tags }) => tags,
  ...MEASURED,
}

/**
 * Slices with words, those of one kind together; of speakers and tags, those with the most words. A slice that holds
 * all clips is left out.
 */
export function slicesOf(pairs: readonly Pair[]): Slice[] {
  const slices = SLICE_KINDS.flatMap((kind) => slicesOfKind(pairs, kind, differenceOf))
  const corrected = holm(slices.map(({ matchedPairs }) => matchedPairs.p))
  return slices.map((slice, index) => ({ ...slice, correctedP: corrected[index]! }))
}

/** As above, of one kind; `measure`: the figures of a slice. */
export function slicesOfKind<Clip extends Sliced, Figures extends { readonly words: number }>(
  clips: readonly Clip[], kind: SliceKind, measure: (clips: readonly Clip[]) => Figures,
): (Figures & { readonly kind: SliceKind; readonly name: string })[] {
  const groups = [...mergeEqual(grouped(clips, NAMES[kind]))]
    .filter(([, own]) => own.length < clips.length)
    .map(([name, own]) => ({ kind, name, ...measure(own.map((index) => clips[index]!)) }))
    .filter(({ words }) => words > 0)
  if (kind === 'speaker') return mostWords(groups, MAX_SPEAKERS)
  return kind === 'tag' ? mostWords(groups, MAX_TAGS) : groups.sort(byName)
}

/** Indices of the clips by name. */
export function grouped<Clip>(
  clips: readonly Clip[], namesOf: (clip: Clip) => readonly string[],
): Map<string, number[]> {
  const groups = new Map<string, number[]>()
  for (const [index, clip] of clips.entries()) {
    for (const name of new Set(namesOf(clip))) {
      const own = groups.get(name)
      if (own) own.push(index)
      else groups.set(name, [index])
    }
  }
  return groups
}

/** Tags that always come together are one slice: each as a slice of its own would be the same figures again. */
export function mergeEqual(groups: ReadonlyMap<string, number[]>): Map<string, number[]> {
  const names = new Map<string, string[]>()
  for (const [name, own] of groups) {
    const key = own.join()
    names.set(key, [...names.get(key) ?? [], name])
  }
  return new Map([...names.values()].map((equal) => [equal.join(', '), groups.get(equal[0]!)!]))
}

function mostWords<T extends { readonly words: number }>(groups: readonly T[], most: number): T[] {
  return groups.filter(({ words }) => words >= MIN_WORDS).sort((one, other) => other.words - one.words).slice(0, most)
}

/** Numbers by their value: "under 3" before "15 or more". */
export function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return Number(other.name.startsWith('under')) - Number(one.name.startsWith('under'))
    || one.name.localeCompare(other.name, 'en', { numeric: true })
}

export function inBin(value: number, edges: readonly number[], unit: string): string {
  const index = edges.findIndex((edge) => value < edge)
  if (index < 0) return `${edges.at(-1)} ${unit} or more`
  return index === 0 ? `under ${edges[0]} ${unit}` : `${edges[index - 1]} to ${edges[index]} ${unit}`
}
