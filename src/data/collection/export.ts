/**
 * Collected clips as files and a manifest of JSON Lines, as our other commands read them. `text` is there only where a
 * user corrected the transcript. `samplingProbability` goes with each clip, so that rates of them can be reweighted
 * (data/statistics/weighted-error-rate.ts), but not with those of one reason, of which it is not the probability.
 * `reasons` are no tags: a slice of clips that were drawn for a reason would have the same wrong weights.
 *
 * The manifest gets its name when it is complete. Clips are read one at a time.
 */
import { existsSync } from 'node:fs'
import { mkdir, open, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { headerlessFormat } from '../../audio/decode.js'
import { wrapHeaderless } from '../../audio/containers/headerless-wav.js'
import { SpeechError } from '../../domain/errors.js'
import { digestOf } from './clip-store.js'
import { keepsProbabilities, type CollectedClip, type CollectedClips, type Selection } from './collected-clip.js'

/** Its clips belong to one source: the first folder of their path. */
const FOLDER = 'collected'
const MANIFEST = 'manifest.jsonl'
const CLIP_DIGITS = 12
/** By the container of the upload; others are their own ending. */
const ENDINGS: Readonly<Record<string, string>> = { none: 'wav', matroska: 'mka', adts: 'aac' }

export interface Exported {
  readonly clips: number
  readonly corrected: number
  readonly manifest: string
  /** The manifest has the probability of each clip. */
  readonly isWeighted: boolean
}

/**
 * Throws CLIPS_INVALID where the folder already has a manifest, or no clip is selected, and COLLECTION_INVALID for an
 * audio that is not the one that was recorded.
 */
export async function exportClips(clips: CollectedClips, selection: Selection, folder: string): Promise<Exported> {
  const manifest = path.join(folder, MANIFEST)
  if (existsSync(manifest)) {
    throw new SpeechError('CLIPS_INVALID', `${manifest} is there already; export to a new folder`)
  }
  await mkdir(path.join(folder, FOLDER), { recursive: true, mode: 0o700 })
  const lines = await open(`${manifest}.part`, 'w', 0o600)
  const isWeighted = keepsProbabilities(selection)
  let [count, corrected] = [0, 0]
  try {
    for await (const clip of clips.select(selection)) {
      const audio = await clips.audio(clip.id)
      if (audio === undefined) continue // deleted meanwhile
      await requireSame(audio, clip)
      const file = path.posix.join(FOLDER, `${fileNameOf(clip)}.${endingOf(clip)}`)
      await writeFile(path.join(folder, file), readable(audio, clip), { mode: 0o600 })
      await lines.appendFile(`${JSON.stringify(manifestLine(clip, file, isWeighted))}\n`)
      count++
      if (clip.correction !== null) corrected++
    }
    await lines.sync()
  } finally {
    await lines.close()
  }
  if (count === 0) throw new SpeechError('CLIPS_INVALID', 'no collected clip is selected; nothing was exported')
  await rename(`${manifest}.part`, manifest)
  return { clips: count, corrected, manifest, isWeighted }
}

/** A line of the manifest. */
function manifestLine(clip: CollectedClip, file: string, isWeighted: boolean): object {
  const { id, time, session, reasons, samplingProbability, driftFeatures, correction, report, audio } = clip
  const { text, model, confidence, correctness, language, input } = report
  return {
    path: file, id, time, seconds: input.audioSeconds, sampleRate: input.sampleRate,
    ...correction !== null && { text: correction },
    ...session !== null && { speaker: session, session },
    source: FOLDER, reasons, ...isWeighted && { samplingProbability },
    ...driftFeatures.length > 0 && { driftFeatures },
    transcript: text, model, language, confidence, correctness,
    sha256: audio.sha256, redistributable: 'no',
  }
}

async function requireSame(audio: Buffer, { id, audio: { sha256 } }: CollectedClip): Promise<void> {
  if (await digestOf(audio) === sha256) return
  throw new SpeechError('COLLECTION_INVALID', `the audio of request ${id} is not the one that was recorded`)
}

/** Ids of requests may be chosen by clients, and be equal: the time and the content name the file. */
function fileNameOf({ time, audio: { sha256 } }: CollectedClip): string {
  return `${time.replace(/[:.]/g, '-')}-${sha256.slice(0, CLIP_DIGITS)}`
}

function endingOf({ report: { input: { container } } }: CollectedClip): string {
  return ENDINGS[container] ?? container
}

/** Samples without a container get a header, since the media type of the request does not come with a file. */
function readable(audio: Buffer, { audio: { mediaType }, report: { input } }: CollectedClip): Buffer {
  const format = input.container === 'none' ? headerlessFormat(audio, mediaType) : undefined
  return format === undefined ? audio : wrapHeaderless(audio, format)
}
