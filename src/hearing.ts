/**
 * Hears one clip, and once more where the model is not sure.
 *
 * Greedy decoding of a short clip is a close call: moving the voice by a few hundredths of a second changes every
 * third single word. That is a weakness to be used. A transcript that the model itself doubts (mean log-probability
 * of its tokens) is heard again with another silence before the voice, and the likeliest transcript stands: the
 * probability of its whole sequence of tokens, a maximum over hypotheses from perturbed inputs. Clear clips are
 * heard once, so the price is paid where it buys something. The leads, and what counts as doubt, are the model's.
 */
import { surround, type SpokenClip, type SurroundedClip } from './audio/clips.js'
import type { RecognizeOptions, Recognizer } from './recognizer.js'
import type { Clip, Hypothesis } from './types.js'
import type { Word } from './words.js'

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
}

export interface HearingOptions extends RecognizeOptions {
  /** At least 1. */
  readonly maxHearings: number
  /** Whether the clip is given the model's lead and trail; not when it was asked for as it is. */
  readonly surround: boolean
}

/** Notes and dots are what models write when they hear no words. */
const WORDS = /[\p{Letter}\p{Number}]/u
/** Longer speech is heard once: it costs more, and doubt about it seldom lies in its position. */
const AGAIN_SECONDS = 6

export async function hear(clip: SpokenClip, recognizer: Recognizer, options: HearingOptions): Promise<Heard> {
  const since = performance.now()
  const heard = ({ hypothesis, as }: Attempt, hearings: number): Heard => ({
    clip, hypothesis, words: onUpload(hypothesis, as), model: recognizer.name, hearings, seconds: (performance.now() - since) / 1000,
  })
  if (!options.surround) return heard({ hypothesis: await recognizer.recognize(clip, options), as: { ...clip, silenceSeconds: 0 } }, 1)
  const { leadSeconds, trailSeconds, doubtBelow } = recognizer.hearing
  const isLong = clip.voice.endSeconds - clip.voice.startSeconds > AGAIN_SECONDS
  let best: Attempt | undefined
  let hearings = 0
  for (const lead of leadSeconds.slice(0, isLong ? 1 : options.maxHearings)) {
    options.interrupt()
    const as = surround(clip, lead, trailSeconds)
    const hypothesis = await recognizer.recognize(as, options)
    hearings++
    if (best === undefined || isLikelier(hypothesis, best.hypothesis)) best = { hypothesis, as }
    const { stopped, logProbabilities } = best.hypothesis
    if (stopped === 'end_of_text' && meanLogProbability(logProbabilities) >= doubtBelow) break
  }
  return heard(best!, hearings)
}

/** What was heard, and in which shape of the clip. */
interface Attempt { readonly hypothesis: Hypothesis; readonly as: SurroundedClip }

function onUpload({ words }: Hypothesis, { startSeconds, endSeconds, silenceSeconds }: SurroundedClip): Word[] | null {
  const moved = (seconds: number): number => Math.max(startSeconds, Math.min(endSeconds, seconds - silenceSeconds + startSeconds))
  return words?.map((word) => ({ ...word, startSeconds: moved(word.startSeconds), endSeconds: moved(word.endSeconds) })) ?? null
}

/** A transcript that came to its end beats one that was cut off. */
function isLikelier(one: Hypothesis, other: Hypothesis): boolean {
  const [oneEnded, otherEnded] = [one.stopped === 'end_of_text', other.stopped === 'end_of_text']
  return oneEnded === otherEnded ? sum(one.logProbabilities) > sum(other.logProbabilities) : oneEnded
}

export function hasWords({ text }: Hypothesis): boolean {
  return WORDS.test(text)
}

export function meanLogProbability(logProbabilities: readonly number[]): number {
  return sum(logProbabilities) / logProbabilities.length
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
