/**
 * Beam search instead of greedy decoding, where several hypotheses or biasing are requested. Usually only one of the
 * two runs: a step with four hypotheses takes hardly longer than a step with one. The greedy hypothesis is among those
 * of the beam and remains the transcript unless a phrase is nearly as probable, so a list changes nothing where none of
 * its phrases occurs. At strength 0 phrases are scored, and change nothing.
 */
import { totalLogProbability } from '../../domain/log-probability.js'
import { PHRASE_THRESHOLD } from '../../domain/phrases.js'
import type { BeamModel, BeamRequest, BeamResult, BeamTranscript, CompiledPhrases } from './beam-contract.js'
import { beamSearch, normalizeByLength, type BeamHypothesis, type BeamOptions } from './beam-search.js'
import { MAX_EXACT_NODES, scorePhrases, type ExactPhraseScore } from './exact-phrase-scores.js'
import type { DecodedTokens } from './greedy.js'
import { PhraseBias } from './phrase-bias.js'
import { phraseSaid, withProbabilities } from './phrase-probability.js'
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
  const hypotheses = await beamSearch(await model.start(options.prompt), { ...options, beams, nBest, bias })
  if (hypotheses.length === 0) return decodeGreedily()
  const greedy = hypotheses.find(({ isGreedy }) => isGreedy)
  const unbiased = asRanked(greedy ?? mostProbable(hypotheses)).transcript
  const { ranked, rivals, said, phraseScores, phraseScoring } = phrases === undefined || bias === undefined
    ? withoutPhrases(hypotheses)
    : await rankWithPhrases(hypotheses, unbiased, phrases, bias, model, options)
  const chosen = request.strength === 0 ? unbiased : said ?? mostSupported(rivals, unbiased)
  const best = chosen === unbiased && greedy !== undefined ? await confirmGreedy(greedy, decodeGreedily, bias) : chosen
  const transcripts = ranked.toSorted((a, b) => b.score - a.score).map(({ transcript }) => transcript)
  const listed = [best, ...transcripts.filter(({ tokens }) => tokens !== chosen.tokens)].map((one) => ({
    ...one, wholePhrase: phrases === undefined ? -1 : wholePhraseOf(phrases.trie, one.tokens, model.shapes),
  }))
  return {
    ...listed[0]!,
    hypotheses: listed,
    nBest,
    phraseScores,
    phraseScoring,
    unbiased: chosen === unbiased ? best : unbiased,
  }
}

/**
 * The hypothesis with a phrase that has the highest log-probability with its bias score, or the unbiased transcript if
 * that has a higher one. Sums are compared, not means, so that a phrase wins only if it is nearly as probable as all of
 * what else was said.
 */
function mostSupported(ranked: readonly Ranked[], unbiased: BeamTranscript): BeamTranscript {
  const support = ({ logProbabilities, biasScore }: BeamTranscript): number =>
    totalLogProbability(logProbabilities) + biasScore
  return ranked.map(({ transcript }) => transcript)
    .filter(({ phrases }) => phrases.length > 0)
    .reduce((best, one) => support(one) > support(best) ? one : best, unbiased)
}

/** Greedy decoding would be cut off where it is not among the hypotheses: then it repeats itself, or does not end. */
function mostProbable(hypotheses: readonly BeamHypothesis[]): BeamHypothesis {
  const scoreOf = ({ logProbabilities }: BeamHypothesis): number =>
    normalizeByLength(totalLogProbability(logProbabilities), logProbabilities.length)
  return hypotheses.reduce((best, one) => scoreOf(one) > scoreOf(best) ? one : best)
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

interface RankedWithPhrases extends Pick<BeamResult, 'phraseScores' | 'phraseScoring'> {
  readonly ranked: readonly Ranked[]
  /** Those of them that compete with the unbiased transcript by their bias score. */
  readonly rivals: readonly Ranked[]
  /** A whole phrase that is more probable than everything else; undefined: none is. */
  readonly said: BeamTranscript | undefined
}

function withoutPhrases(hypotheses: readonly BeamHypothesis[]): RankedWithPhrases {
  const ranked = hypotheses.map(asRanked)
  return { ranked, rivals: [], said: undefined, phraseScores: [], phraseScoring: 'beam' }
}

/** Each phrase of a short list is scored exactly, and the whole phrases join the hypotheses. */
async function rankWithPhrases(
  hypotheses: readonly BeamHypothesis[], unbiased: BeamTranscript, { trie }: CompiledPhrases, bias: PhraseBias,
  model: BeamModel, options: SearchOptions,
): Promise<RankedWithPhrases> {
  const doubt = totalLogProbability(unbiased.logProbabilities)
  if (trie.nodes > MAX_EXACT_NODES || isLongerThanPhrases(hypotheses, trie)) {
    const { phrases } = compareBeam(trie, hypotheses, model.shapes)
    const phraseScores = withProbabilities(phrases, 'beam', doubt)
    const ranked = hypotheses.map(asRanked)
    const probable = phraseScores.flatMap(({ phrase, probability }) => probability >= PHRASE_THRESHOLD ? [phrase] : [])
    const rivals = ranked.filter(({ transcript: { tokens } }) => {
      const whole = wholePhraseOf(trie, tokens, model.shapes)
      return whole === -1 || probable.includes(whole)
    })
    return { ranked, rivals, said: undefined, phraseScores, phraseScoring: 'beam' }
  }
  const exact = await scorePhrases(await model.start(options.prompt), trie, { ...options, shapes: model.shapes })
  const comparison = await compareExact(trie, exact, hypotheses, model, options)
  const phraseScores = withProbabilities(comparison.phrases, 'exact', doubt)
  const rivals = hypotheses.filter(({ tokens }) => wholePhraseOf(trie, tokens, model.shapes) === -1).map(asRanked)
  const whole = exact.map((score) => rankWholePhrase(score, comparison, bias))
  const phrase = phraseSaid(phraseScores)
  const said = whole.find(({ transcript }) => transcript.phrases[0] === phrase)?.transcript
  return { ranked: [...rivals, ...whole], rivals, said, phraseScores, phraseScoring: 'exact' }
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
  { phrase, tokens, logProbabilities }: ExactPhraseScore, { phrases, otherLogProbability }: PhraseComparison,
  bias: PhraseBias,
): Ranked {
  const ratio = phrases.find((one) => one.phrase === phrase)?.logLikelihoodRatio ?? -Infinity
  const sum = otherLogProbability + ratio + bias.scoreOf(bias.afterTranscript(tokens))
  const biasScore = sum - totalLogProbability(logProbabilities)
  const transcript = { tokens, logProbabilities, stopped: 'end_of_text' as const, phrases: [phrase], biasScore }
  return { transcript, score: normalizeByLength(sum, logProbabilities.length) }
}
