/**
 * The traffic of the last hour by the minute, for the drift page: an overview for operators without Prometheus.
 *
 * A ring of 60 buckets of fixed size: memory does not grow with traffic, and there is no timer. A bucket knows its
 * minute; an old one is reset when it is written, and not shown when it is too old. Minutes are those of the system
 * clock.
 *
 * Quantiles are interpolated in a histogram whose bounds grow by a twelfth of an octave (6 %), so their error is about
 * 3 % at most, which is not visible in a chart.
 */
import { STAGES, type Report, type Stage } from '../../domain/report.js'

export const OUTCOMES = ['ok', 'error', 'rejected', 'cancelled'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Of answered requests, from the last byte of the upload; null without any. */
export interface LatencyQuantiles {
  readonly p50Seconds: number | null
  readonly p95Seconds: number | null
}

export interface TrafficMinute extends LatencyQuantiles {
  /** ISO 8601, start of the minute. */
  readonly start: string
  readonly requests: Readonly<Record<Outcome, number>>
  readonly audioSeconds: number
  /**
   * Means over all answered requests, also those without the stage, so that they add up; stages without time are
   * absent.
   */
  readonly meanStageSeconds: Readonly<Partial<Record<Stage, number>>>
}

export interface Traffic {
  /** Over all minutes. */
  readonly hour: Omit<TrafficMinute, 'start'>
  /** Oldest first; the last one is still in progress. */
  readonly minutes: readonly TrafficMinute[]
}

const MINUTES = 60
const MINUTE_MS = 60_000
const SHORTEST_SECONDS = 0.001
const LONGEST_SECONDS = 100
const BOUNDS_PER_OCTAVE = 12
/** Upper bounds; longer latencies count as the last. */
const LATENCY_BOUNDS = Array.from({
  length: Math.ceil(BOUNDS_PER_OCTAVE * Math.log2(LONGEST_SECONDS / SHORTEST_SECONDS)) + 1,
},
  (_, index) => SHORTEST_SECONDS * 2 ** (index / BOUNDS_PER_OCTAVE))

interface Bucket {
  /** Minutes since 1970; −1 before it is used. */
  minute: number
  readonly requests: Record<Outcome, number>
  audioSeconds: number
  /** In the order of STAGES, summed. */
  readonly stageSeconds: Float64Array
  readonly latencies: Uint32Array
}

export class RecentTraffic {
  readonly #now: () => number
  readonly #ring = Array.from({ length: MINUTES }, emptyBucket)

  /** @param now milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  ended(outcome: Outcome): void {
    this.#current().requests[outcome]++
  }

  answered({ input, seconds }: Report, secondsSinceUpload: number): void {
    this.ended('ok')
    const bucket = this.#current()
    bucket.audioSeconds += input.audioSeconds
    STAGES.forEach((stage, index) => { bucket.stageSeconds[index]! += seconds[stage] ?? 0 })
    bucket.latencies[latencyIndex(secondsSinceUpload)]!++
  }

  snapshot(): Traffic {
    const last = Math.floor(this.#now() / MINUTE_MS)
    const buckets = Array.from({ length: MINUTES }, (_, index) => {
      const minute = last - MINUTES + 1 + index
      const held = this.#ring[minute % MINUTES]!
      return held.minute === minute ? held : { ...emptyBucket(), minute }
    })
    return {
      hour: describe(buckets.reduce(sum, emptyBucket())),
      minutes: buckets.map((bucket) =>
        ({ start: new Date(bucket.minute * MINUTE_MS).toISOString(), ...describe(bucket) })),
    }
  }

  #current(): Bucket {
    const minute = Math.floor(this.#now() / MINUTE_MS)
    const held = this.#ring[minute % MINUTES]!
    if (held.minute === minute) return held
    return this.#ring[minute % MINUTES] = { ...emptyBucket(), minute }
  }
}

function emptyBucket(): Bucket {
  return {
    minute: -1, requests: { ok: 0, error: 0, rejected: 0, cancelled: 0 }, audioSeconds: 0,
    stageSeconds: new Float64Array(STAGES.length), latencies: new Uint32Array(LATENCY_BOUNDS.length),
  }
}

/** Adds to the first, which must not be shared. */
function sum(into: Bucket, bucket: Bucket): Bucket {
  for (const outcome of OUTCOMES) into.requests[outcome] += bucket.requests[outcome]
  into.audioSeconds += bucket.audioSeconds
  bucket.stageSeconds.forEach((seconds, index) => { into.stageSeconds[index]! += seconds })
  bucket.latencies.forEach((count, index) => { into.latencies[index]! += count })
  return into
}

function describe({ requests, audioSeconds, stageSeconds, latencies }: Bucket): Omit<TrafficMinute, 'start'> {
  const means = STAGES.flatMap((stage, index) =>
    stageSeconds[index]! > 0 ? [[stage, stageSeconds[index]! / requests.ok] as const] : [])
  return {
    requests: { ...requests }, audioSeconds,
    meanStageSeconds: Object.fromEntries(means),
    p50Seconds: quantile(latencies, requests.ok, 0.5),
    p95Seconds: quantile(latencies, requests.ok, 0.95),
  }
}

function latencyIndex(seconds: number): number {
  const index = Math.ceil(BOUNDS_PER_OCTAVE * Math.log2(Math.max(seconds, SHORTEST_SECONDS) / SHORTEST_SECONDS))
  return Math.min(index, LATENCY_BOUNDS.length - 1)
}

/** Linear within the bucket in which the rank lies. */
function quantile(latencies: Uint32Array, total: number, share: number): number | null {
  if (total === 0) return null
  const rank = share * total
  let below = 0
  let index = 0
  while (below + latencies[index]! < rank) below += latencies[index++]!
  const lower = index === 0 ? 0 : LATENCY_BOUNDS[index - 1]!
  return lower + (LATENCY_BOUNDS[index]! - lower) * (rank - below) / latencies[index]!
}
