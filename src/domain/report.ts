/** What the service knows about one successful request: the transcript, measurements of the upload, and stage times. */
import type { AudioFormat, Level, Quality } from './audio.js'
import type { LabelDifference } from './label-difference.js'
import type { PhraseScore, RankedAlternative } from './phrases.js'
import type { Timbre } from './timbre.js'
import type { CascadeReport, Segment } from './transcript.js'

/** Why a successful answer has no text. */
export const NO_SPEECH_REASONS = [
  'no_samples', 'digital_silence', 'too_quiet', 'no_speech_detected', 'nothing_recognized',
  'words_rejected',
] as const
export type NoSpeechReason = (typeof NO_SPEECH_REASONS)[number]

/** What a client may want to show to its user. */
export const WARNINGS = [
  'too_quiet', 'clipped', 'noisy', 'narrowband', 'dc_offset', 'too_short', 'truncated',
  'unused_speech', 'low_confidence', 'repetition', 'token_limit',
] as const
export type Warning = (typeof WARNINGS)[number]

/** Stages of one request in their order; their sum is its latency. */
export const STAGES = [
  'receive', 'queue_wait', 'transfer',
  'audio_decode', 'measure', 'resample', 'features', 'detect', 'trim', 'normalize',
  'model_features', 'encoder', 'decoder', 'model', 'align', 'postprocess',
] as const
export type Stage = (typeof STAGES)[number]
export type StageSeconds = Readonly<Partial<Record<Stage, number>>>

/** The upload as measured before normalization. */
export interface InputReport extends AudioFormat, Level, Quality {
  readonly timbre: Timbre
  /** Length as uploaded. */
  readonly audioSeconds: number
  /** Length sent to the model. */
  readonly speechSeconds: number
  /** Trimmed at the start, and at the end, before recognition. */
  readonly trimmedLeadingSeconds: number
  readonly trimmedTrailingSeconds: number
}

/** The result of one successful request. */
export interface Report {
  readonly text: string
  /** What the model wrote, before formatting: figures about words do not depend on how a client wants them written. */
  readonly rawText: string
  /** exp(mean token log-probability) over all segments, in [0, 1]; null when there is no text. */
  readonly confidence: number | null
  /** Lowest probability of a token, in [0, 1]; null when there is no text. */
  readonly lowestTokenProbability: number | null
  /** Calibrated probability that every word of the text is right; null without text or calibration. */
  readonly correctness: number | null
  readonly language: string
  readonly model: string
  readonly segments: readonly Segment[]
  /** N-best list, the first is `text`; empty unless requested, or where the upload is several clips. */
  readonly alternatives: readonly RankedAlternative[]
  /** How well each phrase fits, best first; empty without biasing, or where the upload is several clips. */
  readonly phraseScores: readonly PhraseScore[]
  /**
   * Where the label of the clip differs from the text, if a label was given and could be scored: an upload of one clip,
   * with a compiled model.
   */
  readonly labelDifferences?: readonly LabelDifference[]
  /** The text without biasing; null where biasing changed nothing. */
  readonly unbiasedText: string | null
  /** Biasing changed some of the text. */
  readonly changedByBiasing: boolean
  /** Decodes of all clips: 0 when the model did not run, several for a clip whose first transcript was doubtful. */
  readonly decodingPasses: number
  /** Null without a cascade. */
  readonly cascade: CascadeReport | null
  /** Present exactly when `text` is empty. */
  readonly noSpeechReason: NoSpeechReason | null
  readonly warnings: readonly Warning[]
  readonly input: InputReport
  readonly seconds: StageSeconds
}
