/**
 * A beam search instead of the greedy loop, where several transcripts are wanted or phrases are expected. Not both: a
 * step of four hypotheses takes hardly longer than one of one. The greedy transcript is among those of the search and
 * stands unless a phrase is heard, so that a list changes nothing where none of its phrases is.
 */
import { meanLogProbability, totalLogProbability } from '../../domain/log-probability.js'
import type { PhraseScore } from '../../domain/phrases.js'
import { beamSearch, byLength, type BeamHypothesis, type BeamOptions } from './beam.js'
import { PhraseBias } from './bias.js'
import { evidenceForAll, evidenceForFound, wholePhraseOf, type Evidence } from './evidence.js'
import { MOST_EXACT_NODES, scorePhrases, type ExactPhraseScore } from './exact.js'
import type { Decoded } from './greedy.js'
import type { PhraseTrie } from './phrase-trie.js'
import type { CompiledPhrases, BeamTranscript, BeamDecoded, BeamModel, BeamRequest } from './search-contract.js'

const BEAMS = 4
const MOST_BEAMS = 8
/** Natural logarithms between two tokens. */
const CLOSE = 0.2
/** Tokens beyond those of the longest phrase: one that is not heard well may be written at some length. */
const LONGER = 20

type SearchOptions = Omit<BeamOptions, 'beams' | 'wanted' | 'bias'>

/** The greedy loop finds the transcript where nothing else is wished for, and where the search finds none that comes to its end. */
export async function beamSearchOrGreedy(greedily: () => Promise<Decoded>, wish: BeamRequest | undefined, model: BeamModel, options: SearchOptions): Promise<Decoded | BeamDecoded> {
  if (wish === undefined) return greedily()
  const { nBest, phrases } = wish
  const beams = Math.min(MOST_BEAMS, Math.max(BEAMS, nBest))
  const bias = phrases && new PhraseBias(phrases.trie, model.shapes, wish.strength, phrases.weights)
  const beamed = await beamSearch(await model.start(), { ...options, beams, wanted: nBest, bias })
  if (beamed.length === 0) return greedily()
  const { ranked, evidence } = phrases === undefined ? { ranked: beamed.map(asFound), evidence: [] } : await withPhrases(beamed, phrases, bias!, model, options)
  const found = ranked.sort((a, b) => b.score - a.score).map(({ transcript }) => transcript)
  const greedy = beamed.find(({ isGreedy }) => isGreedy)
  const standing = found[0]!.phrases.length > 0 || greedy === undefined ? found[0]! : await settled(greedy, greedily, bias)
  const others = found.filter(({ tokens }) => tokens !== standing.tokens)
  const steered = standing.phrases.length > 0 && greedy !== undefined && standing.tokens.join() !== greedy.tokens.join()
  return { ...standing, found: [standing, ...others], nBest, phraseScores: evidence, unbiasedMeanLogProbability: meanLogProbability((greedy ?? found[0]!).logProbabilities), changedByBiasing: steered }
}

/**
 * Hypotheses of a step share the scale of their quantized activations, so each disturbs the others a little. Where two
 * tokens were that close, the greedy loop decides, which hears one alone: no list may change what has none of it.
 */
async function settled(greedy: BeamHypothesis, greedily: () => Promise<Decoded>, bias: PhraseBias | undefined): Promise<BeamTranscript> {
  if (bias === undefined || greedy.lead > CLOSE) return asFound(greedy).transcript
  const decoded = await greedily()
  const state = bias.ofText(decoded.tokens)
  return { ...decoded, phrases: state.phrases, biasScore: bias.worth(state) }
}

/** With what a short list says when it is asked phrase by phrase, which the beam need not. */
async function withPhrases(beamed: readonly BeamHypothesis[], { trie }: CompiledPhrases, bias: PhraseBias, model: BeamModel, options: SearchOptions): Promise<{ ranked: Ranked[]; evidence: readonly PhraseScore[] }> {
  if (trie.nodes > MOST_EXACT_NODES || isLonger(beamed, trie)) return { ranked: beamed.map(asFound), evidence: evidenceForFound(trie, beamed, model.shapes).phrases }
  const exact = await scorePhrases(await model.start(), trie, { ...options, shapes: model.shapes })
  const evidence = await evidenceForAll(trie, exact, beamed, model, options)
  const others = beamed.filter(({ tokens }) => wholePhraseOf(trie, tokens, model.shapes) === -1)
  return { ranked: [...others.map(asFound), ...exact.map((score) => wholePhrase(score, evidence, bias))], evidence: evidence.phrases }
}

/** Whether the clip says far more than any phrase: then it is none of them, and long to ask about. */
function isLonger(beamed: readonly BeamHypothesis[], { depth }: PhraseTrie): boolean {
  return beamed[0]!.tokens.length > depth + LONGER
}

interface Ranked { readonly transcript: BeamTranscript; readonly score: number }

function asFound({ tokens, logProbabilities, phrases, biasScore, score }: BeamHypothesis): Ranked {
  return { transcript: { tokens, logProbabilities, stopped: 'end_of_text', phrases, biasScore: biasScore }, score }
}

/** As a transcript that is one phrase and nothing else, for what the audio says of it; compared with others as the beam compares them. */
function wholePhrase({ phrase, tokens, logProbabilities }: ExactPhraseScore, evidence: Evidence, bias: PhraseBias): Ranked {
  const margin = evidence.phrases.find((one) => one.phrase === phrase)?.logLikelihoodRatio ?? -Infinity
  const worth = evidence.free + margin + bias.worth(bias.ofText(tokens))
  const transcript = { tokens, logProbabilities, stopped: 'end_of_text' as const, phrases: [phrase], biasScore: worth - totalLogProbability(logProbabilities) }
  return { transcript, score: byLength(worth, logProbabilities.length) }
}
