/**
 * The recognition processes: started, ready, replaced when they die or hang, closed. The dispatcher decides which of
 * them runs which job.
 */
import { fromWire, SpeechError, toWire, type WireError } from '../../domain/errors.js'
import { Dispatcher } from './dispatcher.js'
import type { Answered, JobRequest } from './job.js'
import type { PoolOptions } from './pool-options.js'
import type { DetectedWindows, DetectionRequest } from '../../domain/stream-detection.js'
import type { DoneMessage, LoadedModel } from '../../domain/worker-protocol.js'
import { PhraseListDistribution } from './phrase-list-distribution.js'
import { WorkerHandle, type PhrasesMessage, type WorkerEvents, type WorkerState } from './worker-handle.js'
import { Recycling } from './recycling.js'
import { Restarts, type Slot } from './restarts.js'
import { StreamDetection } from './stream-detection.js'

export interface PoolReadiness {
  readonly ready: boolean
  readonly workers: Readonly<Record<Exclude<WorkerState, 'gone'>, number>>
  /** A sentence that says why it is not ready; empty when ready. */
  readonly missing: string
}

const NO_WORK = { workSeconds: 0, elapsedSeconds: 0, attempts: 0 }

export class WorkerPool {
  readonly phraseLists: PhraseListDistribution
  readonly #detection: StreamDetection
  readonly #options: PoolOptions
  readonly #dispatcher: Dispatcher
  readonly #workers = new Set<WorkerHandle>()
  readonly #restarts = new Restarts((slot) => { this.#spawn(slot) })
  readonly #recycling: Recycling
  #closing = false
  #started: { resolve(): void; reject(error: SpeechError): void } | undefined
  #drained: (() => void) | undefined

  constructor(options: PoolOptions) {
    this.#options = options
    this.#dispatcher = new Dispatcher(options, this.#workers, () => { this.#checkDrained() })
    this.#recycling = new Recycling(options.memoryLimitBytes)
    this.#detection = new StreamDetection(this.#workers)
    this.phraseLists = new PhraseListDistribution(this.#workers, options.startSeconds)
  }

  get queueLength(): number { return this.#dispatcher.queueLength }
  get runningJobs(): number { return this.#dispatcher.runningJobs }
  get processIds(): number[] { return [...this.#workers].flatMap(({ processId }) => processId ?? []) }

  /** Models as the first ready worker loaded them; empty before. */
  get models(): readonly LoadedModel[] {
    return [...this.#workers].find((worker) => worker.models.length > 0)?.models ?? []
  }

  /** Memory of all workers at their last answer. */
  get residentBytes(): number {
    return [...this.#workers].reduce((sum, worker) => sum + worker.residentBytes, 0)
  }

  /** Resolves when every worker is ready; rejects with the error of the first worker that fails. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#started = { resolve, reject }
      this.#restarts.begin(this.#options.workers)
    })
  }

  readiness(): PoolReadiness {
    const count = (state: WorkerState): number => [...this.#workers].filter((worker) => worker.state === state).length
    const workers = { idle: count('idle'), busy: count('busy'), starting: count('starting') }
    // One that leaves has a replacement, which counts.
    const leaving = this.#recycling.leaving === undefined ? 0 : 1
    const awaited = this.#options.workers - (workers.idle + workers.busy - leaving)
    if (this.#closing) return { ready: false, workers, missing: 'the service is shutting down' }
    if (awaited === 0) return { ready: true, workers, missing: '' }
    const missing = `${awaited} of ${this.#options.workers} workers have not recognized the warm-up clip yet`
    return { ready: false, workers, missing }
  }

  /** Why a request of this client would be refused now, before its body is read; undefined if it would be accepted. */
  refusal(client: string): SpeechError | undefined {
    return this.#unavailable() ?? this.#dispatcher.refusal(client)
  }

  /** Never rejects: a failure is in the outcome. `signal` aborts when the client no longer waits for the answer. */
  async run(request: JobRequest, signal?: AbortSignal): Promise<Answered> {
    const refusal = signal?.aborted ? new SpeechError('CANCELLED')
      : this.#unavailable()
        ?? (request.isAdmitted === true ? undefined : this.#dispatcher.refusal(request.client, request))
    if (refusal) return { outcome: { ok: false, error: toWire(refusal) }, ...NO_WORK }
    return this.#dispatcher.accept(request, signal)
  }

  /** As `run`, but only where the request need not wait for a worker; null otherwise. */
  async runIfFree(request: JobRequest, signal?: AbortSignal): Promise<Answered | null> {
    return this.#unavailable() === undefined && this.#dispatcher.hasFreeWorker ? this.run(request, signal) : null
  }

  /** Speech in the next windows of a stream. Rejects with a SpeechError. */
  detect(request: DetectionRequest): Promise<DetectedWindows> {
    const refusal = this.#unavailable()
    return refusal === undefined ? this.#detection.detect(request) : Promise.reject(refusal)
  }

  /** Refuses new jobs, finishes accepted ones within `graceSeconds`, then stops every worker. */
  async close(graceSeconds: number): Promise<void> {
    this.#closing = true
    this.phraseLists.close()
    this.#started?.reject(new SpeechError('SHUTTING_DOWN'))
    this.#restarts.close()
    await this.#drain(graceSeconds)
    this.#dispatcher.failAll('SHUTTING_DOWN')
    this.#detection.close()
    await Promise.all([...this.#workers].map((worker) => worker.retire(this.#options.killAfterSeconds)))
  }

  #spawn(slot: Slot): void {
    const events: WorkerEvents = {
      onLoaded: () => { this.phraseLists.offer() },
      onPhrases: (_worker, message) => { this.#phrasesAnswered(message) },
      onReady: (worker) => { this.#ready(worker, slot) },
      onPaused: (worker, id) => { this.#dispatcher.paused(worker, id) },
      onDetected: (message) => { this.#detection.answered(message) },
      onDone: (worker, message) => { this.#done(worker, slot, message) },
      onGone: (worker, description, error) => { this.#gone(worker, slot, description, error) },
      onStderr: (worker, line) => { this.#options.events.onWorkerNoise(worker.processId, line) },
    }
    this.#workers.add(new WorkerHandle(this.#options, events))
  }

  #ready(worker: WorkerHandle, slot: Slot): void {
    this.#restarts.ready(slot)
    this.#options.events.onWorkerReady(worker.processId, worker.ageSeconds, worker.models)
    if (this.readiness().ready) this.#started?.resolve()
    this.#recycling.ready(slot)
    this.#detection.offer()
    this.#dispatcher.dispatch()
    this.#retireLeaving()
  }

  #done(worker: WorkerHandle, slot: Slot, message: DoneMessage): void {
    this.#dispatcher.done(worker, message)
    this.phraseLists.offer(worker)
    this.#dispatcher.dispatch()
    if (!this.#closing && this.#recycling.begins(worker, slot)) this.#spawn(slot)
    this.#retireLeaving()
  }

  #retireLeaving(): void {
    const { leaving } = this.#recycling
    if (leaving !== undefined && this.#dispatcher.isFree(leaving)) void leaving.retire(this.#options.killAfterSeconds)
  }

  #phrasesAnswered(message: PhrasesMessage): void {
    this.phraseLists.answered(message)
    this.#dispatcher.dispatch()
  }

  #gone(worker: WorkerHandle, slot: Slot, description: string, error: WireError | undefined): void {
    this.#workers.delete(worker)
    this.phraseLists.gone(worker)
    const isReplaced = this.#recycling.gone(worker)
    const reason = worker.isRetired ? 'memory' : worker.timedOut ? 'timeout' : 'crash'
    if (!this.#closing) {
      const why = reason === 'memory' ? this.#recycling.describe(worker) : error?.message ?? description
      this.#options.events.onWorkerReplaced(worker.processId, reason, why)
      if (!isReplaced) this.#restarts.replace(slot, worker.wasReady)
    }
    if (!this.#restarts.hasServed) {
      const detail = `a worker ended before it was ready (${reason}, ${description})`
      this.#started?.reject(error ? fromWire(error) : new SpeechError('NOT_READY', detail))
    }
    this.#dispatcher.gone(worker, error)
    this.#detection.gone(worker, error)
  }

  #unavailable(): SpeechError | undefined {
    if (this.#closing) return new SpeechError('SHUTTING_DOWN')
    const { idle, busy } = this.readiness().workers
    // Workers that have just died are replaced in a moment, so the queue stays open; not if they cannot start.
    const cannotStart = !this.#restarts.hasServed || this.#restarts.isFailing
    return idle + busy === 0 && cannotStart ? new SpeechError('NOT_READY') : undefined
  }

  #drain(graceSeconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, graceSeconds * 1000)
      this.#drained = () => { clearTimeout(timer); resolve() }
      this.#checkDrained()
    })
  }

  #checkDrained(): void {
    if (this.#closing && this.#dispatcher.isEmpty) this.#drained?.()
  }
}
