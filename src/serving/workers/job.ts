/**
 * One accepted request inside the pool: its deadline, its abort signal, its times, and the promise to answer it
 * exactly once. A long one pauses between its time slices, so that others run in between.
 */
import { SpeechError, toWire, type ErrorCode } from '../../domain/errors.js'
import type { RecognitionRequest } from '../../domain/request.js'
import type { DoneMessage, Outcome, WorkerJob } from '../../domain/worker-protocol.js'
import type { SharedTime } from '../../domain/shared-time.js'
import type { WorkKind } from './work-estimate.js'

export interface JobRequest extends RecognitionRequest {
  /** Client that sent the request, for fair scheduling. */
  readonly client: string
  readonly audio: Uint8Array
  /** As the container declares it; the queue is bounded by it. */
  readonly audioSeconds: number
  /** Never refused for a full queue: its session was admitted, and has one such job at a time. */
  readonly isAdmitted?: boolean
  /** Of an utterance that goes on. */
  readonly isPartial?: boolean
  /** Shortens the configured deadline, never lengthens it. */
  readonly deadlineSeconds?: number | undefined
}

/** A finished job; `queue_wait` and `transfer` are among the stages of its report. */
export interface Answered {
  readonly outcome: Outcome
  /** Its share of the time of its worker, seconds. */
  readonly workSeconds: number
  /** The time that it ran, seconds; longer than its share where others ran at the same time. */
  readonly elapsedSeconds: number
  /** Workers that got it: 0 when it was refused, more than 1 when one died. */
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
  /** Expected work of a worker, seconds. */
  readonly workSeconds: number
  readonly kind: WorkKind
  readonly answered: Promise<Answered>
  attempts = 0
  /** Workers that died while they ran it. */
  deaths = 0
  /** Its share of the time of its worker so far, seconds. */
  usedSeconds = 0
  /** It has its answer; a worker may still be running it. */
  isAnswered = false
  readonly #request: JobRequest
  readonly #deadlineSeconds: number
  readonly #signal: AbortSignal | undefined
  readonly #onAbort: () => void
  #timer: NodeJS.Timeout
  #resolve!: (answered: Answered) => void
  #since = performance.now()
  #waitSeconds = 0
  /** The time that it ran, whoever used the worker meanwhile. */
  #elapsedSeconds = 0
  /** While it runs: the time of its worker, and where its slice began. */
  #slice: { readonly time: SharedTime; readonly since: number } | undefined

  constructor(
    id: number, request: JobRequest, kind: WorkKind, workSeconds: number, deadlineSeconds: number,
    signal: AbortSignal | undefined, events: JobEvents,
  ) {
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

  get isPartial(): boolean { return this.#request.isPartial ?? false }
  get isAbandoned(): boolean { return this.#signal?.aborted ?? false }
  get ageSeconds(): number { return performance.now() / 1000 - this.arrivedAtSeconds }
  /** Its share of the worker since it began or was resumed; 0 while it does not run. */
  get sliceSeconds(): number {
    return this.#slice === undefined ? 0 : this.#slice.time.shareSeconds - this.#slice.since
  }

  /** Since it began, was resumed or paused. */
  get secondsSinceChange(): number { return (performance.now() - this.#since) / 1000 }
  get isLate(): boolean { return this.ageSeconds > this.#deadlineSeconds }

  /** The request as the worker gets it now, without the name of the client. */
  get forWorker(): WorkerJob {
    const {
      client: _client, audioSeconds: _audioSeconds, deadlineSeconds: _deadlineSeconds, isAdmitted: _isAdmitted, ...job
    } = this.#request
    return { ...job, remainingSeconds: this.#deadlineSeconds - this.ageSeconds }
  }

  /** Handed to a worker: waiting ends, running begins. */
  begin(time: SharedTime): void {
    this.attempts++
    this.resume(time)
  }

  /** Its worker continues it. */
  resume(time: SharedTime): void {
    this.#waitSeconds += this.#lap()
    this.#slice = { time, since: time.enter() }
  }

  /** Its worker paused it, answered, or died. Returns its share of the worker since it began or was resumed. */
  endSlice(): number {
    if (this.#slice === undefined) throw new Error('this job is not running')
    const seconds = this.#slice.time.leave() - this.#slice.since
    this.#slice = undefined
    this.usedSeconds += seconds
    this.#elapsedSeconds += this.#lap()
    return seconds
  }

  /** Its worker died: another one starts it again. */
  startOver(): void {
    this.usedSeconds = 0
    this.#elapsedSeconds = 0
  }

  /** After the deadline: calls `then` in `seconds`, unless the worker answers before. */
  rearm(seconds: number, then: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(then, seconds * 1000)
  }

  /** The worker's answer. Returns the share of the worker since it began or was resumed, seconds. */
  finish({ outcome, workSeconds, elapsedSeconds }: DoneMessage): number {
    const seconds = this.endSlice()
    const transferSeconds = Math.max(0, this.#elapsedSeconds - elapsedSeconds)
    this.#answer(withStages(outcome, this.#waitSeconds, transferSeconds), workSeconds, elapsedSeconds)
    return seconds
  }

  /** Stops its timer. */
  release(): void {
    clearTimeout(this.#timer)
  }

  fail(code: ErrorCode): void {
    this.#answer({ ok: false, error: toWire(new SpeechError(code)) }, 0, 0)
  }

  #answer(outcome: Outcome, workSeconds: number, elapsedSeconds: number): void {
    this.isAnswered = true
    this.release()
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#resolve({ outcome, workSeconds, elapsedSeconds, attempts: this.attempts })
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
