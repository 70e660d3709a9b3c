/**
 * Forecasts how long a new job would wait for a worker, by list scheduling: the jobs before it go, one after the other,
 * to the worker that is free first (Graham, "Bounds for certain multiprocessing anomalies", 1966). Running jobs count
 * up to their end or their next pause.
 *
 * Work is a job's share of a worker. So the forecast is the same whether a worker runs jobs one after the other or at
 * the same time: it is what the others add to the time of the new job, by waiting for them or by sharing with them.
 */
import type { FairQueue } from './fair-queue.js'
import { compare, type Place, type Schedulable } from './order.js'

/** A running job. */
export interface Running<T> {
  readonly job: T
  /** Its share of the worker since it began or was resumed. */
  readonly sliceSeconds: number
  /** Mean time slice. */
  readonly meanSliceSeconds: number
}

export interface Forecast {
  readonly waitSeconds: number
  /**
   * When an earlier job of the same client would begin that waits beyond the limit because of the new one; seconds from
   * now. Undefined: there is none.
   */
  readonly delaysOwnUntilSeconds: number | undefined
}

/** `running`: by worker, of those that take jobs. `limitSeconds`: how long a job may wait. */
export function forecast<T extends Schedulable>(
  queue: FairQueue<T>, job: T, running: readonly (readonly Running<T>[])[], limitSeconds: number,
): Forecast {
  const place = queue.placeOf(job)
  const rests: Place<T>[] = []
  const freeAt = running.map((jobs) => jobs.reduce((sum, runs) => sum + freeAfter(queue, runs, place, rests), 0))
  if (freeAt.length === 0) freeAt.push(0)
  const others = [...queue.places(), ...rests]
  for (const one of others.filter((other) => isBefore(other, place)).sort(compare)) {
    schedule(freeAt, one.remainingSeconds)
  }
  const waitSeconds = schedule(freeAt, place.remainingSeconds)
  const delaySeconds = place.remainingSeconds / freeAt.length
  for (const one of others.filter((other) => !isBefore(other, place)).sort(compare)) {
    const beginsIn = schedule(freeAt, one.remainingSeconds)
    const limit = one.job.arrivedAtSeconds + limitSeconds - job.arrivedAtSeconds
    const isNewlyLate = beginsIn > limit && beginsIn - delaySeconds <= limit
    const isOwn = one.job.client === job.client && !one.isPaused
    if (isOwn && isNewlyLate) return { waitSeconds, delaysOwnUntilSeconds: beginsIn }
  }
  return { waitSeconds, delaysOwnUntilSeconds: undefined }
}

/** For how long a running job keeps its worker from the new one. What is left after its pause goes to `rests`. */
function freeAfter<T extends Schedulable>(
  queue: FairQueue<T>, { job, sliceSeconds, meanSliceSeconds }: Running<T>, place: Place<T>, rests: Place<T>[],
): number {
  const at = queue.placeOfRunning(job, sliceSeconds)
  if (isBefore(at, place)) return at.remainingSeconds
  const untilPause = Math.min(at.remainingSeconds, Math.max(0, meanSliceSeconds - sliceSeconds))
  rests.push({ ...at, remainingSeconds: at.remainingSeconds - untilPause })
  return untilPause
}

function isBefore<T extends Schedulable>(one: Place<T>, place: Place<T>): boolean {
  return one.job.client === place.job.client ? one.due <= place.due : compare(one, place) <= 0
}

/** Gives work to the worker that is free first, and returns when the work begins; seconds from now. */
function schedule(freeAt: number[], workSeconds: number): number {
  const begins = Math.min(...freeAt)
  freeAt[freeAt.indexOf(begins)] = begins + workSeconds
  return begins
}
