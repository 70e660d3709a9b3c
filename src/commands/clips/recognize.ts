/**
 * Clips → reports, by the recognition processes of the service, one for each core: what is measured here is what will
 * be measured in service.
 */
import { readFile } from 'node:fs/promises'
import type { Config } from '../../config.js'
import { fromWire, SpeechError, type ErrorCode } from '../../domain/errors.js'
import type { Report } from '../../domain/report.js'
import { REQUEST_DEFAULTS } from '../../domain/request.js'
import type { Outcome } from '../../domain/worker-protocol.js'
import type { Answered } from '../../serving/workers/job.js'
import { WorkerPool } from '../../serving/workers/pool.js'
import { workerSettings } from '../../serving/workers/worker-settings.js'
import { defaultModelOf, printMessage } from '../command.js'
import type { SourceClip } from './clips.js'

interface Failed { readonly clip: SourceClip; readonly error: SpeechError }

/** The result of a clip. */
export type Processed = { readonly clip: SourceClip; readonly report: Report } | Failed

/** What is requested besides the transcript. */
export interface Requested {
  readonly nBest?: number
  readonly words?: boolean
  /** Id of a phrase list that the processes have. */
  readonly phrases?: string
  /** What a person wrote down for the clip, to be scored against the audio. */
  readonly label?: string
}

/** The compiled src/ of this project, with a slash at its end. */
export const COMPILED = new URL('../../', import.meta.url)

/** If more of the clips fail, something is wrong with all of them. */
const MOST_FAILED = 0.05
const MOST_PRINTED = 10
const CLIPS_PER_MESSAGE = 100
const WAIT_SECONDS = 3_600

/** Recognizes the bytes of one file. */
export type Recognize = (audio: Uint8Array, requested?: Requested) => Promise<Outcome>

/** In the order of `clips`; `onProgress` is called with the number of clips that are done. */
export function recognizeAll(
  clips: readonly SourceClip[], config: Config, onProgress: (done: number) => void, requested: Requested = {},
): Promise<Processed[]> {
  return withRecognizer(config, (recognize) =>
    concurrently(clips, config.workers, onProgress, (clip) => recognizeOne(clip, recognize, requested)))
}

/** Starts the processes, and ends them when `work` is done or has failed. */
export async function withRecognizer<T>(config: Config, work: (recognize: Recognize) => Promise<T>): Promise<T> {
  const pool = poolOf(config)
  try {
    await pool.start()
    return await work(async (audio, requested) => (await runJob(audio, config, pool, requested)).outcome)
  } finally {
    await pool.close(0)
  }
}

/** Recognition processes that are not started yet; `compiled` is the src/ whose processes they are. */
export function poolOf(config: Config, compiled: URL = COMPILED): WorkerPool {
  const ignore = (): void => undefined
  return new WorkerPool({
    entry: new URL('recognition/process/worker-process.js', compiled),
    // One clip after the other, since their times are measured.
    workers: config.workers, maxBatchSize: 1, memoryLimitBytes: 0, settings: workerSettings(config),
    queue: { jobs: config.workers, audioSeconds: WAIT_SECONDS * config.workers },
    queueWaitSeconds: WAIT_SECONDS, deadlineSeconds: WAIT_SECONDS,
    killAfterSeconds: config.killAfterSeconds, startSeconds: config.startSeconds,
    events: { onWorkerReady: ignore, onWorkerReplaced: ignore, onWorkerNoise: ignore, onRetry: ignore },
  })
}

/** An `onProgress` that prints a message now and then. */
export function progressOf(total: number, what: string): (done: number) => void {
  return (done) => {
    if (done % CLIPS_PER_MESSAGE === 0 || done === total) printMessage(`${done} of ${total} ${what}`)
  }
}

/** Prints which clips are left out. Throws an error of this code if too many could not be processed. */
export function requireMostRecognized(processed: readonly Processed[], code: ErrorCode): void {
  const failed = processed.filter((one): one is Failed => 'error' in one)
  for (const [index, { clip, error }] of failed.entries()) printLeftOut(clip.file, error, index + 1)
  requireFewLeftOut(failed.length, processed.length, { code })
}

/** Says why a clip is left out; of the first ones only. `count`: how many are left out, with this one. */
export function printLeftOut(name: string, { message }: Failed['error'], count: number): void {
  if (count <= MOST_PRINTED) printMessage(`left out: ${name}: ${message}`)
}

/** Throws an error of this code if too many clips were left out. `more`: behind the sentence that says so. */
export function requireFewLeftOut(
  leftOut: number, all: number, { code = 'CLIPS_INVALID', more = '' }: { code?: ErrorCode; more?: string } = {},
): void {
  if (leftOut <= MOST_FAILED * all) return
  throw new SpeechError(code, `${leftOut} of ${all} clips could not be processed${more}`)
}

/**
 * As many at a time as there are workers; each takes the next one when it has finished one. In the order of `all`;
 * `onProgress` is called with the number of those that are done.
 */
export async function concurrently<T, Result>(
  all: readonly T[], workers: number, onProgress: (done: number) => void,
  use: (one: T, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const waiting = all.entries()
  let done = 0
  const work = async (): Promise<void> => {
    for (const [index, one] of waiting) {
      results[index] = await use(one, index)
      onProgress(++done)
    }
  }
  await Promise.all(Array.from({ length: workers }, work))
  return results
}

async function recognizeOne(clip: SourceClip, recognize: Recognize, requested: Requested): Promise<Processed> {
  const outcome = await recognize(await readClip(clip), requested)
  return outcome.ok ? { clip, report: outcome.report } : { clip, error: fromWire(outcome.error) }
}

/** Throws CLIPS_INVALID. */
export async function readClip({ file }: Pick<SourceClip, 'file'>): Promise<Buffer> {
  return readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new SpeechError('CLIPS_INVALID', `${file} cannot be read (${cause.message})`, { cause })
  })
}

/** Recognizes the bytes of one clip with the default model. */
export function runJob(
  audio: Uint8Array, config: Config, pool: WorkerPool, requested: Requested = {},
): Promise<Answered> {
  const job = { audio, audioSeconds: config.maxAudioSeconds, model: defaultModelOf(config) }
  return pool.run({ ...REQUEST_DEFAULTS, client: 'clips', ...job, ...requested })
}
