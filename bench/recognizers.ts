/** A recognizer in this process, loaded as a recognition worker loads it: the figures are those of one worker. */
import path from 'node:path'
import { openModelFiles, readManifest } from '../src/manifest.js'
import { loadRecognizer, type Recognizer } from '../src/recognizer.js'
import { projectRoot } from '../src/root.js'
import { sessionOpener } from '../src/runtime/session.js'

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
