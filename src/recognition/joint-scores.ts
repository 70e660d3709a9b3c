/**
 * Two models, two transcripts of a clip: each model also scores the transcript of the other by forced decoding, and the
 * transcript with the higher weighted sum of log-probabilities is taken (a log-linear combination of models, as in
 * N-best rescoring: Ostendorf et al., "Integration of diverse recognition methodologies through reevaluation of N-best
 * sentence hypotheses", HLT 1991). Neither model is right wherever it is sure: a word that one finds likely and the
 * other impossible is usually wrong.
 */
import { totalLogProbability } from '../domain/log-probability.js'
import type { PhraseScore } from '../domain/phrases.js'
import type { Hypothesis } from '../domain/transcript.js'
import { comparableText } from '../domain/words.js'
import { mergePhraseScores } from './decoding/merged-phrase-scores.js'

/** Of the small model; that of the larger one is the rest. Chosen with `npm run bench -- cascade`. */
const SMALL_MODEL_WEIGHT = 0.4
/** A model that finds a transcript less probable rules it out; how much less says nothing. */
const RULED_OUT = -60

export interface Candidates {
  readonly small: Hypothesis
  /** With the log-probability of the small model's text, where its model can score texts. */
  readonly larger: Hypothesis
}

export interface JointChoice {
  readonly chosen: 'small' | 'larger'
  /** Weighted mean of both models' log-probabilities of each text; null where a model cannot score texts. */
  readonly logProbabilities: Readonly<Record<'small' | 'larger', number>> | null
}

/**
 * `scoreWithSmall` resolves to undefined where the small model cannot score texts; then the larger model is trusted. Of
 * two transcripts with the same words, that of the larger model is taken.
 */
export async function chooseJointly(
  { small, larger }: Candidates, scoreWithSmall: (text: string) => Promise<number | undefined>,
): Promise<JointChoice> {
  const [ownOfSmall, ownOfLarger] = [small, larger].map((one) => totalLogProbability(one.logProbabilities)) as
    [number, number]
  const smallByLarger = larger.textLogProbabilities?.[0]
  if (smallByLarger === undefined) return { chosen: 'larger', logProbabilities: null }
  if (comparableText(small.text) === comparableText(larger.text)) {
    const joint = jointScore(ownOfSmall, ownOfLarger)
    return { chosen: 'larger', logProbabilities: { small: joint, larger: joint } }
  }
  const largerBySmall = await scoreWithSmall(larger.text)
  if (largerBySmall === undefined) return { chosen: 'larger', logProbabilities: null }
  const [ofSmall, ofLarger] = [jointScore(ownOfSmall, smallByLarger), jointScore(largerBySmall, ownOfLarger)]
  const biasOf = ({ biasScore = 0 }: Hypothesis): number => biasScore
  const chosen = ofSmall + biasOf(small) > ofLarger + biasOf(larger) ? 'small' : 'larger'
  return { chosen, logProbabilities: { small: ofSmall, larger: ofLarger } }
}

/** Of the phrases that were scored: of both models where both have scores, else of the one. Best first. */
export function jointPhraseScores(small: Hypothesis, larger: Hypothesis): readonly PhraseScore[] {
  const scored = [small, larger].filter(({ phraseScores = [] }) => phraseScores.length > 0)
  if (scored.length < 2) return scored[0]?.phraseScores ?? []
  const ofBoth = ([bySmall, byLarger]: readonly number[]): number => jointScore(bySmall!, byLarger!)
  return mergePhraseScores(scored, { scores: ofBoth, unbiased: ofBoth })
}

export function jointScore(bySmall: number, byLarger: number): number {
  return SMALL_MODEL_WEIGHT * Math.max(RULED_OUT, bySmall) + (1 - SMALL_MODEL_WEIGHT) * Math.max(RULED_OUT, byLarger)
}
