/** The contract that a speech detector fulfils. */
import type { FrameFeatures, SpeechActivity, Waveform } from '../../domain/audio.js'
import type { DetectorManifest, ModelFiles } from '../../engine/manifest.js'
import type { OpenSession } from '../../engine/runtime/session.js'
import type { Interrupt } from '../recognizer.js'

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
