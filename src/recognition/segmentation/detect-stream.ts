/** Speech detection in a stream: bytes of any rate → windows for the detector. */
import { readHeaderless } from '../../audio/containers/headerless.js'
import { resample } from '../../audio/signal/resample.js'
import { SpeechError } from '../../domain/errors.js'
import { DETECTION_WINDOW_SECONDS, type DetectedWindows, type DetectionRequest } from '../../domain/stream-detection.js'
import type { SpeechDetectors } from './detector.js'

/** Hz, of the detector. */
const SAMPLE_RATE = 16_000
const WINDOW_SAMPLES = DETECTION_WINDOW_SECONDS * SAMPLE_RATE

/** Rejects with PARAMETER_UNSUPPORTED where no detector takes streams. */
export async function detectInStream(
  { first, second }: SpeechDetectors, { audio, format, samplesBefore, windows, state }: DetectionRequest,
): Promise<DetectedWindows> {
  const detectNext = second?.detectNext ?? first.detectNext
  if (detectNext === undefined) {
    const reason = `the detector ${first.name} takes no streams (EARSHOT_SPEECH_DETECTION)`
    throw new SpeechError('PARAMETER_UNSUPPORTED', reason)
  }
  const [channel = new Float32Array(0)] = readHeaderless(audio, format)
  const { samples } = resample({ samples: channel, sampleRate: format.sampleRate }, SAMPLE_RATE)
  const start = Math.round((samplesBefore * SAMPLE_RATE) / format.sampleRate)
  // The last window of a stream is filled up with silence.
  const whole = new Float32Array(windows * WINDOW_SAMPLES)
  whole.set(samples.subarray(start, start + whole.length))
  return detectNext(whole, state)
}
