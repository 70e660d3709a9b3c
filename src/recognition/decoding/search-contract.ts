/** What a search is asked for, what it needs of a model, and what it finds. */
import type { PhraseScore } from '../../domain/phrases.js'
import type { StartSearch } from './beam.js'
import type { TokenShapes } from './bias.js'
import type { Decoded } from './greedy.js'
import type { PhraseTrie } from './phrase-trie.js'
import type { InternalLanguageModel } from './internal-language-model.js'

/** Phrases made ready for the tokens of one model. */
export interface CompiledPhrases {
  readonly trie: PhraseTrie
  readonly weights: readonly number[]
  /** Phrases that the tokenizer cannot spell. */
  readonly unspellable: readonly number[]
}

export interface BeamRequest {
  /** Transcripts wanted; 1 is the best alone. */
  readonly nBest: number
  readonly phrases: CompiledPhrases | undefined
  /** Of the bias, natural logarithms a token. */
  readonly strength: number
}

export interface BeamTranscript extends Decoded {
  readonly phrases: readonly number[]
  /** What they add to its log-probability, natural logarithms. */
  readonly biasScore: number
}

export interface BeamDecoded extends BeamTranscript {
  /** Best first, the first is the transcript itself; some may have the same words. */
  readonly found: readonly BeamTranscript[]
  /** How many of different words are wanted. */
  readonly nBest: number
  /** Phrases by how well they fit, best first; empty when no search was run. */
  readonly phraseScores: readonly PhraseScore[]
  /** Mean log-probability of a token in the greedy transcript, where it came to its end: doubt about the audio, whatever phrases make of it. */
  readonly unbiasedMeanLogProbability: number
  /** The phrases made the transcript another one. */
  readonly changedByBiasing: boolean
}

/** What a search needs of a model that has heard a clip. */
export interface BeamModel {
  readonly start: StartSearch
  /** What it would write without the clip. */
  readonly prior: InternalLanguageModel
  readonly shapes: TokenShapes
}
