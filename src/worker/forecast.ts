/**
 * How long a new job would wait for a worker, by list scheduling: the jobs before it go, one after the other, to the
 * worker that is free first (Graham, "Bounds for certain multiprocessing anomalies", 1966). Running jobs count, up to
 * their end or to where they can pause.
 */
import { compare, type FairQueue, type Place, type Schedulable } from './fair-queue.js'

/** A job that runs. */
export interface Running<T> {
  readonly job: T
  /** Work until it can pause, at most until its end; seconds. */
  readonly pieceSeconds: number
}

export interface Forecast {
  readonly waitSeconds: number
  /** Another job of the client, accepted before, would wait beyond the limit because of the new one. */
  readonly breaksPromise: boolean
}

/** `workers`: those that take jobs. `limitSeconds`: how long a job may wait. */
export function forecast<T extends Schedulable>(queue: FairQueue<T>, job: T, running: readonly Running<T>[], workers: number, limitSeconds: number): Forecast {
  const place = queue.placeOf(job)
  const rests: Place<T>[] = []
  const freeAt = Array.from({ length: Math.max(1, workers, running.length) }, (_, index) => {
    const runs = running[index]
    if (runs === undefined) return 0
    const at = { ...queue.placeOfRunning(runs.job), isPaused: true }
    const pieceSeconds = Math.min(at.workSeconds, runs.pieceSeconds)
    if (isBefore(at, place)) return at.workSeconds
    rests.push({ ...at, workSeconds: at.workSeconds - pieceSeconds })
    return pieceSeconds
  })
  const others = [...queue.places(), ...rests].sort(compare)
  for (const { workSeconds } of others.filter((one) => isBefore(one, place))) schedule(freeAt, workSeconds)
  const waitSeconds = schedule(freeAt, place.workSeconds)
  const delaySeconds = place.workSeconds / freeAt.length
  const breaksPromise = others.filter((one) => !isBefore(one, place)).some((one) => {
    const begins = job.arrivedAtSeconds + schedule(freeAt, one.workSeconds)
    const limit = one.job.arrivedAtSeconds + limitSeconds
    return one.job.client === job.client && !one.isPaused && begins > limit && begins - delaySeconds <= limit
  })
  return { waitSeconds, breaksPromise }
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
