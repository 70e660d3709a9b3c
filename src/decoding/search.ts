/**
 * Greedy first, and a beam search where it can change something: where several transcripts are wanted, or where the
 * greedy one was not sure of some token while other phrases were expected. Most clips are decoded once, so a catalogue
 * costs little where it is not needed.
 */
import type { PhraseEvidence } from '../phrases.js'
import { beamSearch, byLength, type BeamHypothesis, type BeamOptions, type StartSearch } from './beam.js'
import { PhraseBias, type TokenShapes } from './bias.js'
import { evidenceFor, isWholePhrase, type Evidence } from './evidence.js'
import { MOST_EXACT_NODES, scorePhrases, type PhraseScore } from './exact.js'
import { totalLogProbability, type Decoded } from './greedy.js'
import type { PhraseTrie } from './phrase-trie.js'
import type { SilencePrior } from './silence-prior.js'

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
  /** Best first, the first is the transcript itself; empty when none came to its end. */
  readonly found: readonly FoundTranscript[]
  /** Phrases by how well they fit, best first; empty when no search was run. */
  readonly evidence: readonly PhraseEvidence[]
  /** The phrases made the transcript another one. */
  readonly steered: boolean
}

/** A token less probable than this may have been heard otherwise. */
const SURE_LOG_PROBABILITY = Math.log(0.9)
const BEAMS = 4
const MOST_BEAMS = 8

function wantsSearch({ logProbabilities, stopped }: Decoded, { nBest, phrases }: SearchWish): boolean {
  if (nBest > 1) return true
  return phrases !== undefined && (stopped !== 'end_of_text' || logProbabilities.some((one) => one < SURE_LOG_PROBABILITY))
}

type SearchOptions = Omit<BeamOptions, 'beams' | 'bias'>

/** What a search needs of a model that has heard a clip. */
export interface SearchModel {
  readonly start: StartSearch
  /** What it would write without the clip. */
  readonly prior: SilencePrior
  readonly shapes: TokenShapes
}

/** What the greedy loop found, or what a search finds where it can change something. */
export async function searchIfWanted(decoded: Decoded, wish: SearchWish | undefined, model: SearchModel, options: SearchOptions): Promise<Decoded | SearchDecoded> {
  if (wish === undefined) return decoded
  const bias = wish.phrases && new PhraseBias(wish.phrases.trie, model.shapes, wish.strength, wish.phrases.weights)
  const greedy: FoundTranscript = { ...decoded, phrases: bias?.phrasesIn(decoded.tokens) ?? [] }
  if (wantsSearch(decoded, wish)) return searchOn(model, greedy, wish, bias, options)
  return { ...decoded, found: [greedy], evidence: [], steered: false }
}

/** The greedy transcript stands where the search finds none that comes to its end. */
async function searchOn(model: SearchModel, greedy: FoundTranscript, wish: SearchWish, bias: PhraseBias | undefined, options: SearchOptions): Promise<SearchDecoded> {
  const { nBest, phrases } = wish
  const beams = Math.min(MOST_BEAMS, Math.max(BEAMS, nBest))
  const beamed = await beamSearch(await model.start(), { ...options, beams, bias })
  const exact = phrases !== undefined && phrases.trie.nodes <= MOST_EXACT_NODES ? await scorePhrases(await model.start(), phrases.trie, { ...options, shapes: model.shapes }) : []
  const evidence = phrases && await evidenceFor(phrases.trie, greedy, beamed, exact, model.prior, options)
  const found = [...withoutWholePhrases(beamed, exact, wish).map(asFound), ...exact.map((score) => wholePhrase(score, evidence!, wish))].sort((a, b) => b.score - a.score)
  const best = found[0]?.transcript
  if (best === undefined) return { ...greedy, found: [], evidence: evidence?.phrases ?? [], steered: false }
  return { ...best, found: found.slice(0, nBest).map(({ transcript }) => transcript), evidence: evidence?.phrases ?? [], steered: isSteered(best, [greedy, ...beamed]) }
}

/** Whether it stands for its phrases: without their bonus another would. */
function isSteered(best: FoundTranscript, candidates: readonly Pick<Decoded, 'tokens' | 'logProbabilities'>[]): boolean {
  if (best.phrases.length === 0) return false
  const likelihood = (one: Pick<Decoded, 'logProbabilities'>): number => byLength(totalLogProbability(one), one.logProbabilities.length)
  return candidates.some((other) => other.tokens.join() !== best.tokens.join() && likelihood(other) > likelihood(best))
}

interface Ranked { readonly transcript: FoundTranscript; readonly score: number }

function asFound({ tokens, logProbabilities, phrases, score }: BeamHypothesis): Ranked {
  return { transcript: { tokens, logProbabilities, stopped: 'end_of_text', phrases }, score }
}

/** Where each phrase was scored for itself, the beam need not. */
function withoutWholePhrases(beamed: readonly BeamHypothesis[], exact: readonly PhraseScore[], { phrases }: SearchWish): readonly BeamHypothesis[] {
  return exact.length === 0 ? beamed : beamed.filter(({ tokens }) => !isWholePhrase(phrases!.trie, tokens))
}

/** As a transcript that is one phrase and nothing else, compared with others as the beam compares them. */
function wholePhrase({ phrase, tokens, logProbabilities }: PhraseScore, evidence: Evidence, { phrases, strength }: SearchWish): Ranked {
  const margin = evidence.phrases.find((one) => one.phrase === phrase)?.margin ?? -Infinity
  const bonus = strength * tokens.length * phrases!.weights[phrase]!
  return { transcript: { tokens, logProbabilities, stopped: 'end_of_text', phrases: [phrase] }, score: byLength(evidence.free + margin + bonus, logProbabilities.length) }
}
