/**
 * What a client can ask for with one clip. This is the one declaration of these options: the HTTP schema has a
 * parameter for each (`serving/http/schemas.ts`), jobs carry them to the recognition process as they are, and the
 * pipeline picks from them. A new option is added here, in the schema, and in the code that uses it.
 */
import type { ChannelChoice, HeaderlessFormat } from './audio.js'
import { MAX_N_BEST, type PhraseList } from './phrases.js'

/** `modern`: spelled as people type today; `raw`: what the model wrote. */
export const TEXT_FORMATS = ['modern', 'raw'] as const
export type TextFormatName = (typeof TEXT_FORMATS)[number]

/** How numbers are written: in figures, in words, or as the model wrote them. */
export const NUMBER_FORMATS = ['as_heard', 'digits', 'words'] as const
export type NumberFormat = (typeof NUMBER_FORMATS)[number]

export interface RecognitionRequest {
  /** Name of a served model. */
  readonly model: string
  /** ISO 639-1; undefined lets a multilingual model detect it. */
  readonly language: string | undefined
  /** ISO 639-1: the detection is limited to these; empty: any language of the model. Without effect with `language`. */
  readonly languages: readonly string[]
  readonly channel: ChannelChoice
  /** Format of samples without a container; undefined for audio whose header declares the format. */
  readonly headerless: HeaderlessFormat | undefined
  /** Whether segments report when each word was said. */
  readonly words: boolean
  /** Whether segments report the log-probability and the bytes of each token. */
  readonly tokenLogProbabilities: boolean
  /** Length of the n-best list; 1 reports the transcript alone. */
  readonly nBest: number
  /**
   * Phrase hints: the compiled list of a catalogue by its id (`name@version`), or a list that came with the request.
   */
  readonly phrases: string | PhraseList | undefined
  /** Factor on the bias scores of the phrases; 1 is what the models were tuned for, 0 turns biasing off. */
  readonly biasStrength: number
  /** How the text is spelled. */
  readonly format: TextFormatName
  /** English only; other languages stay as heard. */
  readonly numbers: NumberFormat
}

/** Defaults of a request that sets no options. */
export const REQUEST_DEFAULTS = {
  language: undefined,
  languages: [],
  channel: 'mix',
  headerless: undefined,
  words: false,
  tokenLogProbabilities: false,
  nBest: 1,
  phrases: undefined,
  biasStrength: 1,
  format: 'modern',
  numbers: 'as_heard',
} as const satisfies Omit<RecognitionRequest, 'model'>

/** Above a bias strength of 4 the transcript hardly depends on the audio any more. */
export const REQUEST_LIMITS = {
  nBest: { minimum: 1, maximum: MAX_N_BEST },
  biasStrength: { minimum: 0, maximum: 4 },
} as const satisfies Partial<Record<keyof RecognitionRequest, { readonly minimum: number; readonly maximum: number }>>
