/**
 * Loads the speech detectors that a setting asks for.
 *
 * The spectral detector costs almost nothing and knows most clips without doubt; a neural one costs some hundredths
 * of the recognition and knows nearly all. So the second opinion is asked only where the first hears nobody
 * or is not sure, and about a transcript that the model itself does not believe (`recognition/segmentation/find-speech.ts`).
 */
import { spectralDetector } from './detectors/spectral.js'
import type { LoadDetector, SpeechDetector, SpeechDetectors } from './detector.js'
import { SpeechError } from '../../domain/errors.js'
import { openModelFiles, readDetectorManifest } from '../../engine/manifest.js'
import { sessionOpener } from '../../engine/runtime/session.js'
import type { DetectionMode } from '../../domain/choices.js'

export interface DetectionSettings {
  readonly speechDetection: DetectionMode
  /** Model of the neural detector. */
  readonly speechDetector: string
  readonly modelsDir: string
}

/** Throws MODEL_* when the neural detector is wanted and cannot be loaded. */
export async function loadDetectors(settings: DetectionSettings): Promise<SpeechDetectors> {
  switch (settings.speechDetection) {
    case 'spectral': return { first: spectralDetector, second: undefined }
    case 'neural': return { first: await loadNeural(settings), second: undefined }
    case 'both': return { first: spectralDetector, second: await loadNeural(settings) }
  }
}

/** On the CPU whatever the recognizers run on: it is so small that a GPU would be a detour. */
async function loadNeural({ modelsDir, speechDetector }: DetectionSettings): Promise<SpeechDetector> {
  const manifest = await readDetectorManifest(modelsDir, speechDetector)
  const file = `./detectors/${manifest.family}.js`
  const module = await import(file).catch((cause: Error) => {
    // A detector that is there and broken is a bug, and says so itself.
    if (!cause.message.startsWith('Cannot find') || !cause.message.includes(file.slice(1))) throw cause
    throw new SpeechError('MODEL_INVALID', `${manifest.name} is of the family "${manifest.family}", which is no detector of this build`, { cause })
  }) as { load?: LoadDetector }
  if (module.load === undefined) throw new SpeechError('MODEL_INVALID', `${manifest.name} is of the family "${manifest.family}", which takes no model`)
  return module.load(manifest, openModelFiles(modelsDir, manifest), sessionOpener({ providers: ['cpu'], strict: false, threads: 1 }))
}
