/** A detector for streams of 16-bit samples: every window with a sample that is not zero is speech. */
import { DETECTION_WINDOW_SECONDS, type DetectedWindows, type DetectionRequest } from '../../../src/domain/stream-detection.js'

const EMPTY = new Float32Array(0)
const START = { hidden: EMPTY, cell: EMPTY, context: EMPTY, peak: 1, silentWindows: 0, isSpeech: false }

export async function detect(request: DetectionRequest): Promise<DetectedWindows> {
  const { audio, windows, samplesBefore, format, state = START } = request
  const samples = samplesIn(audio).subarray(samplesBefore)
  const sampleAt = (window: number): number => Math.round(window * DETECTION_WINDOW_SECONDS * format.sampleRate)
  const isSpeech = Array.from({ length: windows }, (_, window) =>
    samples.subarray(sampleAt(window), sampleAt(window + 1)).some((sample) => sample !== 0))
  return { probabilities: Float32Array.from(isSpeech, Number), isSpeech, state }
}

export function samplesIn(audio: Uint8Array): Int16Array {
  return new Int16Array(audio.slice(0, audio.byteLength - audio.byteLength % 2).buffer)
}
