/**
 * A word error rate of some clips, with its interval by speaker and with how much it rests on.
 */
import { speakersOf } from '../statistics/blocks.js'
import type { Interval } from '../statistics/bootstrap.js'
import { sum } from '../statistics/sum.js'
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
  /** Too small for conclusions. */
  readonly isSmall: boolean
}

/** Fewer clips or words: one clip more or less would change the rate by several points. */
export const MIN_CLIPS = 10
export const MIN_WORDS = 50

export function rateOf(clips: readonly WeightedClip[]): Rate {
  const { percent, interval, by } = weightedErrorRate(clips)
  return {
    clips: clips.length, speakers: speakersOf(clips), words: wordsOf(clips), errors: sum(clips, ({ errors }) => errors),
    percent, interval, drawnBy: by, isSmall: isTooSmall(clips),
  }
}

export function isTooSmall(clips: readonly WeightedClip[]): boolean {
  return clips.length < MIN_CLIPS || wordsOf(clips) < MIN_WORDS
}

function wordsOf(clips: readonly WeightedClip[]): number {
  return sum(clips, ({ words }) => words)
}
