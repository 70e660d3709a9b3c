/**
 * A word error rate of some clips, with its interval by speaker and with how much it rests on. Clips of a collection
 * are weighted by the inverse of their sampling probability: the rate is the ratio of both weighted sums (Hájek 1971).
 */
import { blocksOf, type Spoken } from '../statistics/blocks.js'
import { bootstrapInterval, effectiveBlocks, type Interval, type Sums } from '../statistics/bootstrap.js'

export interface Counted extends Spoken {
  readonly weight: number
  readonly words: number
  readonly errors: number
}

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
/** −ln 0.025: with 0 errors seen, at most so many are expected (the exact Poisson limit, Garwood 1936). */
const MOST_UNSEEN = 3.69

export function rateOf(clips: readonly Counted[]): Rate {
  const { by, blocks } = blocksOf(clips)
  const sums = blocks.map((own): Sums => [
    sum(own, ({ weight, errors }) => weight * errors), sum(own, ({ weight, words }) => weight * words),
  ])
  const [errors, words] = [sum(clips, (clip) => clip.errors), sum(clips, (clip) => clip.words)]
  const rate = ([wrong, all]: Sums): number => 100 * wrong! / all!
  return {
    clips: clips.length, speakers: speakersOf(clips), words, errors,
    percent: rate([sum(sums, ([wrong]) => wrong!), sum(sums, ([, all]) => all!)]),
    interval: intervalOf(sums, rate, errors, words), drawnBy: by,
    isSmall: clips.length < MIN_CLIPS || words < MIN_WORDS,
  }
}

export function speakersOf(clips: readonly Spoken[]): number {
  return new Set(clips.flatMap(({ speaker }) => speaker ?? [])).size
}

export function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0)
}

function intervalOf(blocks: readonly Sums[], rate: (sums: Sums) => number, errors: number, words: number): Interval {
  if (words === 0 || blocks.length < 2) return { low: NaN, high: NaN }
  if (errors === 0) return { low: 0, high: Math.min(100, 100 * MOST_UNSEEN / words) }
  const effective = effectiveBlocks(blocks.map(([wrong]) => wrong!))
  return bootstrapInterval(blocks, rate, { method: 'expanded', effective })
}
