/** Decodes a clip of each common format before the first request for it, if there is time. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { decodeAudio } from '../../audio/decode.js'
import { SpeechError } from '../../domain/errors.js'
import { projectRoot } from '../../domain/project-root.js'
import type { WorkerSettings } from '../../domain/worker-protocol.js'

/** The formats that phones and browsers send most: the first upload of a format compiles its decoder, 100 to 200 ms. */
const WARM_UP_MEDIA = ['warm-up.webm', 'warm-up.m4a'].map((name) => path.join(projectRoot, 'fixtures/media', name))

/** Codecs that are turned off or not installed need no warm-up. */
export async function warmUpDecoders(
  { disabledCodecs }: Pick<WorkerSettings, 'disabledCodecs'>, whenIdle: () => Promise<void>,
): Promise<void> {
  for (const file of WARM_UP_MEDIA) {
    await whenIdle()
    try {
      await decodeAudio(await readFile(file), { maxSeconds: 1, disabledCodecs })
    } catch (thrown) {
      const isUnsupported = thrown instanceof SpeechError && thrown.code === 'AUDIO_UNSUPPORTED'
      if (!isUnsupported && (thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown
    }
  }
}
