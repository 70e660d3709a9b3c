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

/** `known` holds passes of an earlier run, and gets those of this one; phrases to bias to are no part of its keys. */
export function remembering(
  recognizer: Recognizer, known: Map<string, Remembered> = new Map<string, Remembered>(),
): RememberingRecognizer {
  let decodeSeconds = 0
  let spentSeconds = 0
  return {
    ...recognizer,
    decodeSeconds: () => decodeSeconds,
    spentSeconds: () => spentSeconds,
    async recognize(clip, options) {
      const since = performance.now()
      const key = createHash('sha256').update(clip.waveform.samples)
        .update(JSON.stringify([
          options.language, options.expectSpeech, options.scoreTexts ?? [], options.beam?.nBest, options.words,
        ])).digest('hex')
      let found = known.get(key)
      if (found === undefined) {
        const hypothesis = await recognizer.recognize(clip, options)
        found = { hypothesis, seconds: (performance.now() - since) / 1000 }
        known.set(key, found)
      }
      spentSeconds += (performance.now() - since) / 1000
      decodeSeconds += found.seconds
      return found.hypothesis
    },
  }
}
