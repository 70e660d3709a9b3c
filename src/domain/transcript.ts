/** What a decoder finds in a clip, and the transcript of an upload as segments. */
import type { BeamSearchResult } from './phrases.js'
import type { WordWithCorrectness, Word } from './words.js'

/** Why a decode ended. */
export type StopReason = 'end_of_text' | 'token_limit' | 'repetition'

/** A token of a text, and how probable it was. */
export interface TokenLogProbability {
  /** Its bytes as UTF-8 text; a part of a character is U+FFFD. */
  readonly token: string
  /** Natural logarithm, without biasing. */
  readonly logProbability: number
  /** As the vocabulary has them, with the space before a word. */
  readonly bytes: readonly number[]
}

/** What one decode finds; with the results of beam search where it was requested. */
export interface Hypothesis extends Partial<BeamSearchResult> {
  readonly text: string
  readonly tokens: readonly number[]
  /**
   * Natural logarithm of the probability of each token, and one more for what ends the text: the end token when it was
   * reached, or the blanks of CTC. Never empty.
   */
  readonly logProbabilities: readonly number[]
  readonly stopped: StopReason
  /** ISO 639-1 code: requested, detected, or the only one the model knows. */
  readonly language: string
  /**
   * Where requested: of each text, natural logarithm of the probability that the clip says it and nothing else;
   * −Infinity where it cannot be written in the tokens of the model. Holds the encoded clip in memory.
   */
  readonly rescore?: (texts: readonly string[]) => Promise<readonly number[]>
  /** Where requested and known: in seconds from the start of the clip's waveform. */
  readonly words?: readonly Word[]
  /** Where requested: of each token with text, in their order. */
  readonly tokenLogProbabilities?: readonly TokenLogProbability[]
}

/** Why a cascade escalated a clip to its larger model, or did not (NOT_ESCALATED). docs/api.md explains each. */
export const CASCADE_REASONS = [
  'sure', 'uncertain_speech', 'low_confidence', 'empty', 'cut_off', 'language',
] as const
export type CascadeReason = (typeof CASCADE_REASONS)[number]
const NOT_ESCALATED: readonly CascadeReason[] = ['sure', 'uncertain_speech']

export function isEscalation(reason: CascadeReason): boolean {
  return !NOT_ESCALATED.includes(reason)
}

/** One decoded clip on the time line of the upload. */
export interface Segment {
  readonly startSeconds: number
  readonly endSeconds: number
  readonly text: string
  /** In the order of time; null when they were not requested, or the model does not time words. */
  readonly words: readonly WordWithCorrectness[] | null
  /** exp(mean token log-probability), in [0, 1]. */
  readonly confidence: number
  readonly meanLogProbability: number
  readonly tokens: readonly number[]
  /** Of the tokens with text, as the model wrote them; null when they were not requested. */
  readonly tokenLogProbabilities: readonly TokenLogProbability[] | null
  readonly stopped: StopReason
  /** Share of the decoding passes with the same words; 1 where the clip was decoded once. */
  readonly agreement: number
  /** The model that wrote the transcript. */
  readonly model: string
  /** Null when no cascade is on. */
  readonly cascade: CascadeReason | null
  /**
   * Weighted mean of the log-probabilities that both models of a cascade give to the text, natural logarithm; null
   * where only one judged it.
   */
  readonly jointLogProbability: number | null
}

/** What a cascade did for one upload. */
export interface CascadeReport {
  /** The larger model. */
  readonly model: string
  /** Clips that it decoded. */
  readonly escalations: number
  /** Of these, on how many both models found different words. */
  readonly disagreements: number
  /** Why or why not: one for each clip of the upload, in the order of time. */
  readonly reasons: readonly CascadeReason[]
  /** Spent in it. */
  readonly seconds: number
}
