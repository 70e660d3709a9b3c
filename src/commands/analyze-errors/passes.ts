/**
 * Clips through the recognition processes, pass by pass: as they are served, then the wrong ones again with an n-best
 * list and the label to score, then with one setting changed, then by the reference. Each pass has its processes, which
 * end with it. What a pass found is kept by clip and configuration; the first pass and the reference share their
 * results with `compare-models`. No more clips are in memory than there are workers.
 */
import { randomUUID } from 'node:crypto'
import { ClipCache, sha256Of } from '../../data/clip-cache.js'
import type { Recognition } from '../../data/comparison/pairs.js'
import { SpeechError } from '../../domain/errors.js'
import type { Report } from '../../domain/report.js'
import { concurrently, readClip, type Requested } from '../clips/recognize.js'
import type { Side } from '../compare-models/side.js'
import { digestOf, System } from '../compare-models/system.js'

export interface PassClip {
  readonly file: string
  readonly text: string
}

export interface Pass {
  readonly side: Side
  /** Undefined: nothing is kept. */
  readonly cacheFolder: string | undefined
  readonly onProgress: (done: number) => void
  /** The same for all clips. */
  readonly requested?: Requested
  /** Whether the label of each clip is scored. */
  readonly scoresLabels?: boolean
}

/** In the order of `clips`: what `use` makes of a report, or why there is none. */
export async function runPass<Clip extends PassClip, T>(
  clips: readonly Clip[], pass: Pass, use: (clip: Clip, report: Report) => T,
): Promise<(T | SpeechError)[]> {
  const { side, cacheFolder, requested = {} } = pass
  if (clips.length === 0) return []
  const cache = cacheFolder === undefined
    ? undefined
    : await ClipCache.open<Recognition>(cacheFolder, await digestOf(side, requested))
  const system = new System(side, cache, randomUUID())
  try {
    return await recognizeClips(clips, system, pass, use)
  } finally {
    await system.close()
    await cache?.close()
  }
}

async function recognizeClips<Clip extends PassClip, T>(
  clips: readonly Clip[], system: System, { requested = {}, scoresLabels = false, onProgress }: Pass,
  use: (clip: Clip, report: Report) => T,
): Promise<(T | SpeechError)[]> {
  return concurrently(clips, system.workers, onProgress, async (clip) => {
    const audio = await readClip(clip).catch((unreadable: SpeechError) => unreadable)
    if (audio instanceof SpeechError) return audio
    const ofClip = scoresLabels ? { label: clip.text } : {}
    const digest = scoresLabels ? sha256Of(`${sha256Of(audio)} ${clip.text}`) : sha256Of(audio)
    const found = await system.recognize(audio, digest, { ...requested, ...ofClip })
    return found instanceof SpeechError ? found : use(clip, found.report)
  })
}
