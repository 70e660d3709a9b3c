/**
 * Clips → reports, by the recognition processes of the service itself, one for each core: what is measured here is
 * what will be measured there.
 */
import { readFile } from 'node:fs/promises'
import type { Config } from '../../config.js'
import { fromWire, SpeechError } from '../../domain/errors.js'
import type { Report } from '../../domain/report.js'
import { REQUEST_DEFAULTS } from '../../domain/request.js'
import { WorkerPool } from '../../serving/workers/pool.js'
import { workerSettings } from '../../serving/workers/worker-settings.js'
import type { SourceClip } from './clips.js'

/** What became of a clip; one that could not be processed is left out of whatever is made. */
export type Processed = { readonly clip: SourceClip; readonly report: Report } | { readonly clip: SourceClip; readonly error: SpeechError }

/** What is wanted besides the transcript. */
export interface Wanted { readonly nBest?: number; readonly words?: boolean }

const PATIENCE_SECONDS = 3_600

export async function recognizeAll(clips: readonly SourceClip[], config: Config, onProgress: (done: number) => void, wanted: Wanted = {}): Promise<Processed[]> {
  const ignore = (): void => undefined
  const pool = new WorkerPool({
    entry: new URL('../../recognition/process/worker-process.js', import.meta.url),
    workers: config.workers, settings: workerSettings(config),
    queue: { jobs: config.workers, audioSeconds: PATIENCE_SECONDS * config.workers },
    queueWaitSeconds: PATIENCE_SECONDS, deadlineSeconds: PATIENCE_SECONDS, killAfterSeconds: config.killAfterSeconds, startSeconds: config.startSeconds,
    events: { onWorkerReady: ignore, onWorkerReplaced: ignore, onWorkerNoise: ignore, onRetry: ignore },
  })
  try {
    await pool.start()
    return await inTurns(clips, (clip) => recognizeOne(clip, config, pool, wanted), config.workers, onProgress)
  } finally {
    await pool.close(0)
  }
}

/** As many at a time as there are workers, each taking the next clip when it is done with one. */
async function inTurns(clips: readonly SourceClip[], recognize: (clip: SourceClip) => Promise<Processed>, workers: number, onProgress: (done: number) => void): Promise<Processed[]> {
  const processed: Processed[] = []
  let next = 0
  let done = 0
  const work = async (): Promise<void> => {
    for (let index = next++; index < clips.length; index = next++) {
      processed[index] = await recognize(clips[index]!)
      onProgress(++done)
    }
  }
  await Promise.all(Array.from({ length: workers }, work))
  return processed
}

async function recognizeOne(clip: SourceClip, { models, maxAudioSeconds }: Config, pool: WorkerPool, wanted: Wanted): Promise<Processed> {
  const audio = await readFile(clip.file).catch((cause: NodeJS.ErrnoException) => { throw new SpeechError('CLIPS_INVALID', `${clip.file} cannot be read (${cause.message})`, { cause }) })
  const { outcome } = await pool.run({ ...REQUEST_DEFAULTS, client: 'clips', audio, audioSeconds: maxAudioSeconds, model: models[0]!, ...wanted })
  return outcome.ok ? { clip, report: outcome.report } : { clip, error: fromWire(outcome.error) }
}
