/** A recognizer in this process, loaded as a recognition worker loads it: the figures are those of one worker. */
import path from 'node:path'
import { loadDetectors, type SpeechDetectors } from '../src/detector.js'
import { loadModel } from '../src/engine.js'
import type { TranscribeOptions } from '../src/pipeline.js'
import type { Recognizer } from '../src/recognizer.js'
import { projectRoot } from '../src/root.js'
import type { DetectionMode, Engine, MatrixChoice } from '../src/types.js'

export const DEFAULT_MODEL = 'moonshine-tiny-en'

const modelsDir = path.join(projectRoot, 'models')

/** The detectors as a recognition worker loads them. */
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
  maxHearings: 3,
  interrupt: () => undefined,
}

export interface OpenOptions { readonly threads?: number; readonly engine?: Engine; readonly matrices?: MatrixChoice }

export async function openRecognizer(model: string, { threads = 1, engine = 'compiled', matrices = 'auto' }: OpenOptions = {}): Promise<Recognizer> {
  const { recognizer } = await loadModel(model, { modelsDir, engine, matrices, threads, executionProviders: ['cpu'], executionProvidersStrict: false })
  return recognizer
}

/** The model as it comes, which may answer "nothing" to a clip with speech in it. */
export function allowSilence(recognizer: Recognizer): Recognizer {
  return { ...recognizer, recognize: (clip, options) => recognizer.recognize(clip, { ...options, mustSpeak: false }) }
}
