/** The clips by source, speaker, tag, field and measured property: who and what is recognized worse than the rest. */
import { byName, grouped, inBin, MEASURED, mergeEqual } from '../comparison/slices.js'
import type { ObservedClip } from './clip.js'
import { rateOf, type Rate } from './rate.js'

export const SLICE_KINDS = [
  'source', 'speaker', 'tag', 'field', 'length', 'SNR', 'loudness', 'speaking rate', 'bandwidth', 'codec',
] as const
export type SliceKind = (typeof SLICE_KINDS)[number]

export interface Slice<Clip> {
  readonly kind: SliceKind
  readonly name: string
  readonly clips: readonly Clip[]
}

export interface SliceRate extends Rate {
  readonly kind: SliceKind
  readonly name: string
}

/** Of speakers, tags and values of fields: those with the most clips. */
const MOST_OF_A_KIND = 30
/** With fewer, the tables would be full of rows that say nothing. */
const MIN_CLIPS = 3
/** A field with more values names clips, it does not group them. */
const MOST_VALUES = 20

const known = (value: number | null, edges: readonly number[], unit: string): string[] =>
  [value === null ? 'unknown' : inBin(value, edges, unit)]

const NAMES: Readonly<Record<SliceKind, (clip: ObservedClip) => readonly string[]>> = {
  'source': ({ source }) => [source],
  'speaker': ({ speaker }) => speaker === null ? [] : [speaker],
  'tag': ({ tags }) => tags,
  'field': ({ fields }) => Object.entries(fields)
    .filter(([, value]) => typeof value !== 'number').map(([name, value]) => `${name} = ${value}`),
  'length': ({ measured }) => MEASURED.length(measured),
  'SNR': ({ measured }) => MEASURED.SNR(measured),
  'loudness': ({ measured }) => known(measured.loudnessLufs, [-45, -35, -25, -15], 'LUFS'),
  'speaking rate': ({ measured }) => MEASURED['speaking rate'](measured),
  'bandwidth': ({ measured: { bandwidthHz } }) =>
    known(bandwidthHz === null ? null : bandwidthHz / 1000, [4.7, 6.5, 7.9], 'kHz'),
  'codec': ({ measured }) => [measured.codec],
}

/** Those of one kind together. A slice with all clips is left out; tags that always come together are one slice. */
export function slicesOf<Clip extends ObservedClip>(clips: readonly Clip[]): Slice<Clip>[] {
  const most = grouping(clips)
  return SLICE_KINDS.flatMap((kind) => {
    const groups = [...mergeEqual(grouped(clips, most[kind]))]
      .filter(([, own]) => own.length < clips.length && own.length >= MIN_CLIPS)
      .map(([name, own]) => ({ kind, name, clips: own.map((index) => clips[index]!) }))
    const isMeasured = !['source', 'speaker', 'tag', 'field'].includes(kind)
    return isMeasured
      ? groups.sort(byName)
      : groups.sort((one, other) => other.clips.length - one.clips.length).slice(0, MOST_OF_A_KIND)
  })
}

export function sliceRates(slices: readonly Slice<ObservedClip>[]): SliceRate[] {
  return slices.map(({ kind, name, clips }) => ({ kind, name, ...rateOf(clips) }))
}

/** Fields with too many values are left out. */
function grouping(clips: readonly ObservedClip[]): typeof NAMES {
  const values = new Map<string, Set<string>>()
  for (const { fields } of clips) {
    for (const [name, value] of Object.entries(fields)) {
      const found = values.get(name) ?? new Set()
      values.set(name, found.add(String(value)))
    }
  }
  const isGrouping = (name: string): boolean => values.get(name)!.size <= MOST_VALUES
  return {
    ...NAMES,
    field: (clip) => NAMES.field({
      ...clip, fields: Object.fromEntries(Object.entries(clip.fields).filter(([name]) => isGrouping(name))),
    }),
  }
}
