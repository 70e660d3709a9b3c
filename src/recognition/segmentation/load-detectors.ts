/**
 * Loads the speech detectors (voice activity detection) of a setting.
 *
 * The spectral detector costs almost nothing and is sure about most clips. A neural one costs a few hundredths of the
 * recognition and is right about nearly all. So the second detector runs only where the first finds no speech or is not
 * sure, and on a transcript that the model itself finds improbable (`find-speech.ts`, `recognition/vetting.ts`).
 */
import type { DetectionMode } from '../../domain/choices.js'
import { SpeechError } from '../../domain/errors.js'
import { openModelFiles, readDetectorManifest, type DetectorManifest } from '../../engine/manifest.js'
import { sessionOpener } from '../../engine/runtime/session.js'
import type { LoadDetector, SpeechDetector, SpeechDetectors } from './detector.js'
import { spectralDetector } from './detectors/spectral.js'

export interface DetectionSettings {
  readonly speechDetection: DetectionMode
  /** Model of the neural detector. */
  readonly speechDetector: string
  readonly modelsDir: string
}

/**
 * Throws MODEL_* when the neural detector is requested and cannot be loaded. `checked`: its manifest, where the server
 * has read it.
 */
export async function loadDetectors(settings: DetectionSettings, checked?: DetectorManifest): Promise<SpeechDetectors> {
  switch (settings.speechDetection) {
    case 'spectral': return { first: spectralDetector, second: undefined }
    case 'neural': return { first: await loadNeural(settings, checked), second: undefined }
    case 'both': return { first: spectralDetector, second: await loadNeural(settings, checked) }
  }
}

/** Always on the CPU: for a model this small, the transfer to a GPU would take longer. */
async function loadNeural(
  { modelsDir, speechDetector }: DetectionSettings, checked?: DetectorManifest,
): Promise<SpeechDetector> {
  const manifest = checked ?? await readDetectorManifest(modelsDir, speechDetector)
  const { name, family } = manifest
  const file = `./detectors/${family}.js`
  const module = await import(file).catch((cause: Error) => {
    // A detector that exists and is broken is a bug and reports itself.
    if (!cause.message.startsWith('Cannot find') || !cause.message.includes(file.slice(1))) throw cause
    const problem = `is of the family "${family}", which is no detector of this build`
    throw new SpeechError('MODEL_INVALID', `${name} ${problem}`, { cause })
  }) as { load?: LoadDetector }
  if (module.load === undefined) {
    throw new SpeechError('MODEL_INVALID', `${name} is of the family "${family}", which takes no model`)
  }
  const open = sessionOpener({ providers: ['cpu'], strict: false, threads: 1 })
  return module.load(manifest, openModelFiles(modelsDir, manifest), open)
}
