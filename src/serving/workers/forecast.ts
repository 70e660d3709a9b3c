/**
 * How long a new job would wait for a worker, by list scheduling: the jobs before it go, one after the other, to the
 * worker that is free first (Graham, "Bounds for certain multiprocessing anomalies", 1966). Running jobs count, up to
 * their end or to where they can pause.
 */
import type { FairQueue } from './fair-queue.js'
import { compare, type Place, type Schedulable } from './order.js'

/** A job that runs. */
export interface Running<T> {
  readonly job: T
  /** For how long it has run since it began or was resumed. */
  readonly stintSeconds: number
  /** How long a piece takes, on average. */
  readonly pieceSeconds: number
}

export interface Forecast {
  readonly waitSeconds: number
  /**
   * Another job of the client, accepted before, would wait beyond the limit because of the new one: when that job will
   * have begun, seconds from now. Undefined: none would.
   */
  readonly delaysOwnUntilSeconds: number | undefined
}

/** `workers`: those that take jobs, none of them idle. `limitSeconds`: how long a job may wait. */
export function forecast<T extends Schedulable>(
  queue: FairQueue<T>, job: T, running: readonly Running<T>[], workers: number, limitSeconds: number,
): Forecast {
  const place = queue.placeOf(job)
  const rests: Place<T>[] = []
  const freeAt = Array.from({ length: Math.max(1, workers, running.length) }, (_, index) => {
    const runs = running[index]
    return runs === undefined ? 0 : freeAfter(queue, runs, place, rests)
  })
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

/** When the worker of a running job is free for the new one. What the job has left after a pause goes to `rests`. */
function freeAfter<T extends Schedulable>(
  queue: FairQueue<T>, { job, stintSeconds, pieceSeconds }: Running<T>, place: Place<T>, rests: Place<T>[],
): number {
  const at = queue.placeOfRunning(job, stintSeconds)
  if (isBefore(at, place)) return at.remainingSeconds
  const untilPause = Math.min(at.remainingSeconds, Math.max(0, pieceSeconds - stintSeconds))
  rests.push({ ...at, remainingSeconds: at.remainingSeconds - untilPause })
  return untilPause
}

function isBefore<T extends Schedulable>(one: Place<T>, place: Place<T>): boolean {
  return one.job.client === place.job.client ? one.due <= place.due : compare(one, place) <= 0
}

/** Gives work to the worker that is free first, and says when it begins with it; seconds from now. */
function schedule(freeAt: number[], workSeconds: number): number {
  let first = 0
  for (const [index, at] of freeAt.entries()) if (at < freeAt[first]!) first = index
  const begins = freeAt[first]!
  freeAt[first] = begins + workSeconds
  return begins
}
