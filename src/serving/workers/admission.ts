/** Accepts or refuses jobs by a forecast of their wait, before they are queued and, roughly, before they are sent. */
import { SpeechError } from '../../domain/errors.js'
import type { FairQueue } from './fair-queue.js'
import { forecast } from './forecast.js'
import type { Job, JobRequest } from './job.js'
import type { PoolOptions } from './pool-options.js'
import { MAX_SHARED_AUDIO_SECONDS } from './sharing.js'
import { plainKind, type WorkEstimate, type WorkKind } from './work-estimate.js'

/** A forecast is a mean, and shorter jobs that arrive later may go first: this is the safety factor. */
const FORECAST_MARGIN = 1.25
/** Assumed length of an upload whose body has not been read. */
const SHORT_CLIP_SECONDS = 1

export class Admission {
  readonly #options: PoolOptions
  readonly #queue: FairQueue<Job>
  readonly #estimate: WorkEstimate

  constructor(options: PoolOptions, queue: FairQueue<Job>, estimate: WorkEstimate) {
    this.#options = options
    this.#queue = queue
    this.#estimate = estimate
  }

  /**
   * Why a job of this client would be refused now; without `request`, a short clip. `running`: by worker, of those that
   * take jobs, none of them idle.
   */
  refusal(client: string, request: JobRequest | undefined, running: readonly Iterable<Job>[]): SpeechError | undefined {
    const audioSeconds = request?.audioSeconds ?? SHORT_CLIP_SECONDS
    const kind = request === undefined ? plainKind(this.#options.settings.models[0] ?? '') : kindOf(request)
    const workSeconds = this.#estimate.workSeconds(kind, audioSeconds)
    const job = { client, audioSeconds, workSeconds, usedSeconds: 0, arrivedAtSeconds: performance.now() / 1000 }
    const limitSeconds = this.#options.queueWaitSeconds
    const { meanSliceSeconds } = this.#estimate
    const slices = running.map((jobs) =>
      [...jobs].map((one) => ({ job: one, sliceSeconds: one.sliceSeconds, meanSliceSeconds })))
    const { waitSeconds, delaysOwnUntilSeconds } = forecast(this.#queue, job, slices, limitSeconds)
    if (this.#queue.isFullFor(client, request === undefined ? 0 : audioSeconds)) {
      return queueFull(`${this.#queue.length} requests wait`, waitSeconds)
    }
    if (waitSeconds * FORECAST_MARGIN > limitSeconds) {
      return queueFull(`the wait would be about ${Math.ceil(waitSeconds)} s`, waitSeconds)
    }
    if (delaysOwnUntilSeconds === undefined) return undefined
    return queueFull('longer clips of this client that were accepted before would wait too long', delaysOwnUntilSeconds)
  }
}

function queueFull(why: string, seconds: number): SpeechError {
  return new SpeechError('QUEUE_FULL', why, { retryAfterSeconds: Math.max(1, Math.ceil(seconds)) })
}

export function kindOf({ model, nBest, phrases, words, audioSeconds }: JobRequest): WorkKind {
  const list = phrases === undefined ? 'none' : typeof phrases === 'string' ? 'catalogue' : 'own'
  return { model, nBest, phrases: list, words, isLong: audioSeconds > MAX_SHARED_AUDIO_SECONDS }
}
