/**
 * Decodes one clip, and again with other padding while the transcript is doubtful.
 *
 * Greedy decoding of a short clip is a close decision: a shift of the speech by a few hundredths of a second changes
 * every third single word. A clip whose transcript has a low mean log-probability is therefore decoded again, with
 * other silence before the speech, and the most probable hypothesis is taken: a maximum over hypotheses from perturbed
 * inputs. Where phrases were scored, it is taken from the passes that agree with the mean scores of all. Clear
 * clips are decoded once. The paddings and the threshold belong to the model (`padding` in its manifest).
 */
import { meanLogProbability, totalLogProbability } from '../domain/log-probability.js'
import type { PhraseScore } from '../domain/phrases.js'
import type { Hypothesis } from '../domain/transcript.js'
import { comparableText, type Word } from '../domain/words.js'
import type { BeamRequest } from './decoding/beam-contract.js'
import { mergePhraseScores } from './decoding/merged-phrase-scores.js'
import { phraseSaid } from './decoding/phrase-probability.js'
import { legible } from './legible-text.js'
import type { RecognizeOptions, Recognizer } from './recognizer.js'
import { padClip, type PaddedClip, type SpokenClip } from './segmentation/cut-clips.js'
import type { ClipTranscript } from './stages.js'

export interface DecodeOptions extends Omit<RecognizeOptions, 'beam'> {
  /** What is requested of a recognizer: phrases are compiled for the tokens of each. */
  readonly beamFor?: ((recognizer: Recognizer) => BeamRequest | undefined) | undefined
  /** At least 1. */
  readonly maxDecodingPasses: number
  /** Whether the clip gets the padding of the model; false: it is decoded once, as it is. */
  readonly pad: boolean
  /** Called between decoding passes; other jobs of the process may run before it resolves. */
  readonly pause: () => Promise<void>
}

/** Longer speech is decoded once: it costs more, and its position rarely decides the transcript. */
const REDECODE_SECONDS = 6

/** Rejects with what the recognizer and `interrupt` throw. */
export async function decodeClip(
  clip: SpokenClip, recognizer: Recognizer, options: DecodeOptions,
): Promise<ClipTranscript> {
  let seconds = 0
  const all: Hypothesis[] = []
  const decode = async (padded: PaddedClip): Promise<Pass> => {
    const since = performance.now()
    const draft = all.at(-1)?.tokens ?? []
    const written = await recognizer.recognize(padded, { ...options, draft, beam: options.beamFor?.(recognizer) })
    const hypothesis = legible(written)
    seconds += (performance.now() - since) / 1000
    all.push(hypothesis)
    return { hypothesis, padded }
  }
  const transcript = ({ hypothesis, padded }: Pass): ClipTranscript => ({
    clip, hypothesis, words: wordsOnUpload(hypothesis, padded), model: recognizer.name,
    decodingPasses: all.length, seconds, agreement: agreementOf(hypothesis, all), escalation: null,
  })
  if (!options.pad) return transcript(await decode({ ...clip, silenceSeconds: 0 }))

  const { leadingSeconds, trailingSeconds, redecodeBelow } = recognizer.padding
  const isLong = clip.speech.endSeconds - clip.speech.startSeconds > REDECODE_SECONDS
  const passes: Pass[] = []
  const beyond = beyondMargin(clip, leadingSeconds)
  for (const leading of leadingSeconds.slice(0, isLong ? 1 : options.maxDecodingPasses)) {
    if (passes.length > 0) await options.pause()
    options.interrupt()
    passes.push(await decode(padClip(clip, leading + beyond, trailingSeconds)))
    const best = mostProbable(passes)
    const isClear = all.some((one) => isConfident(one, redecodeBelow)) || isDecided(meanPhraseScores(all))
    if (best.hypothesis.stopped === 'end_of_text' && isClear) break
  }
  const phraseScores = meanPhraseScores(all)
  const best = mostProbable(agreeingWith(phraseScores, passes))
  const hypothesis = { ...best.hypothesis, ...phraseScores.length > 0 && { phraseScores } }
  return transcript({ ...best, hypothesis })
}

/** One hypothesis, and the padded clip that it was decoded from. */
interface Pass { readonly hypothesis: Hypothesis; readonly padded: PaddedClip }

function mostProbable(passes: readonly Pass[]): Pass {
  return passes.reduce((best, pass) => isMoreProbable(pass.hypothesis, best.hypothesis) ? pass : best)
}

/** The passes whose transcript is the phrase that all of them together find said, or no phrase; all if none is. */
function agreeingWith(phraseScores: readonly PhraseScore[], passes: readonly Pass[]): readonly Pass[] {
  if (phraseScores.length === 0) return passes
  const said = phraseSaid(phraseScores)
  const agreeing = passes.filter(({ hypothesis: { wholePhrase = -1 } }) => wholePhrase === said)
  return agreeing.length > 0 ? agreeing : passes
}

/**
 * What is added to every padding where the margin of the clip is wider than the shortest one: the margin would replace
 * them, and all passes would decode the same samples.
 */
export function beyondMargin({ marginSeconds }: SpokenClip, leadingSeconds: readonly number[]): number {
  return Math.max(0, marginSeconds.before - Math.min(...leadingSeconds))
}

/** The model has no doubt about the audio; biasing does not count. */
export function isConfident(hypothesis: Hypothesis, redecodeBelow: number): boolean {
  const { stopped, logProbabilities, unbiasedLogProbabilities = logProbabilities } = hypothesis
  return stopped === 'end_of_text' && meanLogProbability(unbiasedLogProbabilities) >= redecodeBelow
}

function wordsOnUpload({ words }: Hypothesis, { startSeconds, endSeconds, silenceSeconds }: PaddedClip): Word[] | null {
  const moved = (seconds: number): number =>
    Math.max(startSeconds, Math.min(endSeconds, seconds - silenceSeconds + startSeconds))
  return words?.map((word) => ({
    ...word, startSeconds: moved(word.startSeconds), endSeconds: moved(word.endSeconds),
  })) ?? null
}

function agreementOf({ text }: Hypothesis, all: readonly Hypothesis[]): number {
  return all.filter((other) => comparableText(other.text) === comparableText(text)).length / all.length
}

/** Log-likelihood ratio of the best phrase, and its distance to the second, that decide a clip. */
const DECIDED_RATIO = -1
const DECIDED_DISTANCE = 3

/** The mean score of each phrase over the passes, and the doubt of the least doubtful one. */
function meanPhraseScores(all: readonly Hypothesis[]): PhraseScore[] {
  return mergePhraseScores(all, {
    scores: (values) => values.reduce((total, value) => total + value, 0) / values.length,
    unbiased: (values) => Math.max(...values),
  })
}

/** Whether the clip is clearly one of the phrases, even if the model is not sure of its spelling. */
function isDecided([first, second]: readonly PhraseScore[]): boolean {
  if (first === undefined || second === undefined) return false
  return first.logLikelihoodRatio > DECIDED_RATIO
    && first.logLikelihoodRatio - second.logLikelihoodRatio > DECIDED_DISTANCE
}

/** A complete transcript beats one that was cut off. */
export function isMoreProbable(one: Hypothesis, other: Hypothesis): boolean {
  const isComplete = ({ stopped }: Hypothesis): boolean => stopped === 'end_of_text'
  if (isComplete(one) !== isComplete(other)) return isComplete(one)
  const scoreOf = ({ logProbabilities, biasScore = 0 }: Hypothesis): number =>
    totalLogProbability(logProbabilities) + biasScore
  return scoreOf(one) > scoreOf(other)
}
