/** What a beam search is given: the request, the model and its compiled phrases; and what it returns. */
import type { PhraseScore } from '../../domain/phrases.js'
import type { StartBeamSearch } from './beam-search.js'
import type { DecodedTokens } from './greedy.js'
import type { InternalLanguageModel } from './internal-language-model.js'
import type { TokenShapes } from './phrase-bias.js'
import type { PhraseTrie } from './phrase-trie.js'

/** Phrases as tokens of one model. */
export interface CompiledPhrases {
  readonly trie: PhraseTrie
  readonly weights: readonly number[]
  /** Indices of the phrases that the tokenizer cannot spell. */
  readonly unspellable: readonly number[]
}

export interface BeamRequest {
  /** Transcripts to return; 1: the best alone. */
  readonly nBest: number
  readonly phrases: CompiledPhrases | undefined
  /** Strength of the bias, natural logarithm for each token. */
  readonly strength: number
}

export interface BeamTranscript extends DecodedTokens {
  readonly phrases: readonly number[]
  /** Bias score of its phrases, natural logarithm. */
  readonly biasScore: number
}

export interface BeamResult extends BeamTranscript {
  /** Best first, the first is the transcript itself; several may have the same words. */
  readonly hypotheses: readonly (BeamTranscript & Pick<BeamResult, 'wholePhrase'>)[]
  /** How many with different words are requested. */
  readonly nBest: number
  /** Phrases by how well they fit the clip, best first; empty without phrases. */
  readonly phraseScores: readonly PhraseScore[]
  readonly phraseScoring: 'exact' | 'beam'
  /** The phrase that is the whole transcript; −1: it is none. */
  readonly wholePhrase: number
  /** The greedy hypothesis, which is the transcript without biasing. */
  readonly unbiased: DecodedTokens
}

/** A model that has encoded a clip. */
export interface BeamModel {
  readonly start: StartBeamSearch
  readonly internalLanguageModel: InternalLanguageModel
  readonly shapes: TokenShapes
}
