/**
 * The contract that a speech detector fulfils, and how two of them share the work.
 *
 * The spectral detector costs almost nothing and knows most clips without doubt; a neural one costs about as much as
 * a seventh of the recognition and knows nearly all. So the second opinion is asked only where the first has doubts:
 * about the clip before the model runs, or about a transcript that the model itself does not believe.
 */
import { SpeechError } from './errors.js'
import type { DetectorManifest, ModelFiles } from './manifest.js'
import type { OpenSession } from './runtime/session.js'
import type { FrameFeatures, SpeechActivity, Waveform } from './types.js'

export interface SpeechDetector {
  readonly name: string
  /** Where somebody speaks. `frames` describe `waveform`, whatever its level. */
  detect(waveform: Waveform, frames: FrameFeatures): Promise<SpeechActivity>
  dispose(): Promise<void>
}

/** The one export of every file of detectors/ that needs a model, by the name `load`; `family` in its manifest is the name of the file. */
export type LoadDetector = (manifest: DetectorManifest, files: ModelFiles, open: OpenSession) => Promise<SpeechDetector>

export async function loadDetector(manifest: DetectorManifest, files: ModelFiles, open: OpenSession): Promise<SpeechDetector> {
  const module = await import(`./detectors/${manifest.family}.js`).catch((cause: unknown) => {
    throw new SpeechError('MODEL_INVALID', `${manifest.name} is of the family "${manifest.family}", which is no detector of this build`, { cause })
  }) as { load: LoadDetector }
  return module.load(manifest, files, open)
}

/** Whose opinion is asked first, and whose in doubt. */
export interface SpeechDetectors {
  readonly first: SpeechDetector
  readonly second: SpeechDetector | undefined
}
