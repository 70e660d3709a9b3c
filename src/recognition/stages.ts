/**
 * One upload on its way through the pipeline: a value that grows with each stage,
 * Measured → Segmented → Decoded → Vetted.
 */
import type { FrameFeatures, Level, Recording, SpeechActivity, Waveform } from '../domain/audio.js'
import type { NoSpeechReason } from '../domain/report.js'
import type { CascadeReason, Hypothesis } from '../domain/transcript.js'
import type { Word } from '../domain/words.js'
import type { SpokenClip } from './segmentation/cut-clips.js'

/** A decoded upload, and what was measured before anything was changed. */
export interface Measured {
  readonly recording: Recording
  /** Length as uploaded. */
  readonly audioSeconds: number
  readonly level: Level
  /** At the rate of the model, the level unchanged. */
  readonly waveform: Waveform
  readonly frames: FrameFeatures
}

/** What segmentation needs of an upload. */
export type Signal = Pick<Measured, 'waveform' | 'frames' | 'level'>

/** Where speech is, and the clips to decode. */
export interface Segmentation {
  readonly activity: SpeechActivity
  /** Whether the second detector was asked already. */
  readonly secondDetectorAsked: boolean
  /** In the order of time; empty exactly when `noSpeechReason` says why. */
  readonly clips: readonly SpokenClip[]
  readonly noSpeechReason: NoSpeechReason | null
}

/** With the clips to decode. */
export interface Segmented extends Measured, Segmentation {}

/** With a transcript of each clip. */
export interface Decoded extends Segmented {
  /** In the order of time, one for each clip that was decoded. */
  readonly transcripts: readonly ClipTranscript[]
}

/** With the transcripts that are reported: all others were rejected. */
export interface Vetted extends Decoded {
  readonly accepted: readonly ClipTranscript[]
}

/** What one clip says, after all its decoding passes. */
export interface ClipTranscript {
  readonly clip: SpokenClip
  readonly hypothesis: Hypothesis
  /** On the time line of the upload, inside the clip; null when they were not requested, or cannot be known. */
  readonly words: readonly Word[] | null
  /** The model whose hypothesis it is. */
  readonly model: string
  /** Of all models. */
  readonly decodingPasses: number
  /** Spent in the decoding passes of `model`. */
  readonly seconds: number
  /** Share of the decoding passes of `model` with the same words, in (0, 1]. */
  readonly agreement: number
  readonly escalation: Escalation | null
}

/** Whether a larger model decoded the clip; null in the transcript while that is undecided, or without a cascade. */
export interface Escalation {
  /** Why the larger model was asked; `sure`: it was not. */
  readonly reason: CascadeReason
  /** Spent in the larger model. */
  readonly seconds: number
}
