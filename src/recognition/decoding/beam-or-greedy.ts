/**
 * Beam search instead of greedy decoding, where several hypotheses or biasing are requested. Usually only one of the
 * two runs: a step with four hypotheses takes hardly longer than a step with one. The greedy hypothesis is among those
 * of the beam and remains the transcript unless a phrase is found, so a list changes nothing where none of its phrases
 * occurs.
 */
import { meanLogProbability, totalLogProbability } from '../../domain/log-probability.js'
import type { PhraseScore } from '../../domain/phrases.js'
import type { BeamModel, BeamRequest, BeamResult, BeamTranscript, CompiledPhrases } from './beam-contract.js'
import { beamSearch, normalizeByLength, type BeamHypothesis, type BeamOptions } from './beam-search.js'
import { MAX_EXACT_NODES, scorePhrases, type ExactPhraseScore } from './exact-phrase-scores.js'
import type { DecodedTokens } from './greedy.js'
import { PhraseBias } from './phrase-bias.js'
import { compareBeam, compareExact, wholePhraseOf, type PhraseComparison } from './phrase-scores.js'
import type { PhraseTrie } from './phrase-trie.js'

const BEAMS = 4
const MAX_BEAMS = 8
/** Greedy choices with a smaller difference in log-probability, natural logarithm, are confirmed by greedy decoding. */
const SMALLEST_SAFE_GAP = 0.2
/** Tokens beyond those of the longest phrase: a phrase that is hard to recognize may be written in more tokens. */
const SPARE_PHRASE_TOKENS = 20

type SearchOptions = Omit<BeamOptions, 'beams' | 'nBest' | 'bias'>

/** Greedy decoding runs without a request, and where no hypothesis of the beam search reaches the end token. */
export async function beamSearchOrGreedy(
  decodeGreedily: () => Promise<DecodedTokens>, request: BeamRequest | undefined, model: BeamModel,
  options: SearchOptions,
): Promise<DecodedTokens | BeamResult> {
  if (request === undefined) return decodeGreedily()
  const { nBest, phrases } = request
  const beams = Math.min(MAX_BEAMS, Math.max(BEAMS, nBest))
  const bias = phrases && new PhraseBias(phrases.trie, model.shapes, request.strength, phrases.weights)
  const hypotheses = await beamSearch(await model.start(), { ...options, beams, nBest, bias })
  if (hypotheses.length === 0) return decodeGreedily()
  const { ranked, phraseScores } = phrases === undefined || bias === undefined
    ? { ranked: hypotheses.map(asRanked), phraseScores: [] }
    : await rankWithPhrases(hypotheses, phrases, bias, model, options)
  const transcripts = ranked.sort((a, b) => b.score - a.score).map(({ transcript }) => transcript)
  const first = transcripts[0]!
  const greedy = hypotheses.find(({ isGreedy }) => isGreedy)
  const best = first.phrases.length > 0 || greedy === undefined
    ? first
    : await confirmGreedy(greedy, decodeGreedily, bias)
  const others = transcripts.filter(({ tokens }) => tokens !== best.tokens)
  return {
    ...best,
    hypotheses: [best, ...others],
    nBest,
    phraseScores,
    unbiasedMeanLogProbability: meanLogProbability((greedy ?? first).logProbabilities),
    changedByBiasing: best.phrases.length > 0 && greedy !== undefined && best.tokens.join() !== greedy.tokens.join(),
  }
}

/**
 * The hypotheses of a step share the scale of their quantized activations, so each slightly disturbs the others. Where
 * two tokens were that close, greedy decoding of the single hypothesis decides: a list must not change a clip in which
 * none of its phrases occurs.
 */
async function confirmGreedy(
  greedy: BeamHypothesis, decodeGreedily: () => Promise<DecodedTokens>, bias: PhraseBias | undefined,
): Promise<BeamTranscript> {
  if (bias === undefined || greedy.smallestGap > SMALLEST_SAFE_GAP) return asRanked(greedy).transcript
  const decoded = await decodeGreedily()
  const state = bias.afterTranscript(decoded.tokens)
  return { ...decoded, phrases: state.phrases, biasScore: bias.scoreOf(state) }
}

interface RankedWithPhrases { readonly ranked: Ranked[]; readonly phraseScores: readonly PhraseScore[] }

/** Each phrase of a short list is scored exactly, and the whole phrases join the hypotheses. */
async function rankWithPhrases(
  hypotheses: readonly BeamHypothesis[], { trie }: CompiledPhrases, bias: PhraseBias, model: BeamModel,
  options: SearchOptions,
): Promise<RankedWithPhrases> {
  if (trie.nodes > MAX_EXACT_NODES || isLongerThanPhrases(hypotheses, trie)) {
    return { ranked: hypotheses.map(asRanked), phraseScores: compareBeam(trie, hypotheses, model.shapes).phraseScores }
  }
  const exact = await scorePhrases(await model.start(), trie, { ...options, shapes: model.shapes })
  const comparison = await compareExact(trie, exact, hypotheses, model, options)
  const others = hypotheses.filter(({ tokens }) => wholePhraseOf(trie, tokens, model.shapes) === -1)
  const ranked = [...others.map(asRanked), ...exact.map((score) => rankWholePhrase(score, comparison, bias))]
  return { ranked, phraseScores: comparison.phraseScores }
}

/** Whether the clip says far more than any phrase: then it is none of them, and exact scores would be expensive. */
function isLongerThanPhrases([best]: readonly BeamHypothesis[], { depth }: PhraseTrie): boolean {
  return best !== undefined && best.tokens.length > depth + SPARE_PHRASE_TOKENS
}

interface Ranked { readonly transcript: BeamTranscript; readonly score: number }

function asRanked({ tokens, logProbabilities, phrases, biasScore, score }: BeamHypothesis): Ranked {
  return { transcript: { tokens, logProbabilities, stopped: 'end_of_text', phrases, biasScore }, score }
}

/**
 * A transcript that is one phrase and nothing else. Its score is that of the best other transcript plus the
 * log-likelihood ratio and the bias score of the phrase, normalized as the beam search does it.
 */
function rankWholePhrase(
  { phrase, tokens, logProbabilities }: ExactPhraseScore, { phraseScores, otherLogProbability }: PhraseComparison,
  bias: PhraseBias,
): Ranked {
  const ratio = phraseScores.find((one) => one.phrase === phrase)?.logLikelihoodRatio ?? -Infinity
  const sum = otherLogProbability + ratio + bias.scoreOf(bias.afterTranscript(tokens))
  const biasScore = sum - totalLogProbability(logProbabilities)
  const transcript = { tokens, logProbabilities, stopped: 'end_of_text' as const, phrases: [phrase], biasScore }
  return { transcript, score: normalizeByLength(sum, logProbabilities.length) }
}
