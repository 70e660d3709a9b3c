/**
 * Hears one clip, and once more where the model is not sure.
 *
 * Greedy decoding of a short clip is a close call: moving the voice by a few hundredths of a second changes every
 * third single word. That is a weakness to be used. A transcript that the model itself doubts (mean log-probability
 * of its tokens) is heard again with another silence before the voice, and the likeliest transcript stands: the
 * probability of its whole sequence of tokens, a maximum over hypotheses from perturbed inputs. Clear clips are
 * heard once, so the price is paid where it buys something. The leads, and what counts as doubt, are the model's.
 */
import { surround, type SpokenClip, type SurroundedClip } from './segmentation/cut-clips.js'
import type { BeamRequest } from './decoding/search-contract.js'
import { meanLogProbability, totalLogProbability } from '../domain/log-probability.js'
import type { PhraseScore } from '../domain/phrases.js'
import type { RecognizeOptions, Recognizer } from './recognizer.js'
import type { Clip } from '../domain/audio.js'
import type { Hypothesis } from '../domain/transcript.js'
import { comparableText, type Word } from '../domain/words.js'

/** One clip with what was heard in it. */
export interface Heard {
  readonly clip: Clip
  readonly hypothesis: Hypothesis
  /** On the time line of the upload, inside the clip; null when they were not wanted, or cannot be known. */
  readonly words: readonly Word[] | null
  /** Whose hypothesis it is. */
  readonly model: string
  /** Decodes that it took, and the time they took together. */
  readonly hearings: number
  readonly seconds: number
  /** Share of the hearings that came to these words. */
  readonly agreement: number
}

export interface HearingOptions extends Omit<RecognizeOptions, 'search'> {
  /** What is wished for of a recognizer: phrases are made ready for the tokens of each. */
  readonly searchFor?: ((recognizer: Recognizer) => BeamRequest | undefined) | undefined
  /** At least 1. */
  readonly maxDecodingPasses: number
  /** Whether the clip is given the model's lead and trail; not when it was asked for as it is. */
  readonly surround: boolean
  /** Called between decodes; other jobs of the process may run before it resolves. */
  readonly pause: () => Promise<void>
}

/** Notes and dots are what models write when they hear no words. */
const WORDS = /[\p{Letter}\p{Number}]/u
/** Longer speech is heard once: it costs more, and doubt about it seldom lies in its position. */
const AGAIN_SECONDS = 6

export async function hear(clip: SpokenClip, recognizer: Recognizer, options: HearingOptions): Promise<Heard> {
  let seconds = 0
  const all: Hypothesis[] = []
  const heard = ({ hypothesis, as }: Attempt): Heard => ({
    clip, hypothesis, words: onUpload(hypothesis, as), model: recognizer.name, hearings: all.length, seconds, agreement: agreementOf(hypothesis, all),
  })
  const attempt = async (as: SurroundedClip): Promise<Attempt> => {
    const since = performance.now()
    const hypothesis = await recognizer.recognize(as, { ...options, search: options.searchFor?.(recognizer) })
    seconds += (performance.now() - since) / 1000
    all.push(hypothesis)
    return { hypothesis, as }
  }
  if (!options.surround) return heard(await attempt({ ...clip, silenceSeconds: 0 }))
  const { leadSeconds, trailSeconds, doubtBelow } = recognizer.hearing
  const isLong = clip.voice.endSeconds - clip.voice.startSeconds > AGAIN_SECONDS
  let best: Attempt | undefined
  for (const lead of leadSeconds.slice(0, isLong ? 1 : options.maxDecodingPasses)) {
    if (best !== undefined) await options.pause()
    options.interrupt()
    const one = await attempt(surround(clip, lead, trailSeconds))
    if (best === undefined || isLikelier(one.hypothesis, best.hypothesis)) best = one
    if (best.hypothesis.stopped === 'end_of_text' && (all.some((each) => isSure(each, doubtBelow)) || isSettled(mergedEvidence(all)))) break
  }
  const evidence = mergedEvidence(all)
  return heard({ ...best!, hypothesis: { ...best!.hypothesis, ...evidence.length > 0 && { phraseScores: evidence } } })
}

/** The model has no doubt about the audio, whatever phrases made of it. */
function isSure({ stopped, logProbabilities, unbiasedMeanLogProbability: unbiasedMeanLogProbability = meanLogProbability(logProbabilities) }: Hypothesis, doubtBelow: number): boolean {
  return stopped === 'end_of_text' && unbiasedMeanLogProbability >= doubtBelow
}

/** What was heard, and in which shape of the clip. */
interface Attempt { readonly hypothesis: Hypothesis; readonly as: SurroundedClip }

function onUpload({ words }: Hypothesis, { startSeconds, endSeconds, silenceSeconds }: SurroundedClip): Word[] | null {
  const moved = (seconds: number): number => Math.max(startSeconds, Math.min(endSeconds, seconds - silenceSeconds + startSeconds))
  return words?.map((word) => ({ ...word, startSeconds: moved(word.startSeconds), endSeconds: moved(word.endSeconds) })) ?? null
}

function agreementOf({ text }: Hypothesis, all: readonly Hypothesis[]): number {
  return all.filter((other) => comparableText(other.text) === comparableText(text)).length / all.length
}

/** Of a phrase that one hearing did not think of: a little less than the least that it did. */
const UNHEARD_BELOW_LEAST = 2
/** Of the best phrase over what nobody expected, and over the next one; natural logarithms. */
const SETTLED_MARGIN = -1
const SETTLED_LEAD = 3

/** Several hearings of a clip are several opinions: of each phrase the mean. */
function mergedEvidence(all: readonly Hypothesis[]): PhraseScore[] {
  const lists = all.flatMap(({ phraseScores: evidence }) => evidence === undefined || evidence.length === 0 ? [] : [evidence])
  const phrases = [...new Set(lists.flatMap((list) => list.map(({ phrase }) => phrase)))]
  const meanOf = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0) / values.length
  const merged = phrases.map((phrase) => {
    const opinions = lists.map((list) => list.find((one) => one.phrase === phrase)
      ?? { logProbability: list.at(-1)!.logProbability - UNHEARD_BELOW_LEAST, logLikelihoodRatio: list.at(-1)!.logLikelihoodRatio - UNHEARD_BELOW_LEAST })
    return { phrase, logProbability: meanOf(opinions.map(({ logProbability }) => logProbability)), logLikelihoodRatio: meanOf(opinions.map(({ logLikelihoodRatio: logLikelihoodRatio }) => logLikelihoodRatio)) }
  })
  return merged.sort((a, b) => b.logLikelihoodRatio - a.logLikelihoodRatio)
}

/** Whether the clip is one of the phrases, and clearly this one, whatever the model thinks of its spelling. */
function isSettled([first, second]: readonly PhraseScore[]): boolean {
  return first !== undefined && second !== undefined && first.logLikelihoodRatio > SETTLED_MARGIN && first.logLikelihoodRatio - second.logLikelihoodRatio > SETTLED_LEAD
}

/** A transcript that came to its end beats one that was cut off. */
function isLikelier(one: Hypothesis, other: Hypothesis): boolean {
  const ended = ({ stopped }: Hypothesis): boolean => stopped === 'end_of_text'
  if (ended(one) !== ended(other)) return ended(one)
  const worth = ({ logProbabilities, biasScore: biasScore = 0 }: Hypothesis): number => totalLogProbability(logProbabilities) + biasScore
  return worth(one) > worth(other)
}

export function hasWords({ text }: Hypothesis): boolean {
  return WORDS.test(text)
}
