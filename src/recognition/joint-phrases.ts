/** The phrase scores of two models that decoded the same clip: weighted means of their log-likelihood ratios. */
import { totalLogProbability } from '../domain/log-probability.js'
import type { PhraseScore } from '../domain/phrases.js'
import type { Hypothesis } from '../domain/transcript.js'
import { withProbabilities } from './decoding/phrase-probability.js'
import { jointScore } from './joint-scores.js'

/** Of a phrase that one model did not find: a little below the lowest that it did. */
const NOT_FOUND_BELOW_LOWEST = 2

/** Best first; those of one model where the other has none. */
export function joinPhraseScores(small: Hypothesis, larger: Hypothesis): readonly PhraseScore[] {
  const [ofSmall = [], ofLarger = []] = [small.phraseScores, larger.phraseScores]
  if (ofSmall.length === 0 || ofLarger.length === 0) return ofSmall.length === 0 ? ofLarger : ofSmall
  const phrases = new Set([...ofSmall, ...ofLarger].map(({ phrase }) => phrase))
  const joined = [...phrases].map((phrase) => {
    const [bySmall, byLarger] = [find(phrase, ofSmall), find(phrase, ofLarger)]
    return {
      phrase,
      logProbability: jointScore(bySmall.logProbability, byLarger.logProbability),
      logLikelihoodRatio: jointScore(bySmall.logLikelihoodRatio, byLarger.logLikelihoodRatio),
    }
  }).sort((a, b) => b.logLikelihoodRatio - a.logLikelihoodRatio)
  const unbiased = jointScore(...[small, larger].map(({ unbiasedLogProbabilities, logProbabilities }) =>
    totalLogProbability(unbiasedLogProbabilities ?? logProbabilities)) as [number, number])
  return withProbabilities(joined, larger.phraseScoring ?? 'beam', unbiased)
}

function find(phrase: number, scores: readonly PhraseScore[]): Omit<PhraseScore, 'phrase' | 'probability'> {
  const found = scores.find((one) => one.phrase === phrase)
  if (found !== undefined) return found
  const { logProbability, logLikelihoodRatio } = scores.at(-1)!
  return {
    logProbability: logProbability - NOT_FOUND_BELOW_LOWEST,
    logLikelihoodRatio: logLikelihoodRatio - NOT_FOUND_BELOW_LOWEST,
  }
}
