/**
 * One accepted request inside the pool: its deadline, its abort signal, its times, and the promise to answer it
 * exactly once. A long one pauses between its pieces, so that others run in between.
 */
import { SpeechError, toWire, type ErrorCode } from '../../domain/errors.js'
import type { RecognitionRequest } from '../../domain/request.js'
import type { Outcome, WorkerJob } from '../../domain/worker-protocol.js'
import type { WorkKind } from './work-estimate.js'

export interface JobRequest extends RecognitionRequest {
  /** Client that sent the request, for fair scheduling. */
  readonly client: string
  readonly audio: Uint8Array
  /** As the container declares it; the queue is bounded by it. */
  readonly audioSeconds: number
  /** Shortens the configured deadline, never lengthens it. */
  readonly deadlineSeconds?: number | undefined
}

/** A finished job; `queue_wait` and `transfer` are among the stages of its report. */
export interface Answered {
  readonly outcome: Outcome
  /** Seconds a worker spent on it. */
  readonly workSeconds: number
  /** Workers it was given to: 0 when it was refused, more than 1 when one died. */
  readonly attempts: number
}

export interface JobEvents {
  onDeadline(job: Job): void
  onAbort(job: Job): void
}

export class Job {
  readonly id: number
  readonly client: string
  readonly arrivedAtSeconds = performance.now() / 1000
  readonly audioSeconds: number
  /** What it will probably cost a worker. */
  readonly workSeconds: number
  readonly kind: WorkKind
  readonly answered: Promise<Answered>
  attempts = 0
  /** Workers that died while they ran it. */
  deaths = 0
  /** Seconds that workers have spent on it. */
  usedSeconds = 0
  /** It has its answer; a worker may still be at it. */
  isAnswered = false
  readonly #request: JobRequest
  readonly #deadlineSeconds: number
  readonly #signal: AbortSignal | undefined
  readonly #onAbort: () => void
  #timer: NodeJS.Timeout
  #resolve!: (answered: Answered) => void
  #since = performance.now()
  #waitSeconds = 0

  constructor(id: number, request: JobRequest, kind: WorkKind, workSeconds: number, deadlineSeconds: number, signal: AbortSignal | undefined, events: JobEvents) {
    this.id = id
    this.client = request.client
    this.kind = kind
    this.audioSeconds = request.audioSeconds
    this.workSeconds = workSeconds
    this.#request = request
    this.#deadlineSeconds = deadlineSeconds
    this.answered = new Promise((resolve) => { this.#resolve = resolve })
    this.#timer = setTimeout(() => { events.onDeadline(this) }, deadlineSeconds * 1000)
    this.#signal = signal
    this.#onAbort = () => { events.onAbort(this) }
    signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  get isAbandoned(): boolean { return this.#signal?.aborted ?? false }
  get ageSeconds(): number { return performance.now() / 1000 - this.arrivedAtSeconds }
  /** Since it began, was resumed or paused. */
  get stintSeconds(): number { return (performance.now() - this.#since) / 1000 }
  get isLate(): boolean { return this.ageSeconds > this.#deadlineSeconds }

  /** The request as the worker gets it now, without the name of the client. */
  get forWorker(): WorkerJob {
    const { client: _client, audioSeconds: _audioSeconds, deadlineSeconds: _deadlineSeconds, ...job } = this.#request
    return { ...job, remainingSeconds: this.#deadlineSeconds - this.ageSeconds }
  }

  /** Handed to a worker: waiting ends, running begins. */
  begin(): void {
    this.attempts++
    this.resume()
  }

  /** Its worker goes on with it. */
  resume(): void {
    this.#waitSeconds += this.#lap()
  }

  /** Its worker lets others go first, answered, or died. Returns the seconds that it ran since it began or was resumed. */
  endStint(): number {
    const seconds = this.#lap()
    this.usedSeconds += seconds
    return seconds
  }

  /** Its worker died: another one begins anew. */
  startOver(): void {
    this.usedSeconds = 0
  }

  /** After the deadline has passed: what happens `seconds` from now, unless the worker answers before. */
  rearm(seconds: number, then: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(then, seconds * 1000)
  }

  /** The worker's answer. Returns the seconds that it ran since it began or was resumed. */
  finish(outcome: Outcome, workSeconds: number): number {
    const seconds = this.endStint()
    this.#settle(withStages(outcome, this.#waitSeconds, Math.max(0, this.usedSeconds - workSeconds)), workSeconds)
    return seconds
  }

  /** Nothing is left that could still happen to it. */
  release(): void {
    clearTimeout(this.#timer)
  }

  fail(code: ErrorCode): void {
    this.#settle({ ok: false, error: toWire(new SpeechError(code)) }, 0)
  }

  #settle(outcome: Outcome, workSeconds: number): void {
    this.isAnswered = true
    this.release()
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#resolve({ outcome, workSeconds, attempts: this.attempts })
  }

  #lap(): number {
    const since = this.#since
    this.#since = performance.now()
    return (this.#since - since) / 1000
  }
}

function withStages(outcome: Outcome, waitSeconds: number, transferSeconds: number): Outcome {
  if (!outcome.ok) return outcome
  const seconds = { queue_wait: waitSeconds, transfer: transferSeconds, ...outcome.report.seconds }
  return { ok: true, report: { ...outcome.report, seconds } }
}
