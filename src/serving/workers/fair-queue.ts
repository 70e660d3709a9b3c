/**
 * The queue of jobs that wait for a worker: fair between clients. Within a client short work goes first and long work
 * ages, and jobs of a client that was not served for a while go before all others (`order.ts`).
 *
 * Between clients this is fair queueing (Demers, Keshav & Shenker, "Analysis and simulation of a fair queueing
 * algorithm", SIGCOMM 1989). Each client has an account of the worker seconds that it was given. Virtual time is the
 * account of a client that always gets its fair share: it grows by the seconds served, divided by the number of active
 * clients: those with a job. A client that becomes active starts at the virtual time at least, so that no client saves
 * up service.
 *
 * A long job pauses between its time slices. A paused job keeps its place in the order and its worker.
 * The queue is bounded in jobs and in seconds of audio, shared between the clients (`serving/shared-capacity.ts`).
 */
import { SharedCapacity } from '../shared-capacity.js'
import { Account } from './account.js'
import { compare, dueAt, placeOf, remainingWork, type Place, type Schedulable, type Standing } from './order.js'

export interface QueueLimits {
  readonly jobs: number
  readonly audioSeconds: number
}

/** Work up to this is short, however short the time slices of long jobs are. */
const SHORT_SECONDS = 0.5
/**
 * Paused jobs of a worker beside which none begins, or, with one less, none but a short one: each keeps its decoded
 * audio.
 */
const MAX_HELD = 3
/** Most accounts of clients without jobs; beyond, those that were served least are forgotten. */
const MAX_IDLE_ACCOUNTS = 1_000

export class FairQueue<T extends Schedulable> {
  readonly #limits: QueueLimits
  readonly #nowSeconds: () => number
  readonly #jobCapacity: SharedCapacity
  readonly #audioCapacity: SharedCapacity
  readonly #accounts = new Map<string, Account<T>>()
  /** Work that running jobs were charged for in advance. */
  readonly #charges = new Map<T, number>()
  #virtualSeconds = 0
  #active = 0
  #length = 0
  #shortSeconds = SHORT_SECONDS

  /** `nowSeconds`: the monotonic clock. */
  constructor(limits: QueueLimits, nowSeconds = (): number => performance.now() / 1000) {
    this.#limits = limits
    this.#nowSeconds = nowSeconds
    // One more than the limit: a client alone may then fill a queue of a few places.
    this.#jobCapacity = new SharedCapacity(limits.jobs + 1)
    this.#audioCapacity = new SharedCapacity(limits.audioSeconds)
  }

  /** Jobs that wait for their first worker. */
  get length(): number { return this.#length }
  get accounts(): number { return this.#accounts.size }

  /** Mean time slice of long jobs, seconds. */
  set meanSliceSeconds(seconds: number) { this.#shortSeconds = Math.max(SHORT_SECONDS, seconds) }

  /** Whether one more job of this length would have to be refused. One long job alone always fits. */
  isFullFor(client: string, audioSeconds: number): boolean {
    if (this.#length >= this.#limits.jobs || !this.#jobCapacity.fits(client, 1)) return true
    return this.#length > 0 && !this.#audioCapacity.fits(client, audioSeconds)
  }

  /** Adds a job, new or back from a worker that died. */
  push(job: T): void {
    const account = this.#accountOf(job.client)
    if (account.jobs++ === 0) {
      this.#active++
      account.servedSeconds = Math.max(account.servedSeconds, this.#virtualSeconds)
      account.unservedSinceSeconds = this.#nowSeconds()
    }
    const due = dueAt(job)
    const before = account.waiting.findLastIndex((other) => dueAt(other) <= due)
    account.waiting.splice(before + 1, 0, job)
    this.#length++
    this.#jobCapacity.acquire(job.client, 1)
    this.#audioCapacity.acquire(job.client, job.audioSeconds)
  }

  /** Whether the job was still waiting. */
  remove(job: T): boolean {
    if (!this.#takeOut(job)) return false
    this.#leave(job)
    return true
  }

  /**
   * The job that a worker should run next, out of those that it holds paused and those that wait; it counts as running
   * until `pause` or `end`. If the first in order may not start in addition to those that the worker holds, and no
   * other that may start precedes these, the one of them that will be done first is resumed.
   *
   * `mayJoin`: whether it may run beside those that the worker runs. If not, none is given: the worker shall end those
   * that it runs, since jobs further back must not keep the first one waiting.
   */
  next(held: readonly T[], mayJoin = (_job: T): boolean => true): T | undefined {
    let first: Place<T> | undefined
    let firstThatMay: Place<T> | undefined
    for (const account of this.#accounts.values()) {
      if (account.waiting.length + account.paused.size === 0) continue
      const candidates = [...held.filter((job) => account.paused.has(job)), ...account.waiting.slice(0, 1)]
      if (candidates.length === 0) continue
      const job = candidates.reduce((best, other) => dueAt(other) < dueAt(best) ? other : best)
      const place = this.#placeNow(job, account, account.servedSeconds)
      if (first === undefined || compare(place, first) < 0) first = place
      const may = place.isPaused || this.#mayStart(job, held)
      if (may && (firstThatMay === undefined || compare(place, firstThatMay) < 0)) firstThatMay = place
    }
    if (first === undefined) return undefined
    const job = firstThatMay === first || firstThatMay?.isPaused === false ? firstThatMay.job
      : held.reduce((soonest, other) => remainingWork(other) < remainingWork(soonest) ? other : soonest)
    if (!mayJoin(job)) return undefined
    this.begin(job)
    return job
  }

  /** Counts a job that waits or is paused as running. */
  begin(job: T): void {
    const account = this.#accountOf(job.client)
    if (!account.paused.delete(job)) this.#takeOut(job)
    const charge = remainingWork(job)
    this.#charges.set(job, charge)
    account.servedSeconds += charge
    account.running++
  }

  /** A running job has run for `seconds` and pauses. */
  pause(job: T, seconds: number): void {
    this.#endSlice(job, seconds)
    this.#accountOf(job.client).paused.add(job)
  }

  /** A running job has run for `seconds` and is done, or its worker died. */
  end(job: T, seconds: number): void {
    this.#endSlice(job, seconds)
    this.#leave(job)
  }

  /** A paused job whose worker died. */
  drop(job: T): void {
    this.#accountOf(job.client).paused.delete(job)
    this.#leave(job)
  }

  /** All jobs that wait or are paused, each client's by due time. */
  places(): Place<T>[] {
    return [...this.#accounts.values()].flatMap((account) => account.jobs === 0 ? [] : this.#placesOf(account))
  }

  /** The place of a new job. */
  placeOf(job: T): Place<T> {
    const account = this.#accounts.get(job.client) ?? new Account<T>(0)
    const served = account.jobs === 0 ? Math.max(account.servedSeconds, this.#virtualSeconds) : account.servedSeconds
    const before = this.#placesOf(account).filter(({ due }) => due <= dueAt(job))
    return this.#placeNow(job, account, before.reduce((sum, { remainingSeconds }) => sum + remainingSeconds, served))
  }

  /** The place of a running job if it paused now, after `sliceSeconds`. */
  placeOfRunning(job: T, sliceSeconds: number): Place<T> {
    const startsAt = this.#accountOf(job.client).servedSeconds - this.#chargeOf(job) + sliceSeconds
    const remainingSeconds = Math.max(0, remainingWork(job) - sliceSeconds)
    return this.#place(job, { startsAt, isPaused: true, remainingSeconds, unservedSeconds: 0 })
  }

  #placesOf(account: Account<T>): Place<T>[] {
    let startsAt = account.servedSeconds
    return [...account.waiting, ...account.paused].sort((a, b) => dueAt(a) - dueAt(b)).map((job) => {
      const place = this.#placeNow(job, account, startsAt)
      startsAt += place.remainingSeconds
      return place
    })
  }

  #placeNow(job: T, account: Account<T>, startsAt: number): Place<T> {
    const isServed = account.jobs === 0 || account.running > 0
    const unservedSeconds = isServed ? 0 : this.#nowSeconds() - account.unservedSinceSeconds
    const [isPaused, remainingSeconds] = [account.paused.has(job), remainingWork(job)]
    return this.#place(job, { startsAt, isPaused, remainingSeconds, unservedSeconds })
  }

  #place(job: T, standing: Standing): Place<T> {
    return placeOf(job, standing, this.#virtualSeconds, this.#shortSeconds)
  }

  /** A long job must be at most half as long as those that it interrupts: a worker must not begin many and end none. */
  #mayStart(job: T, held: readonly T[]): boolean {
    if (held.length === 0) return true
    if (job.workSeconds <= this.#shortSeconds) return held.length < MAX_HELD
    return held.length < MAX_HELD - 1 && held.every((other) => job.workSeconds <= remainingWork(other) / 2)
  }

  #endSlice(job: T, seconds: number): void {
    const account = this.#accountOf(job.client)
    account.servedSeconds += seconds - this.#chargeOf(job)
    account.running--
    account.unservedSinceSeconds = this.#nowSeconds()
    this.#charges.delete(job)
    this.#virtualSeconds += seconds / this.#active
  }

  #chargeOf(job: T): number {
    const charge = this.#charges.get(job)
    if (charge === undefined) throw new Error('this job is not running')
    return charge
  }

  #takeOut(job: T): boolean {
    const waiting = this.#accounts.get(job.client)?.waiting ?? []
    const index = waiting.indexOf(job)
    if (index < 0) return false
    waiting.splice(index, 1)
    this.#length--
    this.#jobCapacity.release(job.client, 1)
    this.#audioCapacity.release(job.client, job.audioSeconds)
    return true
  }

  #leave(job: T): void {
    if (--this.#accountOf(job.client).jobs > 0) return
    this.#active--
    this.#forgetBalanced()
  }

  /** A client without jobs is remembered as long as it was served more than its share. */
  #forgetBalanced(): void {
    const idle = [...this.#accounts].filter(([, { jobs }]) => jobs === 0)
    const owing = idle.filter(([, { servedSeconds }]) => servedSeconds > this.#virtualSeconds)
    const least = owing.length <= MAX_IDLE_ACCOUNTS ? []
      : owing.sort(([, a], [, b]) => a.servedSeconds - b.servedSeconds).slice(0, owing.length - MAX_IDLE_ACCOUNTS)
    for (const [name, { servedSeconds }] of idle) if (servedSeconds <= this.#virtualSeconds) this.#accounts.delete(name)
    for (const [name] of least) this.#accounts.delete(name)
  }

  #accountOf(client: string): Account<T> {
    const account = this.#accounts.get(client) ?? new Account<T>(this.#virtualSeconds)
    this.#accounts.set(client, account)
    return account
  }
}
