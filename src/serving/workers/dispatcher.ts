/**
 * Assigns the jobs of the pool to workers: accepts or refuses them (`admission.ts`), starts them in the order of the
 * queue, runs short ones at the same time in one worker where all workers are busy, lets long ones pause so that others
 * run in between, cancels them, and retries them when their worker dies.
 *
 * Life of a job: accepted → waiting → running ⇄ paused → answered. When its worker dies it waits again.
 */
import type { SpeechError, WireError } from '../../domain/errors.js'
import type { DoneMessage } from '../../domain/worker-protocol.js'
import { Admission, kindOf } from './admission.js'
import { FairQueue } from './fair-queue.js'
import { Job, type Answered, type JobRequest } from './job.js'
import { remainingWork } from './order.js'
import type { PoolOptions } from './pool-options.js'
import { mayJoin } from './sharing.js'
import type { WorkerHandle } from './worker-handle.js'
import { WorkerLoad } from './worker-load.js'
import { WorkEstimate } from './work-estimate.js'

/** A job during which two workers died is the cause, since it was alone in the second one: it is not tried again. */
const MAX_DEATHS = 2

export class Dispatcher {
  readonly #options: PoolOptions
  readonly #workers: Iterable<WorkerHandle>
  readonly #queue: FairQueue<Job>
  readonly #loads = new Map<WorkerHandle, WorkerLoad>()
  readonly #estimate = new WorkEstimate()
  readonly #admission: Admission
  readonly #onEmpty: () => void
  #nextId = 1

  constructor(options: PoolOptions, workers: Iterable<WorkerHandle>, onEmpty: () => void) {
    this.#options = options
    this.#workers = workers
    this.#queue = new FairQueue(options.queue)
    this.#admission = new Admission(options, this.#queue, this.#estimate)
    this.#onEmpty = onEmpty
  }

  /** Jobs that wait for their first worker. */
  get queueLength(): number { return this.#queue.length }
  /** Jobs that workers are running, paused ones not included. */
  get runningJobs(): number { return [...this.#loads.values()].reduce((sum, { running }) => sum + running.size, 0) }
  get isEmpty(): boolean { return this.#queue.length === 0 && [...this.#loads.values()].every((load) => load.isEmpty) }

  /** Whether a job would begin at once, in a worker of its own. */
  get hasFreeWorker(): boolean {
    return this.#queue.length === 0
      && [...this.#workers].some((worker) => worker.takesJobs && this.#loadOf(worker).isEmpty)
  }

  /** Whether the worker has no job, neither running nor paused. */
  isFree(worker: WorkerHandle): boolean {
    return this.#loadOf(worker).isEmpty
  }

  /** Why a job of this client would be refused now; without `request`, a short clip. */
  refusal(client: string, request?: JobRequest): SpeechError | undefined {
    const loads = [...this.#workers].filter(({ takesJobs }) => takesJobs).map((worker) => this.#loadOf(worker))
    // A worker without a job would take it at once.
    if (loads.some(({ isEmpty }) => isEmpty)) return undefined
    return this.#admission.refusal(client, request, loads.map(({ running }) => running))
  }

  accept(request: JobRequest, signal: AbortSignal | undefined): Promise<Answered> {
    const deadlineSeconds = Math.min(request.deadlineSeconds ?? Infinity, this.#options.deadlineSeconds)
    const kind = kindOf(request)
    const workSeconds = this.#estimate.workSeconds(kind, request.audioSeconds)
    const job = new Job(this.#nextId++, request, kind, workSeconds, deadlineSeconds, signal, {
      onDeadline: (job) => { this.#timeOut(job) },
      onAbort: (abandoned) => { this.#abandon(abandoned) },
    })
    this.#queue.push(job)
    this.dispatch()
    return job.answered
  }

  /** Gives workers what they should do next, one job after the other: each goes to the worker with the fewest. */
  dispatch(): void {
    while (this.#byLoad().some((worker) => this.#assignNext(worker)));
  }

  done(worker: WorkerHandle, message: DoneMessage): void {
    const load = this.#loadOf(worker)
    const job = load.runningJob(message.id)
    if (job === undefined) return
    load.running.delete(job)
    this.#queue.end(job, job.finish(message))
    if (message.outcome.ok && !job.isPartial) this.#estimate.observe(job.kind, job.audioSeconds, job.usedSeconds)
    this.#checkEmpty()
  }

  /** A time slice of a job is over. */
  paused(worker: WorkerHandle, id: number): void {
    const load = this.#loadOf(worker)
    const job = load.runningJob(id)
    if (job === undefined) return
    load.running.delete(job)
    const seconds = job.endSlice()
    this.#queue.pause(job, seconds)
    this.#estimate.observeSlice(seconds)
    this.#queue.meanSliceSeconds = this.#estimate.meanSliceSeconds
    load.paused.add(job)
    this.dispatch()
  }

  /** The jobs that the worker was running, and those that it held, go to other workers. */
  gone(worker: WorkerHandle, error: WireError | undefined): void {
    const { running, paused } = this.#loadOf(worker)
    this.#loads.delete(worker)
    for (const job of paused) this.#queue.drop(job)
    for (const job of running) {
      job.deaths++
      this.#queue.end(job, job.endSlice())
    }
    for (const job of [...paused, ...running]) this.#retry(job, worker, error)
    this.dispatch()
    this.#checkEmpty()
  }

  /** Fails every job that is not answered yet. */
  failAll(code: 'SHUTTING_DOWN'): void {
    for (const job of [...this.#loads.values()].flatMap(({ jobs }) => jobs)) job.fail(code)
    this.#loads.clear()
    for (let job = this.#queue.next([]); job !== undefined; job = this.#queue.next([])) job.fail(code)
  }

  #loadOf(worker: WorkerHandle): WorkerLoad {
    const load = this.#loads.get(worker) ?? new WorkerLoad()
    this.#loads.set(worker, load)
    return load
  }

  /**
   * Workers with room for a job: those that run fewest first. Of these, those without a paused job come first; workers
   * that compile a list run jobs too, but after the others.
   */
  #byLoad(): WorkerHandle[] {
    const rank = (worker: WorkerHandle): number => {
      const { running, paused } = this.#loadOf(worker)
      return running.size * 4 + (paused.size > 0 ? 2 : 0) + Number(worker.isCompiling)
    }
    return [...this.#workers]
      .filter((worker) => worker.isWorking && this.#loadOf(worker).running.size < this.#options.maxBatchSize)
      .sort((a, b) => rank(a) - rank(b))
  }

  /** Whether there was a job for the worker. */
  #assignNext(worker: WorkerHandle): boolean {
    const load = this.#loadOf(worker)
    const job = this.#nextFor(worker, load)
    if (job === undefined) return false
    load.running.add(job)
    if (load.paused.delete(job)) {
      job.resume(load.time)
      worker.resume(job.id)
    } else {
      job.begin(load.time)
      const isAlone = this.#queue.length === 0 && [...this.#loads.values()].every(({ jobs }) =>
        jobs.every((other) => other === job))
      worker.assign(job.id, { ...job.forWorker, isAlone })
    }
    return true
  }

  /** A paused job that needs no answer any more goes first: it ends as soon as it is resumed. */
  #nextFor(worker: WorkerHandle, { running, paused }: WorkerLoad): Job | undefined {
    const held = [...paused]
    const over = held.find((job) => job.isAnswered || job.isAbandoned)
    if (over === undefined && worker.takesJobs) return this.#queue.next(held, (job) => mayJoin(job, running))
    const resumed = over ?? held.sort((a, b) => remainingWork(a) - remainingWork(b))[0]
    if (resumed === undefined || (over === undefined && !mayJoin(resumed, running))) return undefined
    this.#queue.begin(resumed)
    return resumed
  }

  /**
   * The client gets its answer now. A worker that is still running the job is told to end it at its next step; if it
   * does not, it is killed, by the deadline of the service: a client's own, shorter one must not cost a worker.
   */
  #timeOut(job: Job): void {
    job.fail('DEADLINE_PASSED')
    if (this.#queue.remove(job)) return this.#checkEmpty()
    this.#workerOf(job)?.cancel(job.id)
    this.#killIn(this.#options.deadlineSeconds + this.#options.killAfterSeconds - job.ageSeconds, job)
  }

  /** A paused job cannot end before it is resumed; its time counts from then on. */
  #killIn(seconds: number, job: Job): void {
    job.rearm(seconds, () => {
      const worker = this.#workerOf(job)
      if (worker === undefined) return
      const { running } = this.#loadOf(worker)
      const { killAfterSeconds } = this.#options
      const restSeconds = running.has(job) ? killAfterSeconds - job.secondsSinceChange : killAfterSeconds
      if (restSeconds > 0) return this.#killIn(restSeconds, job)
      running.delete(job)
      this.#queue.end(job, job.endSlice())
      worker.killTimedOut()
    })
  }

  #abandon(job: Job): void {
    if (!this.#queue.remove(job)) return this.#workerOf(job)?.cancel(job.id)
    job.fail('CANCELLED')
    this.#checkEmpty()
  }

  #retry(job: Job, worker: WorkerHandle, error: WireError | undefined): void {
    if (job.isAnswered) return job.release()
    if (job.isAbandoned) return job.fail('CANCELLED')
    if (job.isLate) return job.fail('DEADLINE_PASSED')
    if (job.deaths >= MAX_DEATHS) return job.fail(error?.code === 'OUT_OF_MEMORY' ? error.code : 'RECOGNIZER_CRASHED')
    this.#options.events.onRetry(worker.processId)
    job.startOver()
    this.#queue.push(job)
  }

  #workerOf(job: Job): WorkerHandle | undefined {
    return [...this.#loads].find(([, load]) => load.has(job))?.[0]
  }

  #checkEmpty(): void {
    if (this.isEmpty) this.#onEmpty()
  }
}
