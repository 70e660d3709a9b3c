/**
 * The one place where hypotheses are rejected: words that a model invents over noise, and hypotheses without words.
 *
 * A transcript that the model itself hardly supports, or of a single short word, is checked with the second speech
 * detector. If that finds no speech, the whole upload has none, whatever the first detector found. Where it finds some,
 * a doubtful transcript must be more probable the less certain the speech is: people also speak unclearly, and then it
 * is still the best one. Nobody speaks faster than the fastest speakers.
 */
import { meanLogProbability } from '../domain/log-probability.js'
import type { StageTimer } from '../domain/stage-timer.js'
import type { Hypothesis } from '../domain/transcript.js'
import { detect, speechProbabilityOf, type SpeechOptions } from './segmentation/find-speech.js'
import type { ClipTranscript, Decoded, Vetted } from './stages.js'

/** Mean log-probability. Hallucinations over noise are below it, but also one in four single words that are right. */
const DOUBTFUL_BELOW = -0.7
/**
 * Tokens of a short word with its full stop. Over a beep a model writes "I." or "You", sometimes with little doubt, and
 * the first detector takes tones for a voice. The second one rejects none of the 594 short clips with words of both
 * development sets.
 */
const SHORT_TOKENS = 3
/**
 * Least certainty of a doubtful transcript, where speech is certain and where it is not: the probability that all of it
 * is right to the power of 1 / √tokens, since that of every long transcript is low (as `certaintyOf` of a cascade).
 */
const LEAST_CERTAINTY = { certain: 0.02, uncertain: 0.3 }
/** Of the second detector, in its most probable window. */
const CERTAIN_SPEECH = 0.95
/** The fastest speaker on record says 637 words a minute; a cut may leave a part of a word at both ends. */
const MOST_WORDS_PER_SECOND = 637 / 60
const WORDS_AT_CUTS = 2
/** Without words, models often emit only "…". */
const WORDS = /[\p{Letter}\p{Number}]/u

export interface VettingOptions extends SpeechOptions {
  /** Probability that all words of a transcript are right; null without a calibration. */
  readonly correctnessOf: (transcript: ClipTranscript) => number | null
}

/** May be called again after transcripts were replaced; the second detector is asked once at most. */
export async function vet(decoded: Decoded, options: VettingOptions, timer: StageTimer): Promise<Vetted> {
  const checked = await checkSpeech(decoded, options, timer)
  const { clips, transcripts } = checked
  const withWords = clips.length === 0 ? [] : transcripts.filter(({ hypothesis }) => hasWords(hypothesis))
  const accepted = withWords.filter((transcript) => isCredible(transcript, checked, options))
  const reasonOfNone = withWords.length > 0 ? 'words_rejected' : checked.noSpeechReason ?? 'nothing_recognized'
  return { ...checked, accepted, noSpeechReason: accepted.length > 0 ? null : reasonOfNone }
}

export function hasWords({ text }: Hypothesis): boolean {
  return WORDS.test(text)
}

/** Whether the second detector, or else the first, has no doubt that somebody speaks in the upload. */
export function isSpeechCertain({ speechProbability, activity }: Decoded): boolean {
  return speechProbability === undefined ? activity.verdict === 'speech' : speechProbability >= CERTAIN_SPEECH
}

function isCredible(transcript: ClipTranscript, upload: Decoded, options: VettingOptions): boolean {
  const { hypothesis, clip } = transcript
  const words = hypothesis.text.split(/\s+/u).length
  const seconds = clip.speech.endSeconds - clip.speech.startSeconds
  if (words > seconds * MOST_WORDS_PER_SECOND + WORDS_AT_CUTS) return false
  if (!options.trimSilence || meanLogProbability(hypothesis.logProbabilities) >= DOUBTFUL_BELOW) return true
  const correctness = options.correctnessOf(transcript)
  const least = isSpeechCertain(upload) ? LEAST_CERTAINTY.certain : LEAST_CERTAINTY.uncertain
  return correctness === null || correctness ** (1 / Math.sqrt(hypothesis.logProbabilities.length)) >= least
}

/** The same transcripts, or no clips where the second detector finds no speech. */
async function checkSpeech(decoded: Decoded, options: SpeechOptions, timer: StageTimer): Promise<Decoded> {
  const { second } = options.detectors
  const { transcripts, secondDetectorAsked, clips } = decoded
  if (second === undefined || secondDetectorAsked || !options.trimSilence || clips.length === 0) return decoded
  if (!transcripts.some(({ hypothesis }) => isDoubtful(hypothesis))) return decoded
  const activity = await detect(second, decoded, options, timer)
  const asked = { ...decoded, secondDetectorAsked: true, ...speechProbabilityOf(activity) }
  if (activity.verdict !== 'nothing') return asked
  return { ...asked, activity, clips: [], noSpeechReason: 'no_speech_detected' }
}

function isDoubtful(hypothesis: Hypothesis): boolean {
  const { tokens, logProbabilities } = hypothesis
  return !hasWords(hypothesis) || tokens.length <= SHORT_TOKENS || meanLogProbability(logProbabilities) < DOUBTFUL_BELOW
}
