/**
 * Two models, several transcripts of a clip: each model also scores the transcripts of the other by forced decoding,
 * and that with the highest weighted sum of log-probabilities is taken (a log-linear combination of models, as in
 * N-best rescoring: Ostendorf et al., "Integration of diverse recognition methodologies through reevaluation of N-best
 * sentence hypotheses", HLT 1991). Neither model is right wherever it is sure: a word that one finds likely and the
 * other impossible is usually wrong.
 *
 * Where the two first transcripts have the same words, they are taken. Else the n-best list of the small model and the
 * first transcript of the larger one are compared. The list of the larger model adds nothing to these, and takes more
 * of its time and another of its graphs (`npm run bench -- lists`).
 */
import { totalLogProbability } from '../domain/log-probability.js'
import type { Candidate, PhraseScore } from '../domain/phrases.js'
import type { Hypothesis } from '../domain/transcript.js'
import { comparableText } from '../domain/words.js'
import { mergePhraseScores } from './decoding/merged-phrase-scores.js'

/** Of the small model; that of the larger one is the rest. Chosen with `npm run bench -- cascade`. */
const SMALL_MODEL_WEIGHT = 0.4
/** A model that finds a transcript less probable rules it out; how much less says nothing. */
const RULED_OUT = -60

/** A transcript that both models have scored. */
export interface JointCandidate extends Pick<Candidate, 'text' | 'biasScore' | 'wholePhrase'> {
  /** In the list of the small model, from 0; null: the transcript of the larger model. */
  readonly rank: number | null
  /** Weighted mean of the log-probabilities of both models. */
  readonly logProbability: number
}

/** What both models find. */
export interface Transcripts {
  /** Of the small model, best first, of different words. */
  readonly list: readonly Candidate[]
  /** By the larger model: log-probability of each of these. */
  readonly listByLarger: readonly number[]
  readonly larger: Hypothesis
  /** By the small model: log-probability of the transcript of the larger one. */
  readonly largerBySmall: number
}

/**
 * All transcripts by the sum of joint log-probability and bias score, best first. Of transcripts with the same words,
 * that of the larger model stands for both. A transcript that ends where another one goes on is left out unless a model
 * has it first: a decoder may find an early end more probable than many words that follow (Stahlberg & Byrne, "On NMT
 * search errors and model errors: cat got your tongue?", EMNLP 2019).
 */
export function jointCandidates({ list, listByLarger, larger, largerBySmall }: Transcripts): JointCandidate[] {
  const wordsOfLarger = comparableText(larger.text)
  const same = list.findIndex(({ text }) => comparableText(text) === wordsOfLarger)
  // The same words with other punctuation may be less probable than as the larger model writes them.
  const bySmall = Math.max(largerBySmall, list[same]?.logProbability ?? -Infinity)
  const { text, biasScore = 0, wholePhrase = -1 } = larger
  const ofLarger: JointCandidate = {
    text, biasScore, wholePhrase, rank: null,
    logProbability: jointScore(bySmall, totalLogProbability(larger.logProbabilities)),
  }
  const ofSmall = list.map((one, rank): JointCandidate => ({
    text: one.text, biasScore: one.biasScore, wholePhrase: one.wholePhrase, rank,
    logProbability: jointScore(one.logProbability, listByLarger[rank]!),
  }))
  const all = [ofLarger, ...ofSmall.filter(({ rank }) => rank !== same)]
  const texts = all.map((one) => one.text)
  const scoreOf = (one: JointCandidate): number => one.logProbability + one.biasScore
  return all.filter((one) => one.rank === null || one.rank === 0 || !endsEarly(one.text, texts))
    .toSorted((a, b) => scoreOf(b) - scoreOf(a))
}

/** Whether another transcript begins with all words of this one. */
export function endsEarly(text: string, others: readonly string[]): boolean {
  const words = comparableText(text)
  const beginning = words === '' ? '' : `${words} `
  return others.map(comparableText).some((other) => other !== words && other.startsWith(beginning))
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
