/** Measured clips → the figures of a model card. */
import type { CardRate, CardSlice, ModelCard } from '../../domain/model-card.js'
import { groupBy } from '../group-by.js'
import { slicesOfKind, type SliceKind } from '../comparison/slices.js'
import { speakersOf } from '../statistics/blocks.js'
import { quantile } from '../statistics/robust.js'
import { sum } from '../statistics/sum.js'
import { weightedErrorRate } from '../statistics/weighted-error-rate.js'
import type { MeasuredClip } from './measured-clip.js'

/** Speakers are no slices of a card: it is published, and they were not asked. */
const KINDS: readonly SliceKind[] = ['source', 'tag', 'length', 'SNR', 'speaking rate']

/** `clips` with words; at least one. */
export function wordErrorRates(clips: readonly MeasuredClip[]): ModelCard['wordErrorRate'] {
  const shown = withoutPersonalTags(clips)
  return { all: rateOf(clips), slices: KINDS.flatMap((kind) => slicesOfKind(shown, kind, rateOf)) }
}

/** A tag that only one of several speakers of a source has, such as an age, would publish the figures of a person. */
function withoutPersonalTags(clips: readonly MeasuredClip[]): MeasuredClip[] {
  const speakersBySource = new Map([...groupBy(clips, ({ source }) => source)]
    .map(([source, own]) => [source, speakersOf(own)]))
  const withTag = groupBy(clips.flatMap((clip) => clip.tags.map((tag) => ({ tag, clip }))), ({ tag }) => tag)
  const isPersonal = (tag: string): boolean => {
    const own = withTag.get(tag)!.map(({ clip }) => clip)
    return speakersOf(own) === 1 && own.some(({ source }) => speakersBySource.get(source)! > 1)
  }
  const personal = new Set([...withTag.keys()].filter(isPersonal))
  return clips.map((clip) => ({ ...clip, tags: clip.tags.filter((tag) => !personal.has(tag)) }))
}

function rateOf(clips: readonly MeasuredClip[]): CardRate {
  const { percent, interval: { low, high }, by } = weightedErrorRate(clips)
  const orNull = (limit: number): number | null => Number.isNaN(limit) ? null : limit
  return {
    clips: clips.length, words: sum(clips, ({ words }) => words), speakers: speakersOf(clips), percent,
    drawnBy: by, low: orNull(low), high: orNull(high),
  }
}

/** Slices that are worse than all clips: their whole interval is above the rate of all. The worst first. */
export function weaknessesOf({ all, slices }: ModelCard['wordErrorRate']): string[] {
  return slices.filter(({ low }) => low !== null && low > all.percent)
    .sort((one, other) => other.percent - one.percent)
    .map((slice) => `${slice.kind} ${slice.name}: ${percentText(slice)} in ${slice.words} words`)
}

/** "12.3 % (10.1 to 15.0)"; without an interval, the rate alone. */
export function percentText({ percent, low, high }: Pick<CardSlice, 'percent' | 'low' | 'high'>): string {
  const rate = `${percent.toFixed(1)} %`
  return low === null || high === null ? rate : `${rate} (${low.toFixed(1)} to ${high.toFixed(1)})`
}

/** Of clips that were recognized one after the other. */
export function costOf(
  clips: readonly MeasuredClip[], processorSeconds: number | null, peakResidentBytes: number | null,
): ModelCard['cost'] {
  const audioSeconds = sum(clips, (clip) => clip.audioSeconds)
  const seconds = clips.map((clip) => clip.seconds)
  return {
    processorSecondsPerAudioSecond: processorSeconds === null ? null : processorSeconds / audioSeconds,
    secondsPerAudioSecond: sum(clips, (clip) => clip.seconds) / audioSeconds,
    medianSeconds: quantile(seconds, 0.5), p95Seconds: quantile(seconds, 0.95), peakResidentBytes,
  }
}
