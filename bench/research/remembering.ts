/**
 * A recognizer that decodes the same clip once and remembers the hypothesis and its time, so that a hundred policies
 * over the same decoding passes cost one pass each. Decoding is deterministic: nothing is lost but the noise of the
 * clock, which is then the same for all of them.
 */
import { createHash } from 'node:crypto'
import type { Recognizer } from '../../src/recognition/recognizer.js'
import type { Hypothesis } from '../../src/domain/transcript.js'

export interface Remembered { readonly hypothesis: Hypothesis; readonly seconds: number }

export interface RememberingRecognizer extends Recognizer {
  /** Seconds of its decoding passes, those from memory counted each time. */
  readonly decodeSeconds: () => number
  /** Seconds that were really spent. */
  readonly spentSeconds: () => number
}

type Rescore = NonNullable<Hypothesis['rescore']>

/** Hypotheses that can be scored further hold their encoded clips; those before these have been asked everything. */
const MOST_HELD = 8

/** `known` holds passes of an earlier run, and gets those of this one; phrases to bias to are no part of its keys. */
export function remembering(
  recognizer: Recognizer, known: Map<string, Remembered> = new Map<string, Remembered>(),
): RememberingRecognizer {
  let decodeSeconds = 0
  let spentSeconds = 0
  const held: (() => void)[] = []

  const count = (remembered: number, since: number): void => {
    spentSeconds += (performance.now() - since) / 1000
    decodeSeconds += remembered
  }
  const rememberScores = (given: Rescore): Rescore => {
    const scores = new Map<string, { readonly scores: readonly number[]; readonly seconds: number }>()
    let rescore: Rescore | undefined = given
    held.push(() => { rescore = undefined })
    if (held.length > MOST_HELD) held.shift()!()
    return async (texts) => {
      const since = performance.now()
      const key = JSON.stringify(texts)
      let found = scores.get(key)
      if (found === undefined) {
        if (rescore === undefined) throw new Error('the clip of this hypothesis is no longer held')
        found = { scores: await rescore(texts), seconds: (performance.now() - since) / 1000 }
        scores.set(key, found)
      }
      count(found.seconds, since)
      return found.scores
    }
  }

  return {
    ...recognizer,
    decodeSeconds: () => decodeSeconds,
    spentSeconds: () => spentSeconds,
    async recognize(clip, options) {
      const since = performance.now()
      const key = createHash('sha256').update(clip.waveform.samples)
        .update(JSON.stringify([
          options.language, options.expectSpeech, options.rescorable, options.beam?.nBest, options.words,
          options.transcript,
        ])).digest('hex')
      let found = known.get(key)
      if (found === undefined) {
        const { rescore, ...hypothesis } = await recognizer.recognize(clip, options)
        const seconds = (performance.now() - since) / 1000
        found = { hypothesis: { ...hypothesis, ...rescore && { rescore: rememberScores(rescore) } }, seconds }
        known.set(key, found)
      }
      count(found.seconds, since)
      return found.hypothesis
    },
  }
}
