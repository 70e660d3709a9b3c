/**
 * Every clip of a manifest → its facts. Recognition runs in the processes of the service, one for each core; this
 * process reads, decodes and fingerprints a clip while others are recognized. No more clips are in memory than there
 * are workers; facts that are in the cache cost only the reading of the file.
 */
import { readFile } from 'node:fs/promises'
import type { Config } from '../../config.js'
import { sha256Of, type ClipCache } from '../../data/clip-cache.js'
import type { ExaminedClip, Facts, Fault } from '../../data/verification/facts.js'
import { recognizedOf } from '../../data/verification/facts.js'
import { examineBytes, missingFile } from '../../data/verification/examine.js'
import type { ManifestClip } from '../../data/verification/manifest.js'
import { concurrently, type Recognize } from '../clips/recognize.js'

export interface Examiner {
  readonly config: Pick<Config, 'workers' | 'maxAudioSeconds' | 'disabledCodecs'>
  readonly cache: ClipCache<Facts>
  readonly recognize: Recognize
  readonly onProgress: (done: number) => void
}

/** In the order of `clips`. */
export function examineAll(clips: readonly ManifestClip[], examiner: Examiner): Promise<ExaminedClip[]> {
  const { config, onProgress } = examiner
  return concurrently(clips, config.workers, onProgress, async (listed) =>
    ({ listed, facts: await examineFile(listed, examiner) }))
}

async function examineFile({ file, text }: ManifestClip, { config, cache, recognize }: Examiner): Promise<Facts> {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => missingFile(cause))
  if (!(bytes instanceof Uint8Array)) return bytes
  const sha256 = sha256Of(bytes)
  const key = keyOf(sha256, text)
  const known = await cache.get(key)
  if (known !== undefined) return known
  const { maxAudioSeconds: maxSeconds, disabledCodecs } = config
  const facts = await examineBytes(bytes, sha256, { maxSeconds, disabledCodecs })
  const complete = facts.audio === null ? facts : { ...facts, ...await recognizeBytes(bytes, text, recognize) }
  // A failure may be one of the machine; the next run tries again.
  if (complete.failure === null) await cache.put(key, complete)
  return complete
}

/** The label is scored against the audio, so what is known depends on both. */
function keyOf(sha256: string, label: string | null): string {
  return label === null ? sha256 : sha256Of(`${sha256} ${label}`)
}

async function recognizeBytes(
  bytes: Uint8Array, label: string | null, recognize: Recognize,
): Promise<Pick<Facts, 'recognized' | 'failure'>> {
  const outcome = await recognize(bytes, label === null ? {} : { label })
  if (outcome.ok) return { recognized: recognizedOf(outcome.report), failure: null }
  const failure: Fault = { code: outcome.error.code, message: outcome.error.message }
  return { recognized: null, failure }
}
