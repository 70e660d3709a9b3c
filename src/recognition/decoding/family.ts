/** What a family of encoder-decoders adds to the code that they share, and the open graphs of a model. */
import type { Engine, ProviderReport } from '../../domain/choices.js'
import type { Hypothesis } from '../../domain/transcript.js'
import type { Attention } from '../../engine/runtime/alignment-graph.js'
import type { Tensor } from '../../engine/runtime/session.js'
import type { Tokenizer } from '../../engine/tokenizer.js'
import type { FrameClock } from '../alignment/frame-clock.js'
import type { RecognizeOptions } from '../recognizer.js'
import type { BeamResult } from './beam-contract.js'
import type { DecodedTokens } from './greedy.js'
import type { LanguageTokens } from './language-detection.js'
import type { SuppressedTokens } from './suppression.js'

/** What one family adds. */
export interface EncoderDecoderFamily extends SuppressedTokens {
  readonly tokenizer: Tokenizer
  /** When the encoder states of a clip lie. */
  readonly clock: FrameClock
  readonly prompt: Prompt
  readonly graphs: GraphInputs
  /** Encoder input for the samples of a clip. */
  encoderInput(samples: Float32Array, engine: Engine, timer: RecognizeOptions['timer']): EncoderInput
}

export interface Prompt {
  readonly startToken: number
  /** By ISO 639-1 code; undefined for a model of one language, whose prompt has no language. */
  readonly languageTokens?: LanguageTokens
  /** Tokens after start and language. */
  readonly task: readonly number[]
}

/** What the graphs of a family are fed. */
export interface GraphInputs {
  /** Name of the encoder input in the published graph. */
  readonly published: string
  /** The published encoder takes one shape only. */
  readonly fixedShapes: boolean
  /** Samples of digital silence, as long as a word: what the internal language model decodes. */
  readonly silence: Float32Array
}

export interface EncoderInput {
  readonly tensor: Tensor
  /** Encoder states that cover the clip itself; undefined: all of them. */
  readonly states?: number
}

/** Tokens, the language, and the attention of each token where word times are requested. */
export type DecodeResult = (DecodedTokens | BeamResult) & Pick<Hypothesis, 'rescore'>
  & { readonly language: string; readonly attention?: Attention }

/** The open graphs of a model, on either engine. */
export interface OpenModel {
  readonly engine: Engine
  readonly provider: ProviderReport
  readonly timesWords: boolean
  readonly openBeamSearch?: () => Promise<void>
  readonly openWideEncoder?: () => Promise<void>
  decode(input: EncoderInput, budget: number, options: RecognizeOptions): Promise<DecodeResult>
  dispose(): Promise<void>
}

export function promptOf({ startToken, languageTokens, task }: Prompt, language: string): readonly number[] {
  return [startToken, ...languageTokens === undefined ? [] : [languageTokens[language]!], ...task]
}
