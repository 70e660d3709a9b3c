/** A recognizer in this process, loaded as a recognition worker loads it: the figures are those of one worker. */
import path from 'node:path'
import { openModelFiles, readManifest } from '../src/manifest.js'
import { loadRecognizer, type RecognizeOptions, type Recognizer } from '../src/recognizer.js'
import { projectRoot } from '../src/root.js'
import { sessionOpener } from '../src/runtime/session.js'
import { startStopwatch } from '../src/stopwatch.js'
import type { Hypothesis, Waveform } from '../src/types.js'

export const DEFAULT_MODEL = 'moonshine-tiny-en'

export const modelsDir = path.join(projectRoot, 'models')

export async function openRecognizer(model: string, threads = 1): Promise<Recognizer> {
  const manifest = await readManifest(modelsDir, model)
  const open = sessionOpener({ providers: ['cpu'], strict: false, threads })
  return loadRecognizer(manifest, openModelFiles(modelsDir, manifest), open)
}

/** The model as it comes, which may answer "nothing" to a clip with speech in it. */
export function allowSilence(recognizer: Recognizer): Recognizer {
  return { ...recognizer, recognize: (clip, options) => recognizer.recognize(clip, { ...options, mustSpeak: false }) }
}

/** Nothing but the model: the waveform as it is, at the model's rate, heard once. */
export function recognizeBare(recognizer: Recognizer, waveform: Waveform, options: Pick<RecognizeOptions, 'language' | 'mustSpeak'>): Promise<Hypothesis> {
  const clip = { waveform, startSeconds: 0, endSeconds: waveform.samples.length / waveform.sampleRate }
  return recognizer.recognize(clip, { ...options, interrupt: () => undefined, stopwatch: startStopwatch() })
}
