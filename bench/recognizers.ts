/** A recognizer in this process, loaded as a recognition worker loads it: the figures are those of one worker. */
import path from 'node:path'
import { loadDetectors, type SpeechDetectors } from '../src/detector.js'
import { openModelFiles, readManifest } from '../src/manifest.js'
import type { TranscribeOptions } from '../src/pipeline.js'
import { loadRecognizer, type Recognizer } from '../src/recognizer.js'
import { projectRoot } from '../src/root.js'
import { sessionOpener } from '../src/runtime/session.js'
import type { DetectionMode } from '../src/types.js'

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

export async function openRecognizer(model: string, threads = 1): Promise<Recognizer> {
  const manifest = await readManifest(modelsDir, model)
  const open = sessionOpener({ providers: ['cpu'], strict: false, threads })
  return loadRecognizer(manifest, openModelFiles(modelsDir, manifest), open)
}

/** The model as it comes, which may answer "nothing" to a clip with speech in it. */
export function allowSilence(recognizer: Recognizer): Recognizer {
  return { ...recognizer, recognize: (clip, options) => recognizer.recognize(clip, { ...options, mustSpeak: false }) }
}
