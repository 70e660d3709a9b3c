/**
 * What to work on: for each part of the data its share, its error, the error that is known to be possible there, and
 * what the whole rate would gain (the table of Ng, "Machine Learning Yearning", 2018, chapters 14 to 19, with measured
 * parts and intervals). A slice can gain share × (error − error of the reference); parts overlap, so gains do not add
 * up. Where no reference applies, the row says how its gain was computed.
 */
import { groupBy } from '../group-by.js'
import { blocksOf } from '../statistics/blocks.js'
import { bootstrapInterval, type Interval, type Sums } from '../statistics/bootstrap.js'
import { sum } from '../statistics/sum.js'
import { percentOf } from '../statistics/weighted-error-rate.js'
import { CAUSE_NAMES, VARIANTS, type Cause, type Variant } from './causes.js'
import { comparedWith, errorsOf, type ExplainedClip } from './explained.js'
import type { FoundSlice } from './found-slices.js'
import { isTooSmall } from './rate.js'
import type { Slice } from './slices.js'

/** How a gain was computed; docs/analyze-errors.md explains each. */
export const GAINS = {
  'reference': 'errors less those of the reference',
  'all errors': 'an upper bound, as if none of its errors were left',
  'reference right': 'errors in places where the reference is right',
  'net': 'errors less those with the setting changed, estimated for all clips',
  'labels': 'the labels are wrong, not the transcripts',
} as const
export type GainKind = keyof typeof GAINS

export interface Priority {
  readonly kind: string
  readonly name: string
  readonly clips: number
  /** Of all clips and of all words, weighted. For a cause: of the clips with such an error, and of their words. */
  readonly shareOfClips: number
  readonly shareOfWords: number
  /** Word error rates in percent. */
  readonly current: number
  /** Null without a reference, and for a setting. */
  readonly reference: number | null
  /** Points of the word error rate of all clips. */
  readonly gain: number
  /** 95 %, by speaker. */
  readonly interval: Interval
  readonly gainKind: GainKind
  readonly isSmall: boolean
}

type GainOf = (clip: ExplainedClip) => number

const ROUNDS = 1_000

/** The largest gain first. */
export function prioritiesOf(
  clips: readonly ExplainedClip[], slices: readonly Slice<ExplainedClip>[], found: readonly FoundSlice<ExplainedClip>[],
  language: string,
): Priority[] {
  const hasReference = clips.some(({ referenceErrors }) => referenceErrors !== null)
  const ofSlice = (kind: string, name: string, own: readonly ExplainedClip[]): Priority => {
    const members = new Set(own)
    return priority({ kind, name, own, gainKind: hasReference ? 'reference' : 'all errors' }, clips, (clip) =>
      members.has(clip) ? gainByReference(clip, hasReference) : 0)
  }
  return [
    ...mergeEqual([
      ...slices.filter(({ kind }) => kind !== 'speaker'),
      ...found.map(({ conditions, clips: own }) =>
        ({ kind: 'found slice', name: conditions.join(' and '), clips: own })),
    ]).map(({ kind, name, clips: own }) => ofSlice(kind, name, own)),
    ...CAUSE_NAMES.flatMap((cause) => ofCause(cause, clips, hasReference)),
    ...VARIANTS.flatMap((variant) => ofVariant(variant, clips, language)),
  ].sort((one, other) => other.gain - one.gain)
}

interface Named extends Pick<Priority, 'kind' | 'name'> { readonly clips: readonly ExplainedClip[] }

/** Slices of the same clips are one row, with all of their names: a source whose clips have a tag of their own. */
function mergeEqual(slices: readonly Named[]): Named[] {
  return [...groupBy(slices, ({ clips }) => clips.map(({ clip }) => clip).toSorted().join('\n')).values()]
    .map(([first, ...others]) => ({
      ...first!, name: [first!.name, ...others.map(({ kind, name }) => `${kind}: ${name}`)].join(' = '),
    }))
}

function gainByReference({ errors, referenceErrors }: ExplainedClip, hasReference: boolean): number {
  if (!hasReference) return errors
  return referenceErrors === null ? 0 : errors - referenceErrors
}

function ofCause(cause: Cause, clips: readonly ExplainedClip[], hasReference: boolean): Priority[] {
  const own = clips.filter(({ places }) => places.some((place) => place.cause === cause))
  if (own.length === 0) return []
  const errorsIn = ({ places }: ExplainedClip, isCounted: (place: ExplainedClip['places'][number]) => boolean) =>
    sum(places.filter((place) => place.cause === cause && isCounted(place)), ({ errors }) => errors)
  const part = { kind: 'cause', name: cause, own }
  if (cause === 'normalization' || cause === 'label') {
    return [priority({ ...part, gainKind: 'labels' }, clips, (clip) => errorsIn(clip, () => true))]
  }
  if (hasReference && (cause === 'model' || cause === 'unknown')) {
    const gainOf: GainOf = (clip) => errorsIn(clip, ({ isReferenceRight }) => isReferenceRight === true)
    return [priority({ ...part, gainKind: 'reference right' }, clips, gainOf)]
  }
  return [priority({ ...part, gainKind: 'all errors' }, clips, (clip) => errorsIn(clip, () => true))]
}

/** What a setting repairs in wrong clips, less what it breaks in right ones, by those that were drawn as a control. */
function ofVariant(variant: Variant, clips: readonly ExplainedClip[], language: string): Priority[] {
  const own = clips.filter(({ evidence }) => evidence.variants[variant] !== undefined)
  const right = clips.filter(({ errors }) => errors === 0)
  const control = own.filter(({ errors }) => errors === 0)
  if (own.length === 0 || control.length === 0) return []
  const factor = weightOf(right) / weightOf(control)
  const gainOf: GainOf = (clip) => {
    const text = clip.evidence.variants[variant]
    if (text === undefined) return 0
    return (clip.errors - errorsOf(clip, text, language)) * (clip.errors === 0 ? factor : 1)
  }
  return [priority({ kind: 'setting', name: variant, own: clips, gainKind: 'net' }, clips, gainOf)]
}

interface Part extends Pick<Priority, 'kind' | 'name' | 'gainKind'> { readonly own: readonly ExplainedClip[] }

function priority({ own, ...named }: Part, clips: readonly ExplainedClip[], gainOf: GainOf): Priority {
  const words = (some: readonly ExplainedClip[]): number => sum(some, (clip) => clip.weight * clip.words)
  const compared = comparedWith(own)
  const gain = (sums: Sums): number => 100 * sums[0]! / sums[1]!
  const sums = blocksOf(clips).blocks.map((block): Sums => [
    sum(block, (clip) => clip.weight * gainOf(clip)), words(block),
  ])
  return {
    ...named, clips: own.length, shareOfClips: weightOf(own) / weightOf(clips), shareOfWords: words(own) / words(clips),
    current: percentOf(own),
    reference: compared.length === 0 || named.kind === 'setting' ? null : percentOf(compared),
    gain: gain([sum(sums, ([one]) => one!), sum(sums, ([, all]) => all!)]),
    interval: bootstrapInterval(sums, gain, { method: 'expanded', rounds: ROUNDS }),
    isSmall: isTooSmall(own),
  }
}

function weightOf(clips: readonly ExplainedClip[]): number {
  return sum(clips, ({ weight }) => weight)
}
