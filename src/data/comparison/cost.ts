/** What the systems cost: time of both on the same clips, measured in turns, and ratios of B to A. */
import { bootstrapInterval, type Interval } from '../statistics/bootstrap.js'
import { quantile } from '../statistics/robust.js'
import { sum } from '../statistics/sum.js'
import type { Both, Pair } from './pairs.js'

/** Of all clips that both recognized in one run. */
export interface Work {
  /** `processor`: CPU seconds of the recognition processes; `wall`: where the system does not tell them. */
  readonly measure: 'processor' | 'wall'
  readonly secondsPerAudioSecond: Both<number>
  readonly ratio: number
}

export interface Latency {
  readonly clips: number
  readonly medianSeconds: Both<number>
  readonly p95Seconds: Both<number>
  readonly medianRatio: number
  readonly p95Ratio: number
}

export interface Cost {
  readonly work: Work
  readonly latency: Latency
  /** Of the ratio of total wall times, 95 %, drawn by clip; NaN of one clip. */
  readonly wallRatioInterval: Interval
}

/** Null where no clip was recognized by both in one run. `processorSeconds` of exactly these clips, if known. */
export function costOf(pairs: readonly Pair[], processorSeconds: Both<number> | null): Cost | null {
  const timed = pairs.flatMap(({ seconds, audioSeconds }) => seconds === null ? [] : [{ ...seconds, audioSeconds }])
  const audioSeconds = sum(timed, (one) => one.audioSeconds)
  if (audioSeconds === 0) return null
  const [a, b] = [timed.map((one) => one.a), timed.map((one) => one.b)]
  const spent = processorSeconds ?? { a: sum(timed, (one) => one.a), b: sum(timed, (one) => one.b) }
  const medianSeconds = { a: quantile(a, 0.5), b: quantile(b, 0.5) }
  const p95Seconds = { a: quantile(a, 0.95), b: quantile(b, 0.95) }
  return {
    work: {
      measure: processorSeconds === null ? 'wall' : 'processor',
      secondsPerAudioSecond: { a: spent.a / audioSeconds, b: spent.b / audioSeconds }, ratio: spent.b / spent.a,
    },
    latency: {
      clips: timed.length, medianSeconds, p95Seconds, medianRatio: medianSeconds.b / medianSeconds.a,
      p95Ratio: p95Seconds.b / p95Seconds.a,
    },
    wallRatioInterval: bootstrapInterval(timed.map((one) => [one.a, one.b]), ([all, other]) => other! / all!, {
      method: 'expanded',
    }),
  }
}
