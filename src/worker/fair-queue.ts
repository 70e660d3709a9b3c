/**
 * The jobs that wait for a worker, and who is next: fair between clients, the shortest work of a client first, and
 * nobody behind others for ever.
 *
 * Between clients this is fair queueing (Demers, Keshav & Shenker, "Analysis and simulation of a fair queueing
 * algorithm", SIGCOMM 1989). Each client has an account of the worker seconds that it was given. Virtual time is the
 * account of a client that always gets its fair share: it grows by the seconds served, divided by the active clients.
 * A client that becomes active starts at the virtual time at least, so that nobody saves up service. Next is the
 * client whose next job would end first: account plus work. One exception favours clients that send little: a short
 * job of a client that had no more than its share goes before every other job, also before a long one that is due.
 *
 * Within a client the job with the earliest due time is next: its arrival plus STRETCH times its work. A short clip
 * overtakes a long one, and a long one that has waited for STRETCH times its own work is overtaken no more.
 *
 * A long job pauses between its pieces. A paused job is in the same order, and belongs to the worker that holds it.
 *
 * Room is bounded in jobs and in seconds of audio, and shared between the clients (`fair-share.ts`).
 */
import { FairShare } from '../fair-share.js'

export interface QueueLimits {
  readonly jobs: number
  readonly audioSeconds: number
}

/** A job as the queue sees it. */
export interface Schedulable {
  readonly client: string
  /** When it arrived, on the monotonic clock, seconds. */
  readonly arrivedAtSeconds: number
  readonly audioSeconds: number
  /** Expected work of a worker, seconds. */
  readonly workSeconds: number
  /** Work done so far, seconds. */
  readonly usedSeconds: number
}

/** Where a job stands in the order. */
export interface Place<T> {
  readonly job: T
  readonly due: number
  /** Short, and of a client that had no more than its share. */
  readonly isPrompt: boolean
  /** Account of its client when the job will have been done, virtual seconds. */
  readonly ends: number
  readonly workSeconds: number
  /** A worker has begun with it. */
  readonly isPaused: boolean
}

export const STRETCH = 2
/** A job that took longer than expected still has something to do. */
const LEAST_WORK_SECONDS = 0.001
/** Accounts of clients without jobs that are remembered; beyond, those that had least are forgotten. */
const MOST_IDLE_ACCOUNTS = 1_000

class Account<T> {
  servedSeconds: number
  /** Waiting, paused and running. */
  jobs = 0
  /** By due time. */
  readonly waiting: T[] = []
  readonly paused = new Set<T>()

  constructor(servedSeconds: number) {
    this.servedSeconds = servedSeconds
  }
}

export class FairQueue<T extends Schedulable> {
  readonly #limits: QueueLimits
  readonly #jobShare: FairShare
  readonly #audioShare: FairShare
  readonly #accounts = new Map<string, Account<T>>()
  /** Work that running jobs were charged for in advance. */
  readonly #charges = new Map<T, number>()
  #virtualSeconds = 0
  #length = 0
  /** About one piece of a long job: work that is as short goes first, where its client had no more than its share. */
  shortSeconds = 0.5

  constructor(limits: QueueLimits) {
    this.#limits = limits
    // One more than there is room for: a client alone may then use a queue of a few places fully.
    this.#jobShare = new FairShare(limits.jobs + 1)
    this.#audioShare = new FairShare(limits.audioSeconds)
  }

  /** Jobs that wait for their first worker. */
  get length(): number { return this.#length }
  get audioSeconds(): number { return this.#audioShare.held }
  /** Clients that are remembered. */
  get accounts(): number { return this.#accounts.size }

  /** Whether one more job of this length would have to be refused. One long job alone always fits. */
  isFullFor(client: string, audioSeconds: number): boolean {
    if (this.#length >= this.#limits.jobs || !this.#jobShare.fits(client, 1)) return true
    return this.#length > 0 && !this.#audioShare.fits(client, audioSeconds)
  }

  /** Takes in a job, new or back from a worker that died. */
  push(job: T): void {
    const account = this.#accountOf(job.client)
    if (account.jobs++ === 0) account.servedSeconds = Math.max(account.servedSeconds, this.#virtualSeconds)
    const due = dueAt(job)
    const place = account.waiting.findLastIndex((other) => dueAt(other) <= due)
    account.waiting.splice(place + 1, 0, job)
    this.#length++
    this.#jobShare.take(job.client, 1)
    this.#audioShare.take(job.client, job.audioSeconds)
  }

  /** Whether the job was still waiting. */
  remove(job: T): boolean {
    if (!this.#takeOut(job)) return false
    this.#leave(job)
    return true
  }

  /**
   * The job that a worker should do next, out of those that it holds paused and those that wait; it counts as running
   * then, until `pause` or `end`. `mayStart`: whether the worker can take a waiting job besides those that it holds.
   */
  next(held: readonly T[], mayStart: (job: T) => boolean = () => true): T | undefined {
    let best: Place<T> | undefined
    for (const account of this.#accounts.values()) {
      const waiting = account.waiting.find(mayStart)
      const candidates = [...held.filter((job) => account.paused.has(job)), ...waiting === undefined ? [] : [waiting]]
      if (candidates.length === 0) continue
      const job = candidates.reduce((first, other) => dueAt(other) < dueAt(first) ? other : first)
      const place = this.#place(job, account.servedSeconds)
      if (best === undefined || compare(place, best) < 0) best = place
    }
    if (best !== undefined) this.begin(best.job)
    return best?.job
  }

  /** Counts a job that waits or is paused as running. */
  begin(job: T): void {
    const account = this.#accountOf(job.client)
    if (!account.paused.delete(job)) this.#takeOut(job)
    const charge = remainingWork(job)
    this.#charges.set(job, charge)
    account.servedSeconds += charge
  }

  /** A running job has worked for so many seconds, and lets others go first. */
  pause(job: T, seconds: number): void {
    this.#settle(job, seconds)
    this.#accountOf(job.client).paused.add(job)
  }

  /** A running job has worked for so many seconds and is done, or its worker died. */
  end(job: T, seconds: number): void {
    this.#settle(job, seconds)
    this.#leave(job)
  }

  /** A paused job whose worker died. */
  drop(job: T): void {
    this.#accountOf(job.client).paused.delete(job)
    this.#leave(job)
  }

  /** All jobs that wait or are paused, in the order in which they would be done. */
  places(): Place<T>[] {
    return [...this.#accounts.values()].flatMap((account) => this.#placesOf(account)).sort(compare)
  }

  /** Where a new job would stand. */
  placeOf(job: T): Place<T> {
    const account = this.#accounts.get(job.client) ?? new Account<T>(0)
    const starts = account.jobs === 0 ? Math.max(account.servedSeconds, this.#virtualSeconds) : account.servedSeconds
    const before = this.#placesOf(account).filter(({ due }) => due <= dueAt(job))
    return this.#place(job, before.reduce((sum, { workSeconds }) => sum + workSeconds, starts))
  }

  /** Where a running job would stand if it paused now. */
  placeOfRunning(job: T): Place<T> {
    return this.#place(job, this.#accountOf(job.client).servedSeconds - remainingWork(job))
  }

  /** By due time. */
  #placesOf(account: Account<T>): Place<T>[] {
    let starts = account.servedSeconds
    return [...account.waiting, ...account.paused].sort((a, b) => dueAt(a) - dueAt(b)).map((job) => {
      const place = { ...this.#place(job, starts), isPaused: account.paused.has(job) }
      starts = place.ends
      return place
    })
  }

  #place(job: T, starts: number): Place<T> {
    const workSeconds = remainingWork(job)
    const isPrompt = job.workSeconds <= this.shortSeconds && starts <= this.#virtualSeconds + this.shortSeconds
    return { job, due: dueAt(job), isPrompt, ends: starts + workSeconds, workSeconds, isPaused: false }
  }

  #settle(job: T, seconds: number): void {
    const charge = this.#charges.get(job) ?? 0
    this.#charges.delete(job)
    this.#accountOf(job.client).servedSeconds += seconds - charge
    const active = [...this.#accounts.values()].filter(({ jobs }) => jobs > 0).length
    this.#virtualSeconds += seconds / Math.max(1, active)
  }

  #takeOut(job: T): boolean {
    const waiting = this.#accounts.get(job.client)?.waiting ?? []
    const index = waiting.indexOf(job)
    if (index < 0) return false
    waiting.splice(index, 1)
    this.#length--
    this.#jobShare.give(job.client, 1)
    this.#audioShare.give(job.client, job.audioSeconds)
    return true
  }

  #leave(job: T): void {
    this.#accountOf(job.client).jobs--
    for (const [name, { jobs, servedSeconds }] of this.#accounts) if (jobs === 0 && servedSeconds <= this.#virtualSeconds) this.#accounts.delete(name)
    if (this.#accounts.size <= MOST_IDLE_ACCOUNTS) return
    const idle = [...this.#accounts].filter(([, { jobs }]) => jobs === 0).sort(([, a], [, b]) => a.servedSeconds - b.servedSeconds)
    for (const [name] of idle.slice(0, this.#accounts.size - MOST_IDLE_ACCOUNTS)) this.#accounts.delete(name)
  }

  #accountOf(client: string): Account<T> {
    const known = this.#accounts.get(client)
    if (known !== undefined) return known
    const account = new Account<T>(this.#virtualSeconds)
    this.#accounts.set(client, account)
    return account
  }
}

/** Who goes first of two clients. */
export function compare<T>(a: Place<T>, b: Place<T>): number {
  return Number(b.isPrompt) - Number(a.isPrompt) || a.ends - b.ends || a.due - b.due
}

/** On the monotonic clock, seconds. */
function dueAt({ arrivedAtSeconds, workSeconds }: Schedulable): number {
  return arrivedAtSeconds + STRETCH * workSeconds
}

/** Seconds of a worker. */
export function remainingWork({ workSeconds, usedSeconds }: Schedulable): number {
  return Math.max(LEAST_WORK_SECONDS, workSeconds - usedSeconds)
}
