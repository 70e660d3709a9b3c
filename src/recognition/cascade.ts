/**
 * A small model that decodes everything, and a larger one that decodes what the small one doubts: most of the accuracy
 * of the larger model at little more than the cost of the small one (a cascade of classifiers, Viola & Jones, CVPR
 * 2001; of models by confidence, Chen, Zaharia & Zou, FrugalGPT, 2023).
 *
 * Doubt is a low probability that the transcript is right (calibrated where the model is), no words, or a decode that
 * was cut off. Where the larger model was asked, both models judge both transcripts (joint-scores.ts). A transcript
 * without words, or that was cut off, loses against one that has words and was not. Where no transcript is credible and
 * the detectors are not certain of speech, the larger model is not asked: it invents words too. Warnings about the
 * signal are no reason to escalate: a narrow band gained no more than a higher threshold at the same cost (`npm run
 * bench -- cascade`). A failure of the larger model fails the request: a doubtful transcript is not returned as one
 * that was checked.
 */
import { SpeechError } from '../domain/errors.js'
import { languageUnsupported } from '../domain/language-unsupported.js'
import { meanLogProbability, totalLogProbability } from '../domain/log-probability.js'
import type { Candidate, PhraseScore } from '../domain/phrases.js'
import { isEscalation, type CascadeReason, type CascadeReport, type Hypothesis } from '../domain/transcript.js'
import { comparableText } from '../domain/words.js'
import type { Recognizer } from './recognizer.js'
import { certaintyOf } from './confidence/cascade-correctness.js'
import { phraseSaid } from './decoding/phrase-probability.js'
import { jointCandidates, jointPhraseScores, type JointCandidate } from './joint-scores.js'
import { asCandidate, nBestOf, replaced } from './n-best.js'
import { decodeClip, type DecodeOptions } from './redecoding.js'
import type { ClipShape } from './segmentation/find-speech.js'
import type { ClipTranscript } from './stages.js'
import { hasWords } from './vetting.js'

/** Doubt of the small model is a reason to escalate; to decode again first costs time and escalates too rarely. */
const PRIMARY_PASSES = 1
/** Rank of a transcript with words that was not cut off. */
const COMPLETE = 2
/** One model decoded the clip. */
const UNDISPUTED = { seconds: 0, jointLogProbability: null, disagrees: false }

export interface Cascade {
  /** The larger model; it takes the sample rate of the small one and knows its languages. */
  readonly recognizer: Recognizer
  /** The larger model is asked where the certainty of the small one (`certaintyOf`) is below this. */
  readonly below: number
  /** Most decoding passes of the small model; PRIMARY_PASSES when absent. */
  readonly primaryPasses?: number
}

/** Throws CONFIG_INVALID where the larger model cannot decode what the small one decodes. */
export function checkCascade(small: Recognizer, { recognizer: larger }: Cascade): void {
  const unfit = (reason: string): SpeechError => {
    const problem = `${larger.name} cannot be the larger model of ${small.name}, ${reason}`
    return new SpeechError('CONFIG_INVALID', `EARSHOT_CASCADE_MODEL: ${problem}`)
  }
  if (small.sampleRate !== larger.sampleRate) {
    throw unfit(`it takes ${larger.sampleRate} Hz and not ${small.sampleRate}`)
  }
  const unknown = small.languages.filter((language) => !larger.languages.includes(language))
  if (unknown.length > 0) throw unfit(`it does not know ${unknown.slice(0, 12).join(', ')}`)
}

/** The small model, unless only the larger one knows a requested language. Throws LANGUAGE_UNSUPPORTED. */
export function primaryModel(
  small: Recognizer, cascade: Cascade | undefined,
  { language, languages = [] }: Pick<DecodeOptions, 'language' | 'languages'>,
): Recognizer {
  const models = cascade === undefined ? [small] : [small, cascade.recognizer]
  const requested = language === undefined ? languages : [language]
  if (requested.length === 0) return small
  const primary = models.find((model) => requested.some((one) => model.languages.includes(one)))
  if (primary !== undefined) return primary
  const known = [...new Set(models.flatMap((model) => model.languages))]
  const parameter = language === undefined ? 'languages' : 'language'
  throw languageUnsupported(small.name, known, requested, parameter)
}

/** Most decoding passes of the primary model. */
export function primaryPasses(primary: Recognizer, cascade: Cascade | undefined, maxDecodingPasses: number): number {
  if (cascade === undefined || primary === cascade.recognizer) return maxDecodingPasses
  return cascade.primaryPasses ?? PRIMARY_PASSES
}

/** Clips that both models can decode, each with its own padding. */
export function shapeForBoth(small: Recognizer, cascade: Cascade | undefined): ClipShape {
  if (cascade === undefined) return small
  const { recognizer: larger } = cascade
  return {
    maxSeconds: Math.min(small.maxSeconds, larger.maxSeconds),
    padding: {
      leadingSeconds: [...small.padding.leadingSeconds, ...larger.padding.leadingSeconds],
      trailingSeconds: Math.max(small.padding.trailingSeconds, larger.padding.trailingSeconds),
    },
  }
}

/** A transcript of the larger model that decoded first, since only it knows the language. */
export function escalatedByLanguage(transcript: ClipTranscript): ClipTranscript {
  return { ...transcript, escalation: { ...UNDISPUTED, reason: 'language', seconds: transcript.seconds } }
}

/** A transcript of the small model that is not credible, of a clip in which perhaps nobody speaks. */
export function notEscalated(transcript: ClipTranscript): ClipTranscript {
  return { ...transcript, escalation: { ...UNDISPUTED, reason: 'uncertain_speech' } }
}

/** The best transcript of both models. Rejects with what the models and `interrupt` throw. */
export async function escalate(
  primary: ClipTranscript, small: Recognizer, cascade: Cascade, options: DecodeOptions,
): Promise<ClipTranscript> {
  if (primary.escalation !== null) return primary
  const reason = reasonToEscalate(primary, small, cascade)
  if (reason === 'sure') return { ...primary, escalation: { ...UNDISPUTED, reason } }
  options.interrupt()
  const language = options.language ?? onlyLanguage(small, options)
  const larger = await decodeClip(primary.clip, cascade.recognizer, { ...options, language, rescorable: true })
  const { transcript, logProbability } = await choose(primary, larger, small, options)
  const { rescore, ...plain } = transcript.hypothesis
  const hypothesis = options.rescorable && rescore ? { ...plain, rescore } : plain
  const decodingPasses = primary.decodingPasses + larger.decodingPasses
  const disagrees = comparableText(primary.hypothesis.text) !== comparableText(larger.hypothesis.text)
  const escalation = { reason, seconds: larger.seconds, jointLogProbability: logProbability, disagrees }
  return { ...transcript, hypothesis, decodingPasses, escalation }
}

interface Choice { readonly transcript: ClipTranscript; readonly logProbability: number | null }

/** Words are better than none, and a complete transcript is better than one that was cut off. */
async function choose(
  primary: ClipTranscript, larger: ClipTranscript, small: Recognizer, options: DecodeOptions,
): Promise<Choice> {
  const [rankOfSmall, rankOfLarger] = [rank(primary.hypothesis), rank(larger.hypothesis)]
  if (rankOfSmall !== rankOfLarger || rankOfSmall !== COMPLETE) {
    return { transcript: rankOfSmall > rankOfLarger ? primary : larger, logProbability: null }
  }
  const once = { ...options, maxDecodingPasses: 1 }
  const { list, candidates } = await candidatesOf(primary, larger, small, once)
  const phraseScores = jointPhraseScores(primary.hypothesis, larger.hypothesis)
  const chosen = agreeing(phraseScores, candidates)
  const transcript = chosen === undefined || chosen.rank === null ? larger
    : chosen.rank === 0 ? primary : await replaced(primary, list[chosen.rank]!, small, once)
  const logProbability = chosen?.logProbability ?? null
  if (phraseScores.length === 0) return { transcript, logProbability }
  return { transcript: { ...transcript, hypothesis: { ...transcript.hypothesis, phraseScores } }, logProbability }
}

interface Compared {
  /** Transcripts of the small model, the primary one first. */
  readonly list: readonly Candidate[]
  /** Best first; empty where a model cannot score texts: then the larger model is trusted. */
  readonly candidates: readonly JointCandidate[]
}

async function candidatesOf(
  primary: ClipTranscript, { hypothesis: larger }: ClipTranscript, small: Recognizer, options: DecodeOptions,
): Promise<Compared> {
  const first = asCandidate(primary.hypothesis)
  if (larger.rescore === undefined || small.openBeamSearch === undefined) return { list: [], candidates: [] }
  if (comparableText(first.text) === comparableText(larger.text)) {
    const [list, listByLarger] = [[first], [totalLogProbability(larger.logProbabilities)]]
    return { list, candidates: jointCandidates({ list, listByLarger, larger, largerBySmall: first.logProbability }) }
  }
  const { list, rescore } = await nBestOf(primary, small, options)
  const [largerBySmall] = await rescore([larger.text])
  const listByLarger = await larger.rescore(list.map(({ text }) => text))
  return { list, candidates: jointCandidates({ list, listByLarger, larger, largerBySmall: largerBySmall! }) }
}

/** The best one that is what both models together find said, a certain phrase or no phrase; if none is, the best. */
function agreeing(
  phraseScores: readonly PhraseScore[], candidates: readonly JointCandidate[],
): JointCandidate | undefined {
  if (phraseScores.length === 0) return candidates[0]
  const said = phraseSaid(phraseScores)
  return candidates.find(({ wholePhrase }) => wholePhrase === said) ?? candidates[0]
}

export function summarizeCascade(
  transcripts: readonly ClipTranscript[], cascade: Cascade | undefined,
): CascadeReport | null {
  if (cascade === undefined) return null
  const escalations = transcripts.flatMap(({ escalation }) => escalation ?? [])
  return {
    model: cascade.recognizer.name,
    escalations: escalations.filter(({ reason }) => isEscalation(reason)).length,
    disagreements: escalations.filter(({ disagrees }) => disagrees).length,
    reasons: escalations.map(({ reason }) => reason),
    seconds: escalations.reduce((sum, { seconds }) => sum + seconds, 0),
  }
}

/**
 * The larger model is told the only language of the small one, unless the request names several: a language detected
 * from one word is often wrong.
 */
function onlyLanguage({ languages: known }: Recognizer, { languages = [] }: DecodeOptions): string | undefined {
  return known.length === 1 && languages.length === 0 ? known[0] : undefined
}

function reasonToEscalate(
  { hypothesis, agreement }: ClipTranscript, small: Recognizer, { recognizer: larger, below }: Cascade,
): CascadeReason {
  const { logProbabilities, tokens, stopped } = hypothesis
  if (!hasWords(hypothesis)) return 'empty'
  if (stopped !== 'end_of_text') return 'cut_off'
  const meanOfTokens = meanLogProbability(logProbabilities)
  const transcript = { meanLogProbability: meanOfTokens, tokens, stopped, agreement, model: small.name }
  return certaintyOf(small.calibration, larger, transcript) < below ? 'low_confidence' : 'sure'
}

function rank(hypothesis: Hypothesis): number {
  if (!hasWords(hypothesis)) return 0
  return hypothesis.stopped === 'end_of_text' ? COMPLETE : 1
}
