/**
 * The set in figures: how its clips are distributed, whether anything is wrong with them or not. These answer what a
 * speech engineer asks first: how much silence is before and after, how loud the clips are, and what normalization
 * will do.
 */
import { countWords, secondsBy } from './checks/composition.js'
import { lettersOf } from './checks/speech.js'
import type { ExaminedClip } from './facts.js'
import { quantile, spreadOf } from '../statistics/robust.js'

export interface Distribution {
  readonly name: string
  readonly unit: string
  readonly count: number
  /** Quantiles 0.05, 0.25, 0.5, 0.75 and 0.95. */
  readonly quantiles: readonly number[]
  readonly deviation: number
  readonly values: readonly number[]
}

export interface Share { readonly name: string; readonly seconds: number; readonly share: number }

export interface SetSummary {
  readonly clips: number
  readonly seconds: number
  readonly speakers: number
  readonly words: number
  readonly distinctWords: number
  readonly wordsOnce: number
  readonly distributions: readonly Distribution[]
  readonly sources: readonly Share[]
  readonly splits: readonly Share[]
  readonly tags: readonly Share[]
  /** With most of the audio. */
  readonly topSpeakers: readonly Share[]
}

const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95]
const MOST_SHARES = 12

type Figure = (clip: ExaminedClip) => number | null | undefined

const FIGURES: readonly (readonly [name: string, unit: string, figure: Figure])[] = [
  ['length', 's', ({ facts }) => facts.audio?.seconds],
  ['silence before the speech', 's', (clip) => spoken(clip)?.leadingSilenceSeconds],
  ['silence after the speech', 's', (clip) => spoken(clip)?.trailingSilenceSeconds],
  ['loudness', 'LUFS', ({ facts }) => facts.audio?.loudnessLufs],
  ['gain by normalization', 'dB', ({ facts }) => facts.audio?.gainDb],
  ['signal-to-noise ratio', 'dB', (clip) => clip.facts.recognized?.snrDb],
  ['bandwidth', 'Hz', (clip) => clip.facts.recognized?.bandwidthHz],
  ['letters of the label a second of speech', '/s', lettersPerSecond],
]

export function summarize(clips: readonly ExaminedClip[]): SetSummary {
  const words = countWords(clips)
  const seconds = clips.reduce((sum, { facts }) => sum + (facts.audio?.seconds ?? 0), 0)
  const sharesBy = (namesOf: (clip: ExaminedClip) => readonly string[]): Share[] =>
    [...secondsBy(clips, namesOf)]
      .map(([name, own]) => ({ name, seconds: own, share: seconds === 0 ? 0 : own / seconds }))
      .toSorted((a, b) => b.seconds - a.seconds)
  const speakers = sharesBy(({ listed }) => listed.speaker === null ? [] : [listed.speaker])
  return {
    clips: clips.length, seconds, speakers: speakers.length,
    words: [...words.values()].reduce((sum, count) => sum + count, 0), distinctWords: words.size,
    wordsOnce: [...words.values()].filter((count) => count === 1).length,
    distributions: FIGURES.flatMap(([name, unit, figure]) => distributionOf(name, unit, clips.map(figure))),
    sources: sharesBy(({ listed }) => [listed.source]).slice(0, MOST_SHARES),
    splits: sharesBy(({ listed }) => listed.split === null ? [] : [listed.split]).slice(0, MOST_SHARES),
    tags: sharesBy(({ listed }) => listed.tags).slice(0, MOST_SHARES),
    topSpeakers: speakers.slice(0, MOST_SHARES),
  }
}

function distributionOf(name: string, unit: string, figures: readonly (number | null | undefined)[]): Distribution[] {
  const values = figures.filter((value) => value !== null && value !== undefined)
  if (values.length === 0) return []
  const quantiles = QUANTILES.map((share) => quantile(values, share))
  return [{ name, unit, count: values.length, quantiles, deviation: spreadOf(values).deviation, values }]
}

/** Undefined where nobody speaks: then all of the clip would be silence before the speech. */
function spoken({ facts: { recognized } }: ExaminedClip): ExaminedClip['facts']['recognized'] | undefined {
  return recognized !== null && recognized.speechRatio > 0 ? recognized : undefined
}

function lettersPerSecond({ listed, facts: { recognized } }: ExaminedClip): number | undefined {
  if (recognized === null || listed.text === null || recognized.speechSeconds <= 0) return undefined
  return lettersOf(listed.text) / recognized.speechSeconds
}
