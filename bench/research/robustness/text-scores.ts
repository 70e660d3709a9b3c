/**
 * Log-probabilities of texts without audio: by a language model over words, or by the decoder of a recognizer over
 * silence (its internal language model; Meng et al. 2021, arXiv:2011.01991). Each text is scored once.
 */
import { startStageTimer } from '../../../src/domain/stage-timer.js'
import type { RememberingRecognizer } from '../remembering.js'
import type { LanguageModel } from './language-model.js'

/** Natural logarithms, and the time that scoring takes. */
export type TextScores =
  (texts: readonly string[]) => Promise<{ readonly scores: readonly number[]; readonly seconds: number }>

const SILENCE_SECONDS = 1
/** A model that finds a text less probable rules it out; how much less says nothing (as in joint-scores.ts). */
const RULED_OUT = -60

export function scoresOf(model: LanguageModel): TextScores {
  return async (texts) => {
    const since = performance.now()
    return { scores: texts.map(model), seconds: (performance.now() - since) / 1000 }
  }
}

export function scoresOverSilence(recognizer: RememberingRecognizer): TextScores {
  const { sampleRate } = recognizer
  const waveform = { samples: new Float32Array(SILENCE_SECONDS * sampleRate), sampleRate }
  const clip = { waveform, startSeconds: 0, endSeconds: SILENCE_SECONDS }
  return async (texts) => {
    const before = recognizer.decodeSeconds()
    const { rescore } = await recognizer.recognize(clip, {
      language: 'en', expectSpeech: true, rescorable: true, interrupt: () => undefined, timer: startStageTimer(),
    })
    const scores = (await rescore!(texts)).map((one) => Math.max(RULED_OUT, one))
    return { scores, seconds: recognizer.decodeSeconds() - before }
  }
}
