/**
 * Speech detection in a stream, window by window. A worker keeps nothing between two requests: the state of the
 * detector travels with them, so any worker can continue, and nothing is lost when one dies.
 */
import type { HeaderlessFormat } from './audio.js'

/** One decision of the detector. */
export const DETECTION_WINDOW_SECONDS = 0.032

/** What a detector knows of the windows before; of no meaning to others. */
export interface DetectorState {
  /** States of the recurrent layer. */
  readonly hidden: Float32Array
  readonly cell: Float32Array
  /** The last samples of the window before. */
  readonly context: Float32Array
  /** Peak to which the level is adjusted. */
  readonly peak: number
  /** Windows since one was audible. */
  readonly silentWindows: number
  readonly isSpeech: boolean
}

export interface DetectionRequest {
  /** Mono samples: so many windows, and some before and after them, which the filter needs that changes the rate. */
  readonly audio: Uint8Array
  readonly format: HeaderlessFormat
  /** Samples of `audio` before the first window. */
  readonly samplesBefore: number
  readonly windows: number
  /** As the window before has left it; undefined at the start of a stream. */
  readonly state: DetectorState | undefined
}

export interface DetectedWindows {
  /** Probability of speech, shape [windows]. */
  readonly probabilities: Float32Array
  /** With hysteresis, as in files. */
  readonly isSpeech: readonly boolean[]
  readonly state: DetectorState
}
