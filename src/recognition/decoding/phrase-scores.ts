/**
 * How well each phrase fits a clip, as a log-likelihood ratio against the best transcript that is no phrase. A ratio
 * near or above 0 means that the phrase was said; far below, something else was.
 */
import { totalLogProbability } from '../../domain/log-probability.js'
import type { PhraseScore } from '../../domain/phrases.js'
import type { BeamModel } from './beam-contract.js'
import type { BeamHypothesis } from './beam-search.js'
import type { ExactPhraseScore } from './exact-phrase-scores.js'
import type { LanguageModelOptions } from './internal-language-model.js'
import type { TokenShapes } from './phrase-bias.js'
import { ROOT, type PhraseTrie } from './phrase-trie.js'

/** Most phrases that are reported. */
const MAX_PHRASE_SCORES = 40
/** Most other transcripts that are scored by the internal language model. */
const MAX_OTHERS = 8

/** A phrase before the calibration of its probability (phrase-probability.ts). */
export type PhraseRatio = Omit<PhraseScore, 'probability'>

export interface PhraseComparison {
  /** Best first. */
  readonly phrases: readonly PhraseRatio[]
  /** Log-probability of the best transcript that is no phrase. */
  readonly otherLogProbability: number
}

interface Likelihood {
  readonly logProbability: number
  /** The log-probability less that of the internal language model, where it is known: what is compared. */
  readonly acoustic: number
}

interface PhraseLikelihood extends Likelihood { readonly phrase: number }

/** Compares exact scores of all phrases, less the internal language model. */
export async function compareExact(
  trie: PhraseTrie, exact: readonly ExactPhraseScore[], hypotheses: readonly BeamHypothesis[],
  { internalLanguageModel, shapes }: Pick<BeamModel, 'internalLanguageModel' | 'shapes'>,
  options: LanguageModelOptions,
): Promise<PhraseComparison> {
  const others = othersOf(trie, hypotheses, shapes).slice(0, MAX_OTHERS)
  const priors = await internalLanguageModel.ofTranscripts(others.map(({ tokens }) => tokens), options)
  const best = mostLikely(others.map(({ logProbabilities }, index) => {
    const logProbability = totalLogProbability(logProbabilities)
    return { logProbability, acoustic: logProbability - priors[index]! }
  }))
  const priorOf = await internalLanguageModel.ofPhrases(trie, options)
  const phrases = exact.map(({ phrase, logProbability }) =>
    ({ phrase, logProbability, acoustic: logProbability - priorOf(phrase) }))
  return compare(phrases, best)
}

/** Compares the phrases of a long list that are a whole hypothesis of the beam search. */
export function compareBeam(
  trie: PhraseTrie, hypotheses: readonly BeamHypothesis[], shapes: TokenShapes,
): PhraseComparison {
  const phrases = hypotheses.map(({ tokens, logProbabilities }) =>
    ({ phrase: wholePhraseOf(trie, tokens, shapes), ...likelihoodOf(logProbabilities) }))
  const others = othersOf(trie, hypotheses, shapes)
  const best = mostLikely(others.map(({ logProbabilities }) => likelihoodOf(logProbabilities)))
  return compare(bestSpellings(phrases.filter(({ phrase }) => phrase !== -1)), best)
}

/** Without internal language model. */
function likelihoodOf(logProbabilities: readonly number[]): Likelihood {
  const logProbability = totalLogProbability(logProbabilities)
  return { logProbability, acoustic: logProbability }
}

/** Hypotheses that are no phrase; if all are, the least likely one: those that were pruned are less likely still. */
function othersOf(
  trie: PhraseTrie, hypotheses: readonly BeamHypothesis[], shapes: TokenShapes,
): readonly BeamHypothesis[] {
  const others = hypotheses.filter(({ tokens }) => wholePhraseOf(trie, tokens, shapes) === -1)
  if (others.length > 0) return others
  const sumOf = ({ logProbabilities }: BeamHypothesis): number => totalLogProbability(logProbabilities)
  return [hypotheses.reduce((least, one) => sumOf(one) < sumOf(least) ? one : least)]
}

/** The most likely of several spellings of a phrase. */
function bestSpellings(all: readonly PhraseLikelihood[]): PhraseLikelihood[] {
  const byPhrase = new Map<number, PhraseLikelihood>()
  for (const one of all) byPhrase.set(one.phrase, mostLikely([one, byPhrase.get(one.phrase) ?? one]))
  return [...byPhrase.values()]
}

function compare(phrases: readonly PhraseLikelihood[], other: Likelihood): PhraseComparison {
  const best = phrases.toSorted((a, b) => b.acoustic - a.acoustic).slice(0, MAX_PHRASE_SCORES)
  const ratios = best.map(({ phrase, logProbability, acoustic }) =>
    ({ phrase, logProbability, logLikelihoodRatio: acoustic - other.acoustic }))
  return { phrases: ratios, otherLogProbability: other.logProbability }
}

function mostLikely<T extends Likelihood>(all: readonly T[]): T {
  return all.reduce((most, one) => one.acoustic > most.acoustic ? one : most)
}

/** The phrase that is the whole transcript, punctuation at the end aside; −1 if there is none. */
export function wholePhraseOf(
  trie: PhraseTrie, tokens: readonly number[], { isPunctuation }: TokenShapes,
): number {
  let node = ROOT
  for (const [index, token] of tokens.entries()) {
    const next = trie.step(node, token)
    if (next === -1) return index === tokens.length - 1 && isPunctuation(token) ? trie.phraseAt(node) : -1
    node = next
  }
  return trie.phraseAt(node)
}
