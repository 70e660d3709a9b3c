/**
 * Calibrated probability that a clip says a phrase and nothing else, by logistic regression (Platt 1999) over what is
 * known of it: its log-likelihood ratio against the best transcript without a phrase, its distance to the best other
 * phrase (entries that sound alike share the evidence), and the doubt of the unbiased transcript, which is high where
 * nobody speaks. Fitted on single words, each once with and once without its word in the list
 * (docs/benchmarks/search.md).
 */
import { PHRASE_THRESHOLD, type BeamSearchResult, type PhraseScore } from '../../domain/phrases.js'
import type { PhraseRatio } from './phrase-scores.js'

interface Coefficients {
  readonly intercept: number
  readonly ratio: number
  readonly distance: number
  readonly doubt: number
}

/** For phrases of a short list, which are all scored, and for those of a long list that the beam search found. */
const COEFFICIENTS: Readonly<Record<BeamSearchResult['phraseScoring'], Coefficients>> = {
  exact: { intercept: -0.19, ratio: 0.42, distance: 0.36, doubt: -0.32 },
  beam: { intercept: -0.17, ratio: 0.35, distance: 0.18, doubt: -1.12 },
}
/** Distance of a phrase without a rival. */
const MOST_DISTANCE = 15

/** Of phrases by their ratio, the best first. `unbiased`: log-probability of the best transcript without biasing. */
export function withProbabilities(
  phrases: readonly PhraseRatio[], scoring: BeamSearchResult['phraseScoring'], unbiased: number,
): PhraseScore[] {
  const { intercept, ratio, distance, doubt } = COEFFICIENTS[scoring]
  const [first, second] = phrases
  return phrases.map((one, index) => {
    const rival = index === 0 ? second : first
    const ahead = rival === undefined ? MOST_DISTANCE : one.logLikelihoodRatio - rival.logLikelihoodRatio
    const logit = intercept + ratio * one.logLikelihoodRatio + distance * Math.min(MOST_DISTANCE, ahead)
      + doubt * Math.sqrt(Math.max(0, -unbiased))
    return { ...one, probability: 1 / (1 + Math.exp(-logit)) }
  })
}

/** The phrase that the clip says, of scores with the best first; −1: none. */
export function phraseSaid([best]: readonly PhraseScore[]): number {
  return best !== undefined && best.probability >= PHRASE_THRESHOLD ? best.phrase : -1
}
