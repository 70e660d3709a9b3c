/** The pipeline as the service runs it by default, and its detectors, loaded as a recognition worker loads them. */
import type { SpeechDetectors } from '../src/recognition/segmentation/detector.js'
import { loadDetectors } from '../src/recognition/segmentation/load-detectors.js'
import type { TranscribeOptions } from '../src/recognition/options.js'
import type { DetectionMode } from '../src/domain/choices.js'
import { modelsDir } from './recognizers.js'

export function openDetectors(mode: DetectionMode): Promise<SpeechDetectors> {
  return loadDetectors({ speechDetection: mode, speechDetector: 'silero-vad', modelsDir })
}

/** What the service does by default. */
export const SERVED: TranscribeOptions = {
  language: undefined,
  maxAudioSeconds: 300,
  normalizeVolume: true,
  trimSilence: true,
  detectors: await openDetectors('both'),
  maxDecodingPasses: 3,
  interrupt: () => undefined,
}
