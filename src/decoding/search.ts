/**
 * Greedy first, and a beam search where it can change something: where several transcripts are wanted, or where the
 * greedy one was not sure of some token while other phrases were expected. Most clips are decoded once, so a catalogue
 * costs little where it is not needed.
 */
import { beamSearch, type BeamOptions, type BeamStep } from './beam.js'
import { PhraseBias, type TokenShapes } from './bias.js'
import type { Decoded } from './greedy.js'
import type { PhraseTrie } from './phrase-trie.js'

/** Phrases made ready for the tokens of one model. */
export interface CompiledPhrases {
  readonly trie: PhraseTrie
  readonly weights: readonly number[]
  /** Phrases that the tokenizer cannot spell. */
  readonly unspellable: readonly number[]
}

export interface SearchWish {
  /** Transcripts wanted; 1 is the best alone. */
  readonly nBest: number
  readonly phrases: CompiledPhrases | undefined
  /** Of the bias, natural logarithms a token. */
  readonly strength: number
}

export interface FoundTranscript extends Decoded { readonly phrases: readonly number[] }

export interface SearchDecoded extends Decoded {
  /** Best first, the first is the transcript itself; empty when no search was run. */
  readonly found: readonly FoundTranscript[]
}

/** A token less probable than this may have been heard otherwise. */
const SURE_LOG_PROBABILITY = Math.log(0.9)
const BEAMS = 4
const MOST_BEAMS = 8

export function wantsSearch({ logProbabilities, stopped }: Decoded, { nBest, phrases }: SearchWish): boolean {
  if (nBest > 1) return true
  return phrases !== undefined && (stopped !== 'end_of_text' || logProbabilities.some((one) => one < SURE_LOG_PROBABILITY))
}

/** The greedy transcript stands where the search finds none that comes to its end. */
export async function searchOn(step: BeamStep, decoded: Decoded, wish: SearchWish, shapes: TokenShapes, options: Omit<BeamOptions, 'beams' | 'bias'>): Promise<SearchDecoded> {
  const { nBest, phrases, strength } = wish
  const bias = phrases && new PhraseBias(phrases.trie, shapes, strength, phrases.weights)
  const beams = Math.min(MOST_BEAMS, Math.max(BEAMS, nBest))
  const found = (await beamSearch(step, { ...options, beams, bias })).map(({ tokens, logProbabilities, phrases: heard }): FoundTranscript => ({ tokens, logProbabilities, stopped: 'end_of_text', phrases: heard }))
  const [best] = found
  return best === undefined ? { ...decoded, found: [] } : { ...best, found: found.slice(0, nBest) }
}
