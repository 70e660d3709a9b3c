/**
 * Assigns the jobs of the pool to workers: accepts or refuses them by a forecast of their wait, starts them in the
 * order of the queue, lets long ones pause so that others run in between, cancels them, and retries them when their
 * worker dies.
 *
 * Life of a job: accepted → waiting → running ⇄ paused → answered. When its worker dies it waits again.
 */
import { SpeechError, type WireError } from '../../domain/errors.js'
import { FairQueue } from './fair-queue.js'
import { forecast, type Running } from './forecast.js'
import { Job, type Answered, type JobRequest } from './job.js'
import type { PoolOptions } from './pool-options.js'
import type { DoneMessage, WorkerHandle } from './worker-handle.js'
import { plainKind, WorkEstimate, type WorkKind } from './work-estimate.js'

/** A job during which two workers died may be the cause: it is not tried again. */
const MAX_DEATHS = 2
/** A forecast is a mean, and shorter jobs that arrive later may go first: this is the safety factor. */
const FORECAST_MARGIN = 1.25
/** Assumed length of an upload whose body has not been read. */
const SHORT_CLIP_SECONDS = 1

export class Dispatcher {
  readonly #options: PoolOptions
  readonly #workers: Iterable<WorkerHandle>
  readonly #queue: FairQueue<Job>
  readonly #running = new Map<WorkerHandle, Job>()
  readonly #paused = new Map<WorkerHandle, Job[]>()
  readonly #estimate = new WorkEstimate()
  readonly #onEmpty: () => void
  #nextId = 1

  constructor(options: PoolOptions, workers: Iterable<WorkerHandle>, onEmpty: () => void) {
    this.#options = options
    this.#workers = workers
    this.#queue = new FairQueue(options.queue)
    this.#onEmpty = onEmpty
  }

  /** Jobs that wait for their first worker. */
  get queueLength(): number { return this.#queue.length }
  get isEmpty(): boolean { return this.#queue.length === 0 && this.#running.size === 0 && this.#paused.size === 0 }

  /** Why a job of this client would be refused now; without `request`, a short clip. */
  refusal(client: string, request?: JobRequest): SpeechError | undefined {
    const working = [...this.#workers].filter(({ state }) => state === 'idle' || state === 'busy')
    // A worker without a job would take it at once.
    if (working.some((worker) => worker.state === 'idle' && !this.#paused.has(worker))) return undefined
    const audioSeconds = request?.audioSeconds ?? SHORT_CLIP_SECONDS
    const kind = request === undefined ? plainKind(this.#options.settings.models[0] ?? '') : kindOf(request)
    const workSeconds = this.#estimate.workSeconds(kind, audioSeconds)
    const job = { client, audioSeconds, workSeconds, usedSeconds: 0, arrivedAtSeconds: performance.now() / 1000 }
    const limitSeconds = this.#options.queueWaitSeconds
    const running = this.#runningNow()
    const { waitSeconds, delaysOwnUntilSeconds } = forecast(this.#queue, job, running, working.length, limitSeconds)
    if (this.#queue.isFullFor(client, request === undefined ? 0 : audioSeconds)) {
      return queueFull(`${this.#queue.length} requests wait`, waitSeconds)
    }
    if (waitSeconds * FORECAST_MARGIN > limitSeconds) {
      return queueFull(`the wait would be about ${Math.ceil(waitSeconds)} s`, waitSeconds)
    }
    if (delaysOwnUntilSeconds === undefined) return undefined
    return queueFull('longer clips of this client that were accepted before would wait too long', delaysOwnUntilSeconds)
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

  /** Gives every idle worker what it should do next. */
  dispatch(): void {
    for (const worker of this.#idleWorkers()) {
      const held = this.#paused.get(worker) ?? []
      const job = this.#nextFor(held)
      if (job === undefined) continue
      this.#running.set(worker, job)
      if (held.includes(job)) this.#resume(worker, job, held)
      else {
        job.begin()
        worker.assign(job.id, job.forWorker)
      }
    }
  }

  done(worker: WorkerHandle, { outcome, workSeconds }: DoneMessage): void {
    const job = this.#running.get(worker)
    if (job === undefined) return
    this.#running.delete(worker)
    this.#queue.end(job, job.finish(outcome, workSeconds))
    if (outcome.ok) this.#estimate.observe(job.kind, job.audioSeconds, job.usedSeconds)
    this.#checkEmpty()
  }

  /** A time slice of its job is over. */
  paused(worker: WorkerHandle): void {
    const job = this.#running.get(worker)
    if (job === undefined) return
    this.#running.delete(worker)
    const seconds = job.endSlice()
    this.#queue.pause(job, seconds)
    this.#estimate.observeSlice(seconds)
    this.#queue.meanSliceSeconds = this.#estimate.meanSliceSeconds
    this.#paused.set(worker, [...this.#paused.get(worker) ?? [], job])
    this.dispatch()
  }

  /** The job that the worker was running, and those that it held, go to other workers. */
  gone(worker: WorkerHandle, error: WireError | undefined): void {
    const running = this.#running.get(worker)
    const held = this.#paused.get(worker) ?? []
    this.#running.delete(worker)
    this.#paused.delete(worker)
    for (const job of held) {
      this.#queue.drop(job)
      this.#retry(job, worker, error)
    }
    if (running !== undefined) {
      running.deaths++
      this.#queue.end(running, running.endSlice())
      this.#retry(running, worker, error)
    }
    this.dispatch()
    this.#checkEmpty()
  }

  /** Fails every job that is not answered yet. */
  failAll(code: 'SHUTTING_DOWN'): void {
    for (const job of [...this.#running.values(), ...[...this.#paused.values()].flat()]) job.fail(code)
    this.#running.clear()
    this.#paused.clear()
    for (let job = this.#queue.next([]); job !== undefined; job = this.#queue.next([])) job.fail(code)
  }

  /** Those without a paused job first. Workers that compile a list run jobs too, but after the others. */
  #idleWorkers(): WorkerHandle[] {
    const rank = (worker: WorkerHandle): number => (this.#paused.has(worker) ? 2 : 0) + Number(worker.isCompiling)
    return [...this.#workers].filter(({ state }) => state === 'idle').sort((a, b) => rank(a) - rank(b))
  }

  /** A paused job that needs no answer any more goes first: it ends as soon as it is resumed. */
  #nextFor(held: readonly Job[]): Job | undefined {
    const over = held.find((job) => job.isAnswered || job.isAbandoned)
    if (over === undefined) return this.#queue.next(held)
    this.#queue.begin(over)
    return over
  }

  #runningNow(): Running<Job>[] {
    const { meanSliceSeconds } = this.#estimate
    return [...this.#running.values()].map((job) => ({ job, sliceSeconds: job.sliceSeconds, meanSliceSeconds }))
  }

  #resume(worker: WorkerHandle, job: Job, held: readonly Job[]): void {
    const others = held.filter((other) => other !== job)
    if (others.length > 0) this.#paused.set(worker, others)
    else this.#paused.delete(worker)
    job.resume()
    worker.resume(job.id)
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
      const { killAfterSeconds } = this.#options
      const restSeconds = this.#running.get(worker) === job ? killAfterSeconds - job.sliceSeconds : killAfterSeconds
      if (restSeconds > 0) return this.#killIn(restSeconds, job)
      this.#running.delete(worker)
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
    for (const [worker, running] of this.#running) if (running === job) return worker
    for (const [worker, held] of this.#paused) if (held.includes(job)) return worker
    return undefined
  }

  #checkEmpty(): void {
    if (this.isEmpty) this.#onEmpty()
  }
}

function queueFull(why: string, seconds: number): SpeechError {
  return new SpeechError('QUEUE_FULL', why, { retryAfterSeconds: Math.max(1, Math.ceil(seconds)) })
}

function kindOf({ model, nBest, phrases, words }: JobRequest): WorkKind {
  const list = phrases === undefined ? 'none' : typeof phrases === 'string' ? 'catalogue' : 'own'
  return { model, nBest, phrases: list, words }
}
