/** What the service knows about one successful request: the transcript, measurements of the upload, and stage times. */
import type { AudioFormat, Level, Quality } from './audio.js'
import type { PhraseScore, RankedAlternative } from './phrases.js'
import type { Timbre } from './timbre.js'
import type { CascadeReport, Segment } from './transcript.js'

/** Why a successful answer has no words. */
export const NO_SPEECH_REASONS = ['no_samples', 'digital_silence', 'too_quiet', 'no_speech_detected', 'nothing_recognized'] as const
export type NoSpeechReason = (typeof NO_SPEECH_REASONS)[number]

/** Things a client may want to show to its user. */
export const WARNINGS = ['too_quiet', 'clipped', 'noisy', 'narrowband', 'dc_offset', 'too_short', 'truncated', 'low_confidence', 'repetition', 'token_limit'] as const
export type Warning = (typeof WARNINGS)[number]

/** Stages of one request in the order they happen; together they make up its latency. */
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
  /** Cut off at the start, and at the end, before recognition. */
  readonly trimmedLeadingSeconds: number
  readonly trimmedTrailingSeconds: number
}

/** Everything one successful request taught us. */
export interface Report {
  readonly text: string
  /** exp(mean token log-probability) over all segments, in [0, 1]; null when there is no text. */
  readonly confidence: number | null
  /** Probability of the token that the decoder doubted most, in [0, 1]; null when there is no text. */
  readonly lowestTokenProbability: number | null
  /** Calibrated probability that the text is right, word for word; null without text or calibration. */
  readonly correctness: number | null
  readonly language: string
  readonly model: string
  readonly segments: readonly Segment[]
  /** N-best, the first is `text`, and expected phrases by how well they fit; empty unless asked for, or where the upload is several clips. */
  readonly alternatives: readonly RankedAlternative[]
  readonly phraseScores: readonly PhraseScore[]
  /** Expected phrases made some of the text another one. */
  readonly changedByBiasing: boolean
  /** Decodes that it took: none when the model was not run, more than one for a clip whose first transcript left doubt. */
  readonly decodingPasses: number
  /** Null when no cascade is on. */
  readonly cascade: CascadeReport | null
  /** Present exactly when `text` is empty. */
  readonly noSpeechReason: NoSpeechReason | null
  readonly warnings: readonly Warning[]
  readonly input: InputReport
  readonly seconds: StageSeconds
}
