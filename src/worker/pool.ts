/**
 * The recognition processes and the line before them: ready handshake, one job at a time, deadlines that count
 * waiting, cancellation, kill and replace, one retry elsewhere when a worker dies under a request, and a drain.
 *
 * Life of a job: `run` → refused | waiting → running → answered; `running → waiting` once, when its worker died.
 */
import { fromWire, SpeechError, toWire, type WireError } from '../errors.js'
import { Job, type Answered, type JobEvents, type JobRequest } from './job.js'
import type { PoolOptions } from './pool-options.js'
import type { LoadedModel } from './protocol.js'
import { Publications } from './publications.js'
import { BoundedQueue } from './queue.js'
import { RecognitionWorker, type DoneMessage, type PhrasesMessage, type WorkerEvents, type WorkerState } from './recognition-worker.js'
import { Restarts, type Slot } from './restarts.js'
import { WorkEstimate } from './work-estimate.js'

export interface PoolReadiness {
  readonly ready: boolean
  readonly workers: Readonly<Record<Exclude<WorkerState, 'gone'>, number>>
  /** What is missing, in a sentence; empty when ready. */
  readonly missing: string
}

/** A job is tried on two workers, never on a third: it may be what kills them. */
const MAX_ATTEMPTS = 2

export class WorkerPool {
  readonly phraseLists: Publications
  readonly #options: PoolOptions
  readonly #queue: BoundedQueue<Job>
  readonly #workers = new Set<RecognitionWorker>()
  readonly #running = new Map<RecognitionWorker, Job>()
  readonly #restarts = new Restarts((slot) => { this.#spawn(slot) })
  readonly #estimate = new WorkEstimate()
  #nextId = 1
  #closing = false
  #started: { resolve(): void; reject(error: SpeechError): void } | undefined
  #drained: (() => void) | undefined

  constructor(options: PoolOptions) {
    this.#options = options
    this.#queue = new BoundedQueue(options.queue)
    this.phraseLists = new Publications(this.#workers, options.startSeconds)
  }

  get queueLength(): number { return this.#queue.length }
  get processIds(): number[] { return [...this.#workers].flatMap(({ processId }) => processId ?? []) }

  /** Models as the first ready worker loaded them; empty before. */
  get models(): readonly LoadedModel[] {
    return [...this.#workers].find((worker) => worker.models.length > 0)?.models ?? []
  }

  /** Memory of all workers at their last answer. */
  get residentBytes(): number {
    return [...this.#workers].reduce((sum, worker) => sum + worker.residentBytes, 0)
  }

  /** Resolves when every worker is ready; rejects with what the first worker to fail said. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#started = { resolve, reject }
      this.#restarts.begin(this.#options.workers)
    })
  }

  readiness(): PoolReadiness {
    const count = (state: WorkerState): number => [...this.#workers].filter((worker) => worker.state === state).length
    const workers = { idle: count('idle'), busy: count('busy'), starting: count('starting') }
    const waitedFor = this.#options.workers - workers.idle - workers.busy
    if (this.#closing) return { ready: false, workers, missing: 'the service is shutting down' }
    const missing = waitedFor === 0 ? '' : `${waitedFor} of ${this.#options.workers} workers have not recognized the warm-up clip yet`
    return { ready: waitedFor === 0, workers, missing }
  }

  /** Why a request would be refused now, so that the door need not read its body; undefined when it would be accepted. */
  refusal(audioSeconds = 0): SpeechError | undefined {
    if (this.#closing) return new SpeechError('SHUTTING_DOWN', undefined, { retryAfterSeconds: 1 })
    const { idle, busy } = this.readiness().workers
    // Workers that only just died come back in a moment, so the line stays open; those that never came, or cannot, do not.
    if (idle + busy === 0 && (!this.#restarts.hasServed || this.#restarts.isFailing)) return new SpeechError('NOT_READY', undefined, { retryAfterSeconds: 1 })
    const waitSeconds = this.#queue.workSeconds / Math.max(1, idle + busy)
    const retryAfterSeconds = Math.max(1, Math.ceil(waitSeconds))
    if (idle === 0 && this.#queue.isFullFor(audioSeconds)) return new SpeechError('QUEUE_FULL', `${this.#queue.length} requests wait`, { retryAfterSeconds })
    if (waitSeconds > this.#options.queueWaitSeconds) return new SpeechError('QUEUE_FULL', `the wait would be about ${retryAfterSeconds} s`, { retryAfterSeconds })
    return undefined
  }

  /** Never rejects: what went wrong is in the outcome. `signal` says that nobody waits for the answer any more. */
  async run(request: JobRequest, signal?: AbortSignal): Promise<Answered> {
    const refusal = signal?.aborted ? new SpeechError('CANCELLED') : this.refusal(request.audioSeconds)
    if (refusal) return { outcome: { ok: false, error: toWire(refusal) }, workSeconds: 0, attempts: 0 }
    const deadlineSeconds = Math.min(request.deadlineSeconds ?? Infinity, this.#options.deadlineSeconds)
    const workSeconds = this.#estimate.workSeconds(request.model, request.audioSeconds)
    const events: JobEvents = { onDeadline: (late) => { this.#late(late) }, onAbort: (abandoned) => { this.#abandon(abandoned) } }
    const job = new Job(this.#nextId++, request, workSeconds, deadlineSeconds, signal, events)
    this.#queue.push(job)
    this.#dispatch()
    return job.answered
  }

  /** Refuses what is new, finishes what was accepted within `graceSeconds`, then stops every worker. */
  async close(graceSeconds: number): Promise<void> {
    this.#closing = true
    this.phraseLists.close()
    this.#started?.reject(new SpeechError('SHUTTING_DOWN'))
    this.#restarts.close()
    await this.#drain(graceSeconds)
    for (const job of this.#running.values()) job.fail('SHUTTING_DOWN')
    this.#running.clear()
    for (let job = this.#queue.shift(); job; job = this.#queue.shift()) job.fail('SHUTTING_DOWN')
    await Promise.all([...this.#workers].map((worker) => worker.retire(this.#options.killAfterSeconds)))
  }

  #spawn(slot: Slot): void {
    const events: WorkerEvents = {
      onLoaded: () => { this.phraseLists.offer() },
      onPhrases: (_worker, message) => { this.#phrasesAnswered(message) },
      onReady: (worker) => { this.#ready(worker, slot) },
      onDone: (worker, message) => { this.#done(worker, message) },
      onGone: (worker, description, error) => { this.#gone(worker, slot, description, error) },
      onNoise: (worker, line) => { this.#options.events.onWorkerNoise(worker.processId, line) },
    }
    this.#workers.add(new RecognitionWorker(this.#options, events))
  }

  #ready(worker: RecognitionWorker, slot: Slot): void {
    this.#restarts.ready(slot)
    this.#options.events.onWorkerReady(worker.processId, worker.ageSeconds, worker.models)
    if (this.readiness().ready) this.#started?.resolve()
    this.#dispatch()
  }

  #dispatch(): void {
    // Those that compile a list hear in between, but not as soon as the others.
    const idle = [...this.#workers].filter(({ state }) => state === 'idle').sort((a, b) => Number(a.isCompiling) - Number(b.isCompiling))
    for (const worker of idle) {
      const job = this.#queue.shift()
      if (job === undefined) return
      job.begin()
      this.#running.set(worker, job)
      worker.assign(job.id, job.forWorker)
    }
  }

  #done(worker: RecognitionWorker, { outcome, workSeconds }: DoneMessage): void {
    const job = this.#running.get(worker)
    this.#running.delete(worker)
    const runSeconds = job?.finish(outcome, workSeconds) ?? 0
    if (job && outcome.ok) this.#estimate.observe(job.model, job.audioSeconds, runSeconds)
    this.phraseLists.offer()
    this.#dispatch()
    this.#checkDrained()
  }

  #phrasesAnswered(message: PhrasesMessage): void {
    this.phraseLists.answered(message)
    this.#dispatch()
  }

  /**
   * The client has its answer now. A worker that is still at it sees the deadline at its next step; one that does
   * not is killed, by the deadline of the service: a client's own, shorter one must not cost a worker.
   */
  #late(job: Job): void {
    job.fail('DEADLINE_PASSED')
    if (this.#queue.remove(job)) return this.#checkDrained()
    job.rearm(this.#options.deadlineSeconds + this.#options.killAfterSeconds - job.ageSeconds, () => {
      const worker = this.#workerOf(job)
      if (worker === undefined) return
      this.#running.delete(worker)
      worker.killOverdue()
    })
  }

  #abandon(job: Job): void {
    if (!this.#queue.remove(job)) return this.#workerOf(job)?.cancel(job.id)
    job.fail('CANCELLED')
    this.#checkDrained()
  }

  #gone(worker: RecognitionWorker, slot: Slot, description: string, error: WireError | undefined): void {
    const job = this.#running.get(worker)
    this.#running.delete(worker)
    this.#workers.delete(worker)
    this.phraseLists.gone(worker)
    const reason = worker.isOverdue ? 'timeout' : 'crash'
    if (!this.#closing) {
      this.#options.events.onWorkerReplaced(worker.processId, reason, error?.message ?? description)
      this.#restarts.replace(slot, worker.wasReady)
    }
    if (!this.#restarts.hasServed) this.#started?.reject(error ? fromWire(error) : new SpeechError('NOT_READY', `a worker ended before it was ready (${reason}, ${description})`))
    if (job !== undefined) this.#rescue(job, worker, error)
    this.#checkDrained()
  }

  /** The worker died under this job: once more elsewhere, ahead of the line. */
  #rescue(job: Job, worker: RecognitionWorker, error: WireError | undefined): void {
    if (job.isAbandoned) return job.fail('CANCELLED')
    if (job.isLate) return job.fail('DEADLINE_PASSED')
    if (job.attempts >= MAX_ATTEMPTS) return job.fail(error?.code === 'OUT_OF_MEMORY' ? error.code : 'RECOGNIZER_CRASHED')
    this.#options.events.onRetry(worker.processId)
    job.waitAgain()
    this.#queue.pushFirst(job)
    this.#dispatch()
  }

  #workerOf(job: Job): RecognitionWorker | undefined {
    for (const [worker, running] of this.#running) if (running === job) return worker
    return undefined
  }

  #drain(graceSeconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, graceSeconds * 1000)
      this.#drained = () => { clearTimeout(timer); resolve() }
      this.#checkDrained()
    })
  }

  #checkDrained(): void {
    if (this.#closing && this.#queue.length === 0 && this.#running.size === 0) this.#drained?.()
  }
}
