/**
 * The contract that a speech detector fulfils, and how two of them share the work.
 *
 * The spectral detector costs almost nothing and knows most clips without doubt; a neural one costs some hundredths
 * of the recognition and knows nearly all. So the second opinion is asked only where the first hears nobody
 * or is not sure, and about a transcript that the model itself does not believe (`recognition/segmentation/find-speech.ts`).
 */
import { spectralDetector } from './detectors/spectral.js'
import { SpeechError } from '../../domain/errors.js'
import { openModelFiles, readDetectorManifest, type DetectorManifest, type ModelFiles } from '../../engine/manifest.js'
import { sessionOpener, type OpenSession } from '../../engine/runtime/session.js'
import type { Interrupt } from '../recognizer.js'
import type { DetectionMode } from '../../domain/choices.js'
import type { FrameFeatures, SpeechActivity, Waveform } from '../../domain/audio.js'

export interface SpeechDetector {
  readonly name: string
  /** Where somebody speaks. `frames` describe `waveform`, whatever its level. Throws what `interrupt` throws. */
  detect(waveform: Waveform, frames: FrameFeatures, interrupt: Interrupt): Promise<SpeechActivity>
  dispose(): Promise<void>
}

/** Whose opinion is asked first, and whose in doubt. */
export interface SpeechDetectors {
  readonly first: SpeechDetector
  readonly second: SpeechDetector | undefined
}

/** The one export of every file of detectors/ that needs a model, by the name `load`; `family` in its manifest is the name of the file. */
export type LoadDetector = (manifest: DetectorManifest, files: ModelFiles, open: OpenSession) => Promise<SpeechDetector>

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
