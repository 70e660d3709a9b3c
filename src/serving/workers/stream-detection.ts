/**
 * Speech detection for streams, beside the jobs: a request takes a millisecond and must not wait in the queue. It goes
 * to the worker with the fewest unanswered ones, between two runs of its jobs. Requests carry all state, so those of a
 * worker that dies go to another one; without a worker they wait for one.
 */
import { fromWire, SpeechError, type WireError } from '../../domain/errors.js'
import type { DetectedWindows, DetectionRequest } from '../../domain/stream-detection.js'
import type { DetectionMessage, WorkerHandle } from './worker-handle.js'

/** Deaths of workers after which the request itself is the cause. */
const MAX_DEATHS = 2

interface Waiting {
  readonly id: number
  readonly request: DetectionRequest
  worker: WorkerHandle | undefined
  deaths: number
  resolve(windows: DetectedWindows): void
  reject(error: SpeechError): void
}

export class StreamDetection {
  readonly #workers: Iterable<WorkerHandle>
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 1

  constructor(workers: Iterable<WorkerHandle>) {
    this.#workers = workers
  }

  /** Rejects with RECOGNIZER_CRASHED, SHUTTING_DOWN, or what the detector throws. */
  detect(request: DetectionRequest): Promise<DetectedWindows> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { id: this.#nextId++, request, worker: undefined, deaths: 0, resolve, reject }
      this.#waiting.set(waiting.id, waiting)
      this.#assign(waiting)
    })
  }

  /** A worker is ready: it gets what waits for one. */
  offer(): void {
    for (const waiting of this.#waiting.values()) if (waiting.worker === undefined) this.#assign(waiting)
  }

  answered({ id, outcome }: DetectionMessage): void {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    this.#waiting.delete(id)
    if (outcome.ok) waiting.resolve(outcome.windows)
    else waiting.reject(fromWire(outcome.error))
  }

  gone(worker: WorkerHandle, error: WireError | undefined): void {
    for (const waiting of [...this.#waiting.values()].filter((one) => one.worker === worker)) {
      waiting.worker = undefined
      waiting.deaths++
      if (waiting.deaths < MAX_DEATHS) this.#assign(waiting)
      else this.#fail(waiting, error === undefined ? new SpeechError('RECOGNIZER_CRASHED') : fromWire(error))
    }
  }

  close(): void {
    for (const waiting of [...this.#waiting.values()]) this.#fail(waiting, new SpeechError('SHUTTING_DOWN'))
  }

  #fail(waiting: Waiting, error: SpeechError): void {
    this.#waiting.delete(waiting.id)
    waiting.reject(error)
  }

  #assign(waiting: Waiting): void {
    const load = new Map<WorkerHandle, number>()
    for (const { worker } of this.#waiting.values()) if (worker) load.set(worker, (load.get(worker) ?? 0) + 1)
    const rank = (worker: WorkerHandle): number => 2 * (load.get(worker) ?? 0) + Number(worker.state === 'busy')
    const [worker] = [...this.#workers].filter(({ isWorking }) => isWorking).sort((a, b) => rank(a) - rank(b))
    waiting.worker = worker
    worker?.detect(waiting.id, waiting.request)
  }
}
