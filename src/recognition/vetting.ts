/**
 * The one place where hypotheses are rejected: words that a model invents over noise, and hypotheses without words.
 *
 * A transcript that the model itself hardly supports is checked with the second speech detector. If that finds no
 * speech, the whole upload has none, whatever the first detector found.
 */
import { meanLogProbability } from '../domain/log-probability.js'
import type { StageTimer } from '../domain/stage-timer.js'
import type { Hypothesis } from '../domain/transcript.js'
import { detect, type SpeechOptions } from './segmentation/find-speech.js'
import type { Decoded, Vetted } from './stages.js'

/** Mean log-probability. Hallucinations over noise are below it, but also one in eight single words that are right. */
const HALLUCINATION_BELOW = -1.5
/** Without words, models often emit only "♪" or "…". */
const WORDS = /[\p{Letter}\p{Number}]/u

/** May be called again after transcripts were replaced; the second detector is asked once at most. */
export async function vet(decoded: Decoded, options: SpeechOptions, timer: StageTimer): Promise<Vetted> {
  const checked = await checkSpeech(decoded, options, timer)
  const { clips, transcripts, noSpeechReason } = checked
  const accepted = clips.length === 0 ? [] : transcripts.filter(({ hypothesis }) => hasWords(hypothesis))
  return { ...checked, accepted, noSpeechReason: accepted.length > 0 ? null : noSpeechReason ?? 'nothing_recognized' }
}

export function hasWords({ text }: Hypothesis): boolean {
  return WORDS.test(text)
}

/** The same transcripts, or no clips where the second detector finds no speech. */
async function checkSpeech(decoded: Decoded, options: SpeechOptions, timer: StageTimer): Promise<Decoded> {
  const { second } = options.detectors
  const { transcripts, secondDetectorAsked, clips } = decoded
  if (second === undefined || secondDetectorAsked || !options.trimSilence || clips.length === 0) return decoded
  const logProbabilities = transcripts.flatMap(({ hypothesis }) => hypothesis.logProbabilities)
  if (meanLogProbability(logProbabilities) >= HALLUCINATION_BELOW) return decoded
  const activity = await detect(second, decoded, options, timer)
  if (activity.verdict !== 'nothing') return { ...decoded, secondDetectorAsked: true }
  return { ...decoded, activity, secondDetectorAsked: true, clips: [], noSpeechReason: 'no_speech_detected' }
}
