/**
 * A recognizer in this process, loaded and served as a recognition worker does it: the figures are those of one worker.
 */
import type { Waveform } from '../../src/domain/audio.js'
import type { DetectionMode, Engine, MatrixChoice } from '../../src/domain/choices.js'
import { startStageTimer } from '../../src/domain/stage-timer.js'
import type { Hypothesis } from '../../src/domain/transcript.js'
import { loadModel } from '../../src/recognition/load-recognizer.js'
import type { TranscribeOptions } from '../../src/recognition/options.js'
import type { RecognizeOptions, Recognizer } from '../../src/recognition/recognizer.js'
import type { SpeechDetectors } from '../../src/recognition/segmentation/detector.js'
import { loadDetectors } from '../../src/recognition/segmentation/load-detectors.js'
import { modelsDir } from './needs.js'

/** The pipeline as the service runs it by default. */
export const SERVED: TranscribeOptions = {
  language: undefined, maxAudioSeconds: 300, normalizeVolume: true, trimSilence: true,
  detectors: await openDetectors('both'), maxDecodingPasses: 3, interrupt: () => undefined,
}

export function openDetectors(mode: DetectionMode): Promise<SpeechDetectors> {
  return loadDetectors({ speechDetection: mode, speechDetector: 'silero-vad', modelsDir })
}

export interface OpenOptions {
  readonly threads?: number
  readonly engine?: Engine
  readonly matrices?: MatrixChoice
}

export async function openRecognizer(model: string, options: OpenOptions = {}): Promise<Recognizer> {
  const { threads = 1, engine = 'compiled', matrices = 'auto' } = options
  const { recognizer } = await loadModel(model, {
    modelsDir, engine, matrices, threads, executionProviders: ['cpu'], executionProvidersStrict: false,
  })
  return recognizer
}

/** The model as it comes, which may answer with no words to a clip with speech in it. */
export function allowSilence(recognizer: Recognizer): Recognizer {
  return {
    ...recognizer, recognize: (clip, options) => recognizer.recognize(clip, { ...options, expectSpeech: false }),
  }
}

type BareOptions = Pick<RecognizeOptions, 'language' | 'expectSpeech' | 'words'>

/** Nothing but the model: the waveform as it is, at the model's rate, decoded once. */
export function recognizeBare(recognizer: Recognizer, waveform: Waveform, options: BareOptions): Promise<Hypothesis> {
  const clip = { waveform, startSeconds: 0, endSeconds: waveform.samples.length / waveform.sampleRate }
  return recognizer.recognize(clip, { ...options, interrupt: () => undefined, timer: startStageTimer() })
}
