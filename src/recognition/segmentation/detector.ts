/** The contract of a speech detector. */
import type { FrameFeatures, SpeechActivity, Waveform } from '../../domain/audio.js'
import type { DetectedWindows, DetectorState } from '../../domain/stream-detection.js'
import type { DetectorManifest, ModelFiles } from '../../engine/manifest.js'
import type { OpenSession } from '../../engine/runtime/session.js'
import type { Interrupt } from '../recognizer.js'

export interface SpeechDetector {
  readonly name: string
  /**
   * Finds speech at any level. `frames` gives the features of `waveform`, and may compute them. Rejects with what
   * `interrupt` throws.
   */
  detect(waveform: Waveform, frames: () => FrameFeatures, interrupt: Interrupt): Promise<SpeechActivity>
  /**
   * The next windows of a stream: whole ones of DETECTION_WINDOW_SECONDS at 16 kHz, with the state that the windows
   * before have left. Undefined for a detector that needs the whole clip.
   */
  readonly detectNext?: (samples: Float32Array, state: DetectorState | undefined) => Promise<DetectedWindows>
  dispose(): Promise<void>
}

/** The detector that always runs, and the one that runs when the first is not sure. */
export interface SpeechDetectors {
  readonly first: SpeechDetector
  readonly second: SpeechDetector | undefined
}

/**
 * The one export, by the name `load`, of every file of detectors/ that needs a model. `family` in the manifest is the
 * name of the file.
 */
export type LoadDetector =
  (manifest: DetectorManifest, files: ModelFiles, open: OpenSession) => Promise<SpeechDetector>
