/**
 * The recognition processes: started, ready, replaced when they die or hang, closed. The dispatcher decides which of
 * them runs which job.
 */
import { fromWire, SpeechError, toWire, type WireError } from '../../domain/errors.js'
import { Dispatcher } from './dispatcher.js'
import type { Answered, JobRequest } from './job.js'
import type { PoolOptions } from './pool-options.js'
import type { LoadedModel } from '../../domain/worker-protocol.js'
import { PhraseListDistribution } from './phrase-list-distribution.js'
import { WorkerHandle, type PhrasesMessage, type WorkerEvents, type WorkerState } from './worker-handle.js'
import { Restarts, type Slot } from './restarts.js'

export interface PoolReadiness {
  readonly ready: boolean
  readonly workers: Readonly<Record<Exclude<WorkerState, 'gone'>, number>>
  /** A sentence that says why it is not ready; empty when ready. */
  readonly missing: string
}

export class WorkerPool {
  readonly phraseLists: PhraseListDistribution
  readonly #options: PoolOptions
  readonly #dispatcher: Dispatcher
  readonly #workers = new Set<WorkerHandle>()
  readonly #restarts = new Restarts((slot) => { this.#spawn(slot) })
  #closing = false
  #started: { resolve(): void; reject(error: SpeechError): void } | undefined
  #drained: (() => void) | undefined

  constructor(options: PoolOptions) {
    this.#options = options
    this.#dispatcher = new Dispatcher(options, this.#workers, () => { this.#checkDrained() })
    this.phraseLists = new PhraseListDistribution(this.#workers, options.startSeconds)
  }

  get queueLength(): number { return this.#dispatcher.queueLength }
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
    const awaited = this.#options.workers - workers.idle - workers.busy
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
      : this.#unavailable() ?? this.#dispatcher.refusal(request.client, request)
    if (refusal) return { outcome: { ok: false, error: toWire(refusal) }, workSeconds: 0, attempts: 0 }
    return this.#dispatcher.accept(request, signal)
  }

  /** Refuses new jobs, finishes accepted ones within `graceSeconds`, then stops every worker. */
  async close(graceSeconds: number): Promise<void> {
    this.#closing = true
    this.phraseLists.close()
    this.#started?.reject(new SpeechError('SHUTTING_DOWN'))
    this.#restarts.close()
    await this.#drain(graceSeconds)
    this.#dispatcher.failAll('SHUTTING_DOWN')
    await Promise.all([...this.#workers].map((worker) => worker.retire(this.#options.killAfterSeconds)))
  }

  #spawn(slot: Slot): void {
    const events: WorkerEvents = {
      onLoaded: () => { this.phraseLists.offer() },
      onPhrases: (_worker, message) => { this.#phrasesAnswered(message) },
      onReady: (worker) => { this.#ready(worker, slot) },
      onPaused: (worker) => { this.#dispatcher.paused(worker) },
      onDone: (worker, message) => {
        this.#dispatcher.done(worker, message)
        this.phraseLists.offer()
        this.#dispatcher.dispatch()
      },
      onGone: (worker, description, error) => { this.#gone(worker, slot, description, error) },
      onStderr: (worker, line) => { this.#options.events.onWorkerNoise(worker.processId, line) },
    }
    this.#workers.add(new WorkerHandle(this.#options, events))
  }

  #ready(worker: WorkerHandle, slot: Slot): void {
    this.#restarts.ready(slot)
    this.#options.events.onWorkerReady(worker.processId, worker.ageSeconds, worker.models)
    if (this.readiness().ready) this.#started?.resolve()
    this.#dispatcher.dispatch()
  }

  #phrasesAnswered(message: PhrasesMessage): void {
    this.phraseLists.answered(message)
    this.#dispatcher.dispatch()
  }

  #gone(worker: WorkerHandle, slot: Slot, description: string, error: WireError | undefined): void {
    this.#workers.delete(worker)
    this.phraseLists.gone(worker)
    const reason = worker.timedOut ? 'timeout' : 'crash'
    if (!this.#closing) {
      this.#options.events.onWorkerReplaced(worker.processId, reason, error?.message ?? description)
      this.#restarts.replace(slot, worker.wasReady)
    }
    if (!this.#restarts.hasServed) {
      const detail = `a worker ended before it was ready (${reason}, ${description})`
      this.#started?.reject(error ? fromWire(error) : new SpeechError('NOT_READY', detail))
    }
    this.#dispatcher.gone(worker, error)
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
