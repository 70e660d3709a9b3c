/**
 * All development clips as streams, in pieces of random sizes: the audio of the results is that of the file, to the
 * byte, and the ends of utterances do not depend on the pieces. Skips where the clips are not there.
 */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { readClips } from '../../../bench/harness/clips.js'
import { decodeAudio } from '../../../src/audio/decode.js'
import { resample } from '../../../src/audio/signal/resample.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import type { FinalEvent, LivePorts } from '../../../src/recognition/live/ports.js'
import { LiveSession } from '../../../src/recognition/live/session.js'
import { detectInStream } from '../../../src/recognition/segmentation/detect-stream.js'
import { loadDetectors } from '../../../src/recognition/segmentation/load-detectors.js'
import { REPORT } from '../../serving/http/fake-service.js'
import { seededRandom } from '../../../fixtures/kit/statistics.js'

const RATE = 16_000
const FORMAT = { codec: 'pcm_s16', sampleRate: RATE, channels: 1, byteOrder: 'little' } as const
const modelsDir = path.join(projectRoot, 'models')
const manifests = ['speech', 'speech-more'].map((set) =>
  path.join(projectRoot, `../shared/data/${set}/manifest.jsonl`))
const missing = [...manifests, path.join(modelsDir, 'silero-vad/weights')].find((file) => !existsSync(file))
const skip = missing === undefined ? false : `${path.relative(projectRoot, missing)} is not there`
const MAX_SECONDS = 300

async function streamOf(file: string): Promise<Uint8Array> {
  const { waveform } = await decodeAudio(readFileSync(file), { maxSeconds: MAX_SECONDS })
  const { samples } = resample(waveform, RATE)
  return new Uint8Array(Int16Array.from(samples, (sample) =>
    Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768)))).buffer)
}

interface Result { readonly finals: FinalEvent[]; readonly audio: Uint8Array[] }

async function stream(
  bytes: Uint8Array, endpointing: 'manual' | 'balanced', ports: LivePorts, pieces: () => number,
): Promise<Result> {
  const finals: FinalEvent[] = []
  const audio: Uint8Array[] = []
  const session = new LiveSession(
    { format: FORMAT, endpointing, partials: false, maxUtteranceSeconds: MAX_SECONDS },
    { ...ports, recognize: async (utterance) => { audio.push(utterance.audio); return REPORT } },
    (event) => { if (event.kind === 'final') finals.push(event) }, (fault) => { throw fault },
  )
  for (let at = 0; at < bytes.byteLength;) {
    const size = pieces()
    session.push(bytes.subarray(at, at + size))
    at += size
  }
  await session.finish()
  return { finals, audio }
}

t.test('every development clip, in pieces of one sample to ten seconds', { skip }, async (t) => {
  const detectors = await loadDetectors({ speechDetection: 'both', speechDetector: 'silero-vad', modelsDir })
  t.teardown(() => detectors.second?.dispose())
  const ports: LivePorts = {
    detect: (request) => detectInStream(detectors, request),
    recognize: async () => REPORT, recognizePartly: async () => null,
  }
  const random = seededRandom(19)
  const anySize = (): number => Math.ceil(2 * (10 * RATE) ** random())
  const silence = new Uint8Array(3 * RATE)
  const clips = (await Promise.all(manifests.map((manifest) => readClips(manifest)))).flat()
  const different: string[] = []
  for (const { file } of clips) {
    const bytes = await streamOf(file)
    const { audio } = await stream(bytes, 'manual', ports, anySize)
    if (audio.length !== 1 || Buffer.compare(audio[0]!, bytes) !== 0) different.push(`${file}, manual`)
    const padded = Buffer.concat([silence, bytes, silence])
    const [whole, inPieces] = [
      await stream(padded, 'balanced', ports, () => padded.byteLength), await stream(padded, 'balanced', ports, anySize),
    ]
    const ends = ({ finals }: Result): string => finals.map(({ startSeconds, endSeconds, reason }) =>
      `${startSeconds.toFixed(3)} ${endSeconds.toFixed(3)} ${reason}`).join()
    if (ends(whole) !== ends(inPieces)) different.push(`${file}: ${ends(whole)} and ${ends(inPieces)}`)
  }
  t.ok(clips.length > 800, `${clips.length} clips`)
  t.same(different, [])
})
