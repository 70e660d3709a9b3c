/** The neural detector on a stream: the same decisions in pieces of any size, near those of the whole file. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { resample } from '../../../src/audio/signal/resample.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { DETECTION_WINDOW_SECONDS, type DetectorState } from '../../../src/domain/stream-detection.js'
import { detectInStream } from '../../../src/recognition/segmentation/detect-stream.js'
import type { SpeechDetectors } from '../../../src/recognition/segmentation/detector.js'
import { loadDetectors } from '../../../src/recognition/segmentation/load-detectors.js'
import { spectralDetector } from '../../../src/recognition/segmentation/detectors/spectral.js'

const modelsDir = path.join(projectRoot, 'models')
const weights = path.join(modelsDir, 'silero-vad/weights')
const skip = existsSync(weights) ? false : `${weights} is not there`
const RATE = 16_000
const FORMAT = { codec: 'pcm_s16', sampleRate: RATE, channels: 1, byteOrder: 'little' } as const
const HEADER_BYTES = 44

/** A second of silence, a clip, a second of silence; 16-bit samples at 16 kHz. */
function streamOf(name: string): Int16Array {
  const wav = readFileSync(path.join(projectRoot, `fixtures/clips/${name}.wav`)).subarray(HEADER_BYTES)
  const speech = new Int16Array(wav.buffer.slice(wav.byteOffset, wav.byteOffset + wav.byteLength - wav.byteLength % 2))
  const samples = new Int16Array(2 * RATE + speech.length)
  samples.set(speech, RATE)
  return samples.subarray(0, Math.floor(samples.length / 512) * 512)
}

interface Detected { readonly probabilities: number[]; readonly isSpeech: boolean[] }

async function inPieces(detectors: SpeechDetectors, samples: Int16Array, windows: number): Promise<Detected> {
  const found: Detected = { probabilities: [], isSpeech: [] }
  let state: DetectorState | undefined
  for (let start = 0; start < samples.length; start += windows * 512) {
    const piece = samples.slice(start, start + windows * 512)
    const request = { format: FORMAT, samplesBefore: 0, windows: piece.length / 512, state }
    const detected = await detectInStream(detectors, { ...request, audio: new Uint8Array(piece.buffer) })
    state = detected.state
    found.probabilities.push(...detected.probabilities)
    found.isSpeech.push(...detected.isSpeech)
  }
  return found
}

t.test('decisions do not depend on the pieces, and lie where the file has speech', { skip }, async (t) => {
  const detectors = await loadDetectors({ speechDetection: 'both', speechDetector: 'silero-vad', modelsDir })
  t.teardown(() => detectors.second?.dispose())
  const samples = streamOf('set-a-timer-for-ten-minutes')
  const single = await inPieces(detectors, samples, 1)
  for (const windows of [3, 31]) {
    const several = await inPieces(detectors, samples, windows)
    t.same(several.isSpeech, single.isSpeech)
    const differences = several.probabilities.map((value, index) => Math.abs(value - single.probabilities[index]!))
    t.ok(Math.max(...differences) < 1e-3, `${Math.max(...differences)}`)
  }
  const waveform = { samples: Float32Array.from(samples, (sample) => sample / 32_768), sampleRate: RATE }
  const { spans } = await detectors.second!.detect(waveform, () => { throw new Error('not needed') }, () => undefined)
  const first = single.isSpeech.indexOf(true) * DETECTION_WINDOW_SECONDS
  const last = (single.isSpeech.lastIndexOf(true) + 1) * DETECTION_WINDOW_SECONDS
  t.ok(Math.abs(first - spans[0]!.startSeconds) <= 0.1, `begins at ${first} and ${spans[0]!.startSeconds}`)
  t.ok(Math.abs(last - spans.at(-1)!.endSeconds) <= 0.1, `ends at ${last} and ${spans.at(-1)!.endSeconds}`)
})

t.test('another rate is converted, with what the filter needs around the windows', { skip }, async (t) => {
  const detectors = await loadDetectors({ speechDetection: 'neural', speechDetector: 'silero-vad', modelsDir })
  t.teardown(() => detectors.first.dispose())
  const samples = streamOf('call-my-sister').subarray(0, 60 * 512)
  const real = { samples: Float32Array.from(samples), sampleRate: RATE }
  const faster = Int16Array.from(resample(real, 48_000).samples)
  const direct = await inPieces(detectors, samples, 60)
  const converted = await detectInStream(detectors, {
    audio: new Uint8Array(faster.buffer), format: { ...FORMAT, sampleRate: 48_000 }, samplesBefore: 0, windows: 60,
    state: undefined,
  })
  const agreeing = converted.isSpeech.filter((isSpeech, index) => isSpeech === direct.isSpeech[index])
  t.ok(agreeing.length >= 58, `${agreeing.length} of 60 windows`)
  t.ok(converted.isSpeech.includes(true))
})

t.test('digital silence is not fed to the network, and noise of the last bit neither', { skip }, async (t) => {
  const detectors = await loadDetectors({ speechDetection: 'neural', speechDetector: 'silero-vad', modelsDir })
  t.teardown(() => detectors.first.dispose())
  const { probabilities } = await inPieces(detectors, new Int16Array(100 * 512), 10)
  t.same(probabilities.slice(40), new Array(60).fill(0))
})

t.test('a detector that needs the whole clip is refused', async (t) => {
  await t.rejects(detectInStream({ first: spectralDetector, second: undefined }, {
    audio: new Uint8Array(1024), format: FORMAT, samplesBefore: 0, windows: 1, state: undefined,
  }), { code: 'PARAMETER_UNSUPPORTED' })
})
