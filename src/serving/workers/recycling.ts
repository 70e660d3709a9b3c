/**
 * Replaces a worker whose memory has grown beyond a limit, as other servers do (`reload-on-rss` of uWSGI,
 * `worker_max_memory_per_child` of Celery): fragmentation and leaks of libraries then cost a restart and not the
 * service. Its replacement is started first. When that is ready, the worker gets no new jobs, ends those that it has,
 * and leaves. So no request is lost, and there are never fewer workers. One at a time, since two need memory meanwhile.
 */
import type { Slot } from './restarts.js'
import type { WorkerHandle } from './worker-handle.js'

/** For the runtime, the libraries and a heap. */
const BASE_BYTES = 512 * 2 ** 20
/** Weights may be held as real numbers, and prepared once more for the processor. */
const WEIGHTS_FACTOR = 6
/** Decoded stereo at 48 kHz as 32-bit numbers, and half of that again while it is mixed down; for two uploads. */
const BYTES_PER_AUDIO_SECOND = 2 * 1.5 * 2 * 4 * 48_000

/**
 * A limit that a healthy worker stays below. The default model takes 250 MB after some clips and 450 MB after 20,000
 * hostile ones, a cascade to Whisper small 1.3 GB; the limits are 1.06 and 2.6 GB.
 */
export function memoryLimitBytes(modelBytes: number, maxAudioSeconds: number): number {
  return BASE_BYTES + WEIGHTS_FACTOR * modelBytes + BYTES_PER_AUDIO_SECOND * maxAudioSeconds
}

export class Recycling {
  readonly #limitBytes: number
  #old: { readonly worker: WorkerHandle; readonly slot: Slot } | undefined

  /** 0: no worker is replaced. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** Whether a replacement shall be started now. Called when a job of the worker has ended. */
  begins(worker: WorkerHandle, slot: Slot): boolean {
    if (this.#limitBytes === 0 || this.#old !== undefined || worker.residentBytes <= this.#limitBytes) return false
    this.#old = { worker, slot }
    return true
  }

  /** A worker of the slot is ready. */
  ready(slot: Slot): void {
    if (this.#old?.slot === slot) this.#old.worker.isLeaving = true
  }

  /** The worker that has a replacement and should end when it has no job. */
  get leaving(): WorkerHandle | undefined {
    return this.#old?.worker.isLeaving ? this.#old.worker : undefined
  }

  /** Whether the worker that has ended already has a replacement. */
  gone(worker: WorkerHandle): boolean {
    if (this.#old?.worker !== worker) return false
    this.#old = undefined
    return true
  }

  describe({ residentBytes }: WorkerHandle): string {
    return `it used ${residentBytes} bytes of memory, more than ${this.#limitBytes}`
  }
}
