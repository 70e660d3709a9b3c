/** What a decoder finds in a clip, and the transcript of an upload as segments. */
import type { BeamSearchResult } from './phrases.js'
import type { WordWithCorrectness, Word } from './words.js'

/** Why an autoregressive decode ended. */
export type StopReason = 'end_of_text' | 'token_limit' | 'repetition'

/** What one decode found, and why it ended; with what a search found where one was asked for. */
export interface Hypothesis extends Partial<BeamSearchResult> {
  readonly text: string
  readonly tokens: readonly number[]
  /** Natural logarithm of the probability of each token, the end token included when it was reached. */
  readonly logProbabilities: readonly number[]
  readonly stopped: StopReason
  /** ISO 639-1 code: requested, detected, or the only one the model knows. */
  readonly language: string
  /** Where they were wanted and the model can say: in seconds from the start of the clip's waveform. */
  readonly words?: readonly Word[]
}

/** Why the larger model of a cascade was asked about a clip, or that the small one was sure: docs/api.md explains each. */
export const CASCADE_REASONS = ['sure', 'low_confidence', 'empty', 'cut_off', 'language'] as const
export type CascadeReason = (typeof CASCADE_REASONS)[number]

/** One decoded clip on the time line of the upload. */
export interface Segment {
  readonly startSeconds: number
  readonly endSeconds: number
  readonly text: string
  /** In the order of time; null when they were not wanted, or the engine cannot say. */
  readonly words: readonly WordWithCorrectness[] | null
  /** exp(mean token log-probability), in [0, 1]. */
  readonly confidence: number
  readonly meanLogProbability: number
  readonly tokens: readonly number[]
  readonly stopped: StopReason
  /** Share of the hearings of the clip that came to these words; 1 where it was heard once. */
  readonly agreement: number
  /** Whose transcript it is. */
  readonly model: string
  /** Null when no cascade is on. */
  readonly cascade: CascadeReason | null
}

/** What a cascade did for one upload. */
export interface CascadeReport {
  /** The larger model. */
  readonly model: string
  /** Clips that it heard. */
  readonly escalations: number
  /** Why, or `sure`: one for each clip of the upload, in the order of time. */
  readonly reasons: readonly CascadeReason[]
  /** Spent in it. */
  readonly seconds: number
}
