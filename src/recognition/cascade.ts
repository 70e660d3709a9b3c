/**
 * A small model that hears everything, and a larger one that hears what the small one doubts: most of the accuracy of
 * the larger model at little more than the cost of the small one (a cascade of classifiers, Viola & Jones, CVPR 2001;
 * of models by confidence, Chen, Zaharia & Zou, FrugalGPT, 2023).
 *
 * Doubt is a low confidence, no words, or a decode that was cut off. Where the larger model was asked, its transcript
 * stands: log-probabilities of two models cannot be compared, and where the small one doubts, the larger one is right
 * more often, whatever it says of itself. Only a transcript without words, or one that was cut off, gives way to a
 * small one that is neither. Warnings about the signal are no reason to ask: a narrow band bought no more than a
 * higher threshold at the same cost (`npm run bench -- cascade` has the figures). A failure of the larger model fails
 * the request: a transcript in doubt is not passed off as one that is not.
 */
import type { SpokenClip } from './segmentation/cut-clips.js'
import { languageUnsupported, SpeechError } from '../domain/errors.js'
import { hasWords, hear, type Heard, type HearingOptions } from './redecoding.js'
import { meanLogProbability } from '../domain/log-probability.js'
import type { Recognizer } from './recognizer.js'
import type { ClipShape } from './segmentation/find-speech.js'
import type { CascadeReason, CascadeReport, Hypothesis } from '../domain/transcript.js'

/** The doubt of the small model is a reason to ask the larger one; hearing again costs time and asks too seldom. */
const FIRST_HEARINGS = 1

export interface Cascade {
  /** The larger model; it takes the sample rate of the small one, and knows its languages. */
  readonly recognizer: Recognizer
  /** A confidence of the small model below this is doubt. */
  readonly below: number
  /** How often the small model hears a clip at most; FIRST_HEARINGS when absent. */
  readonly firstHearings?: number
}

/** A clip with the transcript that stands, and who was asked. */
export interface Answer extends Heard {
  /** Why the larger model was asked, or `sure`; null when it was not considered. */
  readonly reason: CascadeReason | null
  /** Spent in the larger model. */
  readonly largerSeconds: number
}

/** Throws CONFIG_INVALID where the larger model cannot hear what the small one hears. */
export function checkCascade(small: Recognizer, { recognizer: larger }: Cascade): void {
  const unfit = (why: string): SpeechError => new SpeechError('CONFIG_INVALID', `EARSHOT_CASCADE_MODEL: ${larger.name} cannot stand behind ${small.name}, ${why}`)
  if (small.sampleRate !== larger.sampleRate) throw unfit(`it takes ${larger.sampleRate} Hz and not ${small.sampleRate}`)
  const unknown = small.languages.filter((language) => !larger.languages.includes(language))
  if (unknown.length > 0) throw unfit(`it does not know ${unknown.slice(0, 12).join(', ')}`)
}

/** Who hears an upload first: the small model, unless only the larger one knows the language. Throws LANGUAGE_UNSUPPORTED. */
export function firstToHear(small: Recognizer, cascade: Cascade | undefined, language: string | undefined): Recognizer {
  const models = cascade === undefined ? [small] : [small, cascade.recognizer]
  const found = models.find(({ languages }) => language === undefined || languages.includes(language))
  if (found !== undefined) return found
  const known = [...new Set(models.flatMap(({ languages }) => languages))]
  throw languageUnsupported(small.name, known, language!)
}

/** How often the first to hear hears a clip at most. */
export function hearingsOf(first: Recognizer, cascade: Cascade | undefined, maxDecodingPasses: number): number {
  return cascade === undefined || first === cascade.recognizer ? maxDecodingPasses : cascade.firstHearings ?? FIRST_HEARINGS
}

/** Clips that both models can hold, each with its own silence around the voice. */
export function shapeForBoth(small: Recognizer, cascade: Cascade | undefined): ClipShape {
  if (cascade === undefined) return small
  const { recognizer: larger } = cascade
  return {
    maxSeconds: Math.min(small.maxSeconds, larger.maxSeconds),
    hearing: {
      leadSeconds: [...small.hearing.leadSeconds, ...larger.hearing.leadSeconds],
      trailSeconds: Math.max(small.hearing.trailSeconds, larger.hearing.trailSeconds),
    },
  }
}

/** `heard` is what the small model, or who heard first, made of the clip. Throws what the larger model throws, and what `interrupt` does. */
export async function settle(clip: SpokenClip, heard: Heard, small: Recognizer, cascade: Cascade | undefined, options: HearingOptions): Promise<Answer> {
  const first = asHeard(heard, cascade)
  if (cascade === undefined || first.reason !== null) return first
  const reason = reasonToAsk(heard.hypothesis, cascade.below)
  if (reason === 'sure') return { ...first, reason }
  options.interrupt()
  const larger = await hear(clip, cascade.recognizer, { ...options, language: options.language ?? onlyLanguage(small) })
  const standing = rank(larger.hypothesis) >= rank(heard.hypothesis) ? larger : heard
  return { ...standing, hearings: heard.hearings + larger.hearings, reason, largerSeconds: larger.seconds }
}

/** A clip of which nobody else was asked. */
export function asHeard(heard: Heard, cascade: Cascade | undefined): Answer {
  const isLarger = heard.model === cascade?.recognizer.name
  return { ...heard, reason: isLarger ? 'language' : null, largerSeconds: isLarger ? heard.seconds : 0 }
}

export function summarize(answers: readonly Answer[], cascade: Cascade | undefined): CascadeReport | null {
  if (cascade === undefined) return null
  const reasons = answers.flatMap(({ reason }) => reason ?? [])
  return {
    model: cascade.recognizer.name,
    escalations: reasons.filter((reason) => reason !== 'sure').length,
    reasons,
    seconds: answers.reduce((sum, { largerSeconds }) => sum + largerSeconds, 0),
  }
}

/** What a model of one language is asked for, however little it heard; a detection on one word is often wrong. */
function onlyLanguage({ languages }: Recognizer): string | undefined {
  return languages.length === 1 ? languages[0] : undefined
}

function reasonToAsk(hypothesis: Hypothesis, below: number): CascadeReason {
  if (!hasWords(hypothesis)) return 'empty'
  if (hypothesis.stopped !== 'end_of_text') return 'cut_off'
  return Math.exp(meanLogProbability(hypothesis.logProbabilities)) < below ? 'low_confidence' : 'sure'
}

/** Words are better than none, and those that came to their end better than what was cut off. */
function rank(hypothesis: Hypothesis): number {
  if (!hasWords(hypothesis)) return 0
  return hypothesis.stopped === 'end_of_text' ? 2 : 1
}
