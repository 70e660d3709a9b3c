/**
 * One upload on its way through the pipeline, as a value that grows: Measured → Segmented → Decoded → Vetted. With a
 * cascade, a vetted upload is decoded further (escalated) and vetted again. Where vetting finds no speech, it replaces
 * `activity` and empties `clips`; the transcripts stay, for the count of decoding passes.
 */
import type { FrameFeatures, Level, Recording, SpeechActivity, Waveform } from '../domain/audio.js'
import type { NoSpeechReason, Report } from '../domain/report.js'
import type { CascadeReason, Hypothesis } from '../domain/transcript.js'
import type { Word } from '../domain/words.js'
import type { SpokenClip } from './segmentation/cut-clips.js'

/** The samples of an upload, and what was measured before anything was changed. */
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
  /** Highest probability of speech by the neural detector; absent where it was not asked. */
  readonly speechProbability?: number
  /** In the order of time; where it is empty, `noSpeechReason` says why. */
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

/** With what the audio says about a given label. */
export interface Labelled extends Vetted, Pick<Report, 'labelDifferences'> {}

/** What one clip says, after all its decoding passes. */
export interface ClipTranscript {
  readonly clip: SpokenClip
  readonly hypothesis: Hypothesis
  /** On the time line of the upload, inside the clip; null when they were not requested, or cannot be known. */
  readonly words: readonly Word[] | null
  /** The model whose hypothesis it is. */
  readonly model: string
  /** Number of passes, of all models together. */
  readonly decodingPasses: number
  /** Time of the decoding passes of `model`. */
  readonly seconds: number
  /** Share of the decoding passes of `model` with the same words, in (0, 1]. */
  readonly agreement: number
  readonly escalation: Escalation | null
}

/** Whether a larger model decoded the clip; null in the transcript while that is undecided, or without a cascade. */
export interface Escalation {
  /** Why the larger model was asked, or why not. */
  readonly reason: CascadeReason
  /** Time of the larger model; 0 where it was not asked. */
  readonly seconds: number
  /** Of the chosen transcript: the weighted mean of both models' log-probabilities; null where only one judged it. */
  readonly jointLogProbability: number | null
  /** Both models decoded the clip and found different words. */
  readonly disagrees: boolean
}
