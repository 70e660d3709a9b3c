/**
 * The order of the jobs in the queue: the numbers of each job, and how two jobs are compared by them.
 *
 * Within a client the job with the earliest due time goes first: its arrival plus STRETCH times its work. A short clip
 * overtakes a long one, and a long one that has waited for STRETCH times its own work is not overtaken any more.
 *
 * Between clients the job goes first that ends first in virtual time (`fair-queue.ts`). Two kinds of jobs go before all
 * others. Prompt jobs are short, of a client that had no more than its share: a client that sends little does not wait
 * for the long jobs of others. Starving jobs are of a client that was not served for a while: a stream of prompt jobs
 * cannot hold them back.
 */

/** A job as the queue sees it. Times are seconds on the monotonic clock. */
export interface Schedulable {
  readonly client: string
  readonly arrivedAtSeconds: number
  readonly audioSeconds: number
  /** Expected work of a worker, seconds. */
  readonly workSeconds: number
  /** Work done so far, seconds. */
  readonly usedSeconds: number
}

/** The place of a job in the order. */
export interface Place<T> {
  readonly job: T
  readonly due: number
  /** Prompt or starving. */
  readonly isUrgent: boolean
  /** Account of its client at the end of the job, or of its next time slice; virtual seconds. */
  readonly ends: number
  /** Remaining work, seconds. */
  readonly remainingSeconds: number
  /** Whether a worker holds it. */
  readonly isPaused: boolean
}

export const STRETCH = 2
/** Time slices without service after which the jobs of a client are starving. */
const PATIENCE_SLICES = 2
/** Remaining work of a job that takes longer than expected. */
const MIN_WORK_SECONDS = 0.001

export function dueAt({ arrivedAtSeconds, workSeconds }: Schedulable): number {
  return arrivedAtSeconds + STRETCH * workSeconds
}

/** Seconds of a worker. */
export function remainingWork({ workSeconds, usedSeconds }: Schedulable): number {
  return Math.max(MIN_WORK_SECONDS, workSeconds - usedSeconds)
}

/** The numbers that determine a place. */
export interface Standing {
  /** Account of the client before the job, virtual seconds. */
  readonly startsAt: number
  readonly isPaused: boolean
  readonly remainingSeconds: number
  /** For how long none of the client's jobs has run. */
  readonly unservedSeconds: number
}

/**
 * `shortSeconds`: work that counts as short, about one time slice of a long job. A job that a worker has begun runs in
 * time slices, so others wait for its next one only.
 */
export function placeOf<T extends Schedulable>(
  job: T, standing: Standing, virtualSeconds: number, shortSeconds: number,
): Place<T> {
  const { startsAt, isPaused, remainingSeconds, unservedSeconds } = standing
  const isPrompt = job.workSeconds <= shortSeconds && startsAt <= virtualSeconds + shortSeconds
  const isStarving = unservedSeconds > PATIENCE_SLICES * shortSeconds
  const nextSeconds = isPaused ? Math.min(remainingSeconds, shortSeconds) : remainingSeconds
  const [due, ends] = [dueAt(job), startsAt + nextSeconds]
  return { job, remainingSeconds, isPaused, due, ends, isUrgent: isPrompt || isStarving }
}

/** Negative where `a` goes before `b`, of two clients. */
export function compare<T>(a: Place<T>, b: Place<T>): number {
  return Number(b.isUrgent) - Number(a.isUrgent) || a.ends - b.ends || a.due - b.due
}
