/**
 * Slices that nobody thought of: a shallow regression tree over measured properties, tags and fields, for the word
 * error rate of clips (regression trees: Breiman et al. 1984; slices of a model's errors: Chung et al., "Slice Finder",
 * ICDE 2019). Each split is tested by permutation, with every property and threshold of its node counted as a test
 * (`split-test.ts`), and the nodes of one level are corrected for each other (Holm). A node is split only where its
 * parent was. Of 600 simulated sets of noise, 3.8 % had a slice; docs/analyze-errors.md has the power.
 */
import { quantile } from '../statistics/robust.js'
import { holm } from '../statistics/multiple-tests.js'
import type { ObservedClip } from './clip.js'
import { rateOf, type Rate } from './rate.js'
import { bestSplit, type Best, type Candidate, type PermutationOptions } from './split-test.js'

export interface FoundSlice<Clip> {
  /** All of them hold. */
  readonly conditions: readonly string[]
  readonly clips: readonly Clip[]
  /** Corrected; of the split that is tested last. */
  readonly p: number
}

export interface FoundRate extends Rate {
  readonly name: string
  readonly p: number
}

/** Below 0.05, since a permutation of speakers with unequal numbers of clips is only nearly exact. */
const LEVEL = 0.03
const DEPTH = 2
/** Of either side of a split. */
const MIN_CLIPS = 20
const MIN_SPEAKERS = 6
/** Thresholds at the eighths of the values. */
const EIGHTHS = [1, 2, 3, 4, 5, 6, 7]

/** Leaves of the tree; empty where no split is significant. */
export function findSlices<Clip extends ObservedClip>(
  clips: readonly Clip[], options: PermutationOptions = {},
): FoundSlice<Clip>[] {
  const all = { conditions: [], clips: clips.filter(({ words }) => words > 0), p: 1 }
  return split([all], DEPTH, options).filter(({ conditions }) => conditions.length > 0)
}

export function foundRates(slices: readonly FoundSlice<ObservedClip>[]): FoundRate[] {
  return slices.map(({ conditions, clips, p }) => ({ name: conditions.join(' and '), p, ...rateOf(clips) }))
}

/** The nodes of one level, tested together. */
function split<Clip extends ObservedClip>(
  nodes: readonly FoundSlice<Clip>[], depth: number, options: PermutationOptions,
): FoundSlice<Clip>[] {
  if (depth === 0) return [...nodes]
  const best = nodes.map(({ clips }) => bestOf(clips, options))
  const corrected = holm(best.map((one) => one?.p ?? 1))
  return nodes.flatMap((node, index) => {
    const found = best[index]
    const p = corrected[index]!
    if (found === undefined || p > LEVEL) return [node]
    return split(childrenOf(node, found, p), depth - 1, options)
  })
}

function childrenOf<Clip>({ conditions, clips }: FoundSlice<Clip>, { candidate }: Best, p: number): FoundSlice<Clip>[] {
  const where = (member: number): Clip[] => clips.filter((_, index) => candidate.members[index] === member)
  return [
    { conditions: [...conditions, candidate.inside], clips: where(1), p },
    { conditions: [...conditions, candidate.outside], clips: where(0), p },
  ]
}

function bestOf(clips: readonly ObservedClip[], options: PermutationOptions): Best | undefined {
  const tested = clips.map(({ weight, errors, words, speaker, clip }) => ({
    errors: weight * errors, words: weight * words, block: speaker === null ? `clip ${clip}` : `speaker ${speaker}`,
  }))
  return bestSplit(tested, candidatesOf(clips), options)
}

interface Figure {
  readonly name: string
  readonly unit: string
  readonly of: (clip: ObservedClip) => number | null
}

const FIGURES: readonly Figure[] = [
  { name: 'length', unit: 's', of: ({ measured }) => measured.audioSeconds },
  { name: 'SNR', unit: 'dB', of: ({ measured }) => measured.snrDb },
  { name: 'loudness', unit: 'LUFS', of: ({ measured }) => measured.loudnessLufs },
  { name: 'speaking rate', unit: 'words/s', of: ({ measured }) => measured.wordsPerSecond },
  { name: 'bandwidth', unit: 'Hz', of: ({ measured }) => measured.bandwidthHz },
  { name: 'share of speech', unit: '', of: ({ measured }) => measured.speechRatio },
  { name: 'silence before the speech', unit: 's', of: ({ measured }) => measured.leadingSilenceSeconds },
]

/** Those of which both sides are large enough; of several with the same clips, the first. */
function candidatesOf(clips: readonly ObservedClip[]): Candidate[] {
  const bySpeaker = clips.some(({ speaker }) => speaker !== null)
  const isEnough = (members: Uint8Array, side: number): boolean => {
    const own = clips.filter((_, index) => members[index] === side)
    const speakers = new Set(own.map(({ speaker, clip }) => speaker ?? clip)).size
    return own.length >= MIN_CLIPS && (!bySpeaker || speakers >= MIN_SPEAKERS)
  }
  const seen = new Set<string>()
  const isNew = (members: Uint8Array): boolean => {
    const key = members.join('')
    return !seen.has(key) && Boolean(seen.add(key))
  }
  return [...figureCandidates(clips), ...nameCandidates(clips)]
    .filter(({ members }) => isEnough(members, 1) && isEnough(members, 0) && isNew(members))
}

function figureCandidates(clips: readonly ObservedClip[]): Candidate[] {
  const fields = new Set(clips.flatMap(({ fields }) =>
    Object.keys(fields).filter((name) => typeof fields[name] === 'number')))
  const ofField = (name: string) => ({ fields }: ObservedClip): number | null =>
    typeof fields[name] === 'number' ? fields[name] : null
  const figures = [...FIGURES, ...[...fields].map((name): Figure => ({ name, unit: '', of: ofField(name) }))]
  return figures.flatMap(({ name, unit, of }) => {
    const values = clips.map(of)
    const known = values.filter((value) => value !== null)
    const thresholds = new Set(EIGHTHS.map((eighth) => rounded(quantile(known, eighth / 8))))
    return [...thresholds].filter((threshold) => !Number.isNaN(threshold)).map((threshold) => {
      const text = `${threshold} ${unit}`.trim()
      const unknown = known.length < values.length ? ', or unknown' : ''
      return {
        inside: `${name} under ${text}`, outside: `${name} ${text} or more${unknown}`,
        members: membersOf(values, (value) => value !== null && value < threshold),
      }
    })
  })
}

/** Names of sources, tags, codecs, and values of fields. */
function nameCandidates(clips: readonly ObservedClip[]): Candidate[] {
  const named = clips.map(({ source, tags, fields, measured }) => new Set([
    `source ${source}`, ...tags.map((tag) => `tag ${tag}`), `codec ${measured.codec}`,
    ...Object.entries(fields).filter(([, value]) => typeof value !== 'number').map((pair) => pair.join(' = ')),
  ]))
  const counts = new Map<string, number>()
  for (const name of named.flatMap((names) => [...names])) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].filter(([, count]) => count >= MIN_CLIPS).map(([name]) => ({
    inside: name, outside: `not ${name}`, members: membersOf(named, (names) => names.has(name)),
  }))
}

function membersOf<T>(values: readonly T[], isMember: (value: T) => boolean): Uint8Array {
  return Uint8Array.from(values, (value) => isMember(value) ? 1 : 0)
}

/** To three significant digits. */
function rounded(value: number): number {
  return Number(value.toPrecision(3))
}
