/**
 * A word error rate of some clips, with its interval by speaker and with how much it rests on.
 */
import type { Spoken } from '../statistics/blocks.js'
import type { Interval } from '../statistics/bootstrap.js'
import { weightedErrorRate, type WeightedClip } from '../statistics/weighted-error-rate.js'

export interface Rate {
  readonly clips: number
  /** Known ones. */
  readonly speakers: number
  /** Of the labels, not weighted. */
  readonly words: number
  /** Not weighted. */
  readonly errors: number
  /** Errors by hundred words of the labels; NaN without a word. */
  readonly percent: number
  /** 95 %, in percent; NaN with fewer than two speakers or clips to draw. */
  readonly interval: Interval
  readonly drawnBy: 'speaker' | 'clip'
  /** Too small to speak about. */
  readonly isSmall: boolean
}

/** Fewer clips or words: one clip more or less would change the rate by several points. */
export const MIN_CLIPS = 10
export const MIN_WORDS = 50

export function rateOf(clips: readonly WeightedClip[]): Rate {
  const { percent, interval, by } = weightedErrorRate(clips)
  const words = sum(clips, (clip) => clip.words)
  return {
    clips: clips.length, speakers: speakersOf(clips), words, errors: sum(clips, (clip) => clip.errors),
    percent, interval, drawnBy: by, isSmall: clips.length < MIN_CLIPS || words < MIN_WORDS,
  }
}

export function speakersOf(clips: readonly Spoken[]): number {
  return new Set(clips.flatMap(({ speaker }) => speaker ?? [])).size
}

export function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0)
}
