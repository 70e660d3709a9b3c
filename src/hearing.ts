/**
 * Hears one clip, and once more where the model is not sure.
 *
 * Greedy decoding of a short clip is a close call: moving the voice by a few hundredths of a second changes every
 * third single word. That is a weakness to be used. A transcript that the model itself doubts (mean log-probability
 * of its tokens) is heard again with another silence before the voice, and the likeliest transcript stands: the
 * probability of its whole sequence of tokens, a maximum over hypotheses from perturbed inputs. Clear clips are
 * heard once, so the price is paid where it buys something. The leads, and what counts as doubt, are the model's.
 */
import { surround, type SpokenClip } from './audio/clips.js'
import type { RecognizeOptions, Recognizer } from './recognizer.js'
import type { Clip, Hypothesis } from './types.js'

/** One clip with what was heard in it. */
export interface Heard {
  readonly clip: Clip
  readonly hypothesis: Hypothesis
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
  const heard = (hypothesis: Hypothesis, hearings: number): Heard => ({ clip, hypothesis, model: recognizer.name, hearings, seconds: (performance.now() - since) / 1000 })
  if (!options.surround) return heard(await recognizer.recognize(clip, options), 1)
  const { leadSeconds, trailSeconds, doubtBelow } = recognizer.hearing
  const isLong = clip.voice.endSeconds - clip.voice.startSeconds > AGAIN_SECONDS
  let best: Hypothesis | undefined
  let hearings = 0
  for (const lead of leadSeconds.slice(0, isLong ? 1 : options.maxHearings)) {
    options.interrupt()
    const hypothesis = await recognizer.recognize(surround(clip, lead, trailSeconds), options)
    hearings++
    if (best === undefined || isLikelier(hypothesis, best)) best = hypothesis
    if (best.stopped === 'end_of_text' && meanLogProbability(best.logProbabilities) >= doubtBelow) break
  }
  return heard(best!, hearings)
}

/** A transcript that came to its end beats one that was cut off, and one of what is expected one that is not. */
function isLikelier(one: Hypothesis, other: Hypothesis): boolean {
  const ended = ({ stopped }: Hypothesis): boolean => stopped === 'end_of_text'
  const expected = ({ alternatives = [] }: Hypothesis): boolean => (alternatives[0]?.phrases.length ?? 0) > 0
  for (const better of [ended, expected]) if (better(one) !== better(other)) return better(one)
  return sum(one.logProbabilities) > sum(other.logProbabilities)
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
