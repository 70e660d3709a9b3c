/**
 * The phrase scores of several decodes of one clip, as one list: the (weighted) mean of each phrase over the decoding
 * passes of a model, or over two models.
 */
import { totalLogProbability } from '../../domain/log-probability.js'
import type { PhraseScore } from '../../domain/phrases.js'
import type { Hypothesis } from '../../domain/transcript.js'
import { withProbabilities } from './phrase-probability.js'

/** Score of a phrase that one decode did not find: a little below the lowest that it did. */
const NOT_FOUND_BELOW_LOWEST = 2

/** How the log-probabilities of all decodes become one. */
export type Combine = (values: readonly number[]) => number

export interface Merging {
  /** Of the scores of one phrase by all decodes that have scores. */
  readonly scores: Combine
  /** Of the log-probabilities of the unbiased transcripts of all decodes. */
  readonly unbiased: Combine
}

/** Best first; empty where no decode has scores. */
export function mergePhraseScores(decodes: readonly Hypothesis[], { scores, unbiased }: Merging): PhraseScore[] {
  const scored = decodes.filter(({ phraseScores = [] }) => phraseScores.length > 0)
  const lists = scored.map(({ phraseScores = [] }) => phraseScores)
  const phrases = new Set(lists.flatMap((list) => list.map(({ phrase }) => phrase)))
  const merged = [...phrases].map((phrase) => {
    const found = lists.map((list) => list.find((one) => one.phrase === phrase) ?? belowLowest(list))
    return {
      phrase,
      logProbability: scores(found.map(({ logProbability }) => logProbability)),
      logLikelihoodRatio: scores(found.map(({ logLikelihoodRatio }) => logLikelihoodRatio)),
    }
  })
  const sorted = merged.sort((a, b) => b.logLikelihoodRatio - a.logLikelihoodRatio)
  const doubt = unbiased(decodes.map(({ unbiasedLogProbabilities, logProbabilities }) =>
    totalLogProbability(unbiasedLogProbabilities ?? logProbabilities)))
  return withProbabilities(sorted, scored[0]?.phraseScoring ?? 'beam', doubt)
}

function belowLowest(list: readonly PhraseScore[]): Pick<PhraseScore, 'logProbability' | 'logLikelihoodRatio'> {
  const lowest = list.at(-1)!
  return {
    logProbability: lowest.logProbability - NOT_FOUND_BELOW_LOWEST,
    logLikelihoodRatio: lowest.logLikelihoodRatio - NOT_FOUND_BELOW_LOWEST,
  }
}
