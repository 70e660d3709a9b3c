/** What was measured and decoded → the Report that the client and the metrics get. */
import type { Quality, TimeSpan } from '../domain/audio.js'
import { meanLogProbability } from '../domain/log-probability.js'
import type { Alternative, RankedAlternative } from '../domain/phrases.js'
import { REQUEST_DEFAULTS } from '../domain/request.js'
import type { InputReport, Report, StageSeconds, Warning } from '../domain/report.js'
import type { Timbre } from '../domain/timbre.js'
import { isEscalation, type Segment } from '../domain/transcript.js'
import type { Word, WordWithCorrectness } from '../domain/words.js'
import { summarizeCascade } from './cascade.js'
import {
  cascadeCurvesOf, correctnessOfEscalatedWord, correctnessWithCascade,
} from './confidence/cascade-correctness.js'
import { correctnessOf, correctnessOfWord, posteriorsOf } from './confidence/correctness.js'
import { formatText, formatTranscript, type TextFormat } from './formatting/format-transcript.js'
import type { TranscribeOptions } from './options.js'
import type { Recognizer } from './recognizer.js'
import type { ClipTranscript, Labelled } from './stages.js'

/** An upload after all stages, with what was measured of its speech. */
interface Described extends Labelled {
  readonly quality: Quality
  readonly timbre: Timbre
}

/** LUFS; a person has to strain to understand quieter speech. */
const TOO_QUIET_LUFS = -45
/** More than this share of clipped samples is audible as distortion. */
const CLIPPED_RATIO = 0.001
/** dB. At a true 10, noise costs two to three times the word errors of a quiet room. */
const NOISY_SNR_DB = 12
/** Hz. Telephone audio and below has lost the upper speech band; converters leave a little of it above 4 kHz. */
const NARROWBAND_HZ = 4_700
/** Mean of all samples relative to full scale; it comes from a sound card, not from a sound. */
const DC_OFFSET = 0.01
/** Of the tokens. Three in five transcripts below it have a wrong word. */
const LOW_MEAN_LOG_PROBABILITY = -0.5
/** Shorter uploads hold no word. */
const TOO_SHORT_SECONDS = 0.3
/** Speech on a channel that was not used; a word takes longer. */
const UNUSED_SPEECH_SECONDS = 0.3

export function composeReport(
  upload: Described, recognizer: Recognizer, options: TranscribeOptions, seconds: StageSeconds,
): Report {
  const { transcripts, audioSeconds, clips } = upload
  const format = { ...REQUEST_DEFAULTS, ...options }
  const accepted = upload.accepted.map((transcript) => formatTranscript(transcript, format))
  const segments = accepted.map((transcript) => toSegment(transcript, audioSeconds, recognizer, options))
  const text = segments.map((segment) => segment.text).join(' ')
  const logProbabilities = accepted.flatMap(({ hypothesis }) => hypothesis.logProbabilities)
  const confidence = text === '' ? null : Math.exp(meanLogProbability(logProbabilities))
  // N-best and phrase scores describe a whole upload only if it is one clip.
  const only = accepted.length === 1 ? accepted[0]!.hypothesis : undefined
  const nBest = isUnbiased(options, recognizer) ? only?.alternatives ?? [] : []
  const larger = options.cascade?.recognizer
  const correctness = larger === undefined
    ? correctnessOf(recognizer.calibration, segments, nBest)
    : correctnessWithCascade(recognizer.calibration, larger, segments)
  const languageOfFirst = clips.length === 0 ? undefined : transcripts[0]?.hypothesis.language
  return {
    text,
    rawText: upload.accepted.map(({ hypothesis }) => hypothesis.text).join(' '),
    confidence,
    lowestTokenProbability: text === '' ? null : Math.exp(logProbabilities.reduce((a, b) => Math.min(a, b), 0)),
    correctness,
    language: languageOfFirst ?? options.language ?? options.languages?.[0] ?? recognizer.languages[0]!,
    model: recognizer.name,
    segments,
    alternatives: withPosteriors(only?.alternatives ?? [], recognizer, correctness),
    unbiasedText: unbiasedTextOf(upload.accepted, format),
    ...upload.labelDifferences && { labelDifferences: upload.labelDifferences },
    changedByBiasing: upload.accepted.some(isChangedByBiasing),
    phraseScores: only?.phraseScores ?? [],
    decodingPasses: transcripts.reduce((sum, { decodingPasses }) => sum + decodingPasses, 0),
    cascade: summarizeCascade(transcripts, options.cascade),
    noSpeechReason: upload.noSpeechReason,
    warnings: warningsOf(upload, confidence),
    input: inputOf(upload),
    seconds,
  }
}

function isChangedByBiasing({ hypothesis: { unbiasedText = null } }: ClipTranscript): boolean {
  return unbiasedText !== null
}

/** In the format of the text; null where biasing changed nothing. */
function unbiasedTextOf(accepted: readonly ClipTranscript[], format: TextFormat): string | null {
  if (!accepted.some(isChangedByBiasing)) return null
  return accepted
    .map(({ hypothesis: { text, unbiasedText = null, language } }) =>
      formatText(unbiasedText ?? text, language, format))
    .filter((text) => text !== '').join(' ')
}

function inputOf({ recording, level, quality, timbre, audioSeconds, clips }: Described): InputReport {
  const speechSeconds = clips.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0)
  const endOfSpeech = clips.at(-1)?.endSeconds ?? audioSeconds
  return {
    ...recording.format,
    ...level,
    ...quality,
    timbre,
    audioSeconds,
    speechSeconds: Math.min(audioSeconds, speechSeconds),
    trimmedLeadingSeconds: clips[0]?.startSeconds ?? audioSeconds,
    trimmedTrailingSeconds: Math.max(0, audioSeconds - endOfSpeech),
  }
}

/** Times are counted at the rate of the model, which may differ by a thousandth: they are clamped to the upload. */
function toSegment(
  transcript: ClipTranscript, audioSeconds: number, { calibration }: Recognizer, { cascade }: TranscribeOptions,
): Segment {
  const { clip, hypothesis, words, model, agreement, escalation } = transcript
  const { logProbabilities, text, tokens, tokenLogProbabilities, stopped } = hypothesis
  const mean = meanLogProbability(logProbabilities)
  const inside = <Part extends TimeSpan>(part: Part): Part => ({
    ...part,
    startSeconds: Math.min(part.startSeconds, audioSeconds),
    endSeconds: Math.min(part.endSeconds, audioSeconds),
  })
  const curves = cascade && cascadeCurvesOf(calibration, cascade.recognizer)
  const isEscalated = escalation !== null && isEscalation(escalation.reason)
  const withCorrectness = (word: Word): WordWithCorrectness => ({
    ...word,
    correctness: isEscalated && curves !== undefined
      ? correctnessOfEscalatedWord(curves, word, { agreement })
      : correctnessOfWord(calibration, word, { agreement, model }),
  })
  const { startSeconds, endSeconds } = inside(clip)
  return {
    startSeconds,
    endSeconds,
    text,
    words: words?.map(inside).map(withCorrectness) ?? null,
    confidence: Math.exp(mean),
    meanLogProbability: mean,
    tokens,
    tokenLogProbabilities: tokenLogProbabilities ?? null,
    stopped,
    agreement,
    model,
    cascade: escalation?.reason ?? null,
    jointLogProbability: escalation?.jointLogProbability ?? null,
  }
}

/** With biasing, log-probabilities are not all that decides which alternative is first. */
function isUnbiased(options: TranscribeOptions, recognizer: Recognizer): boolean {
  return options.beamFor?.(recognizer)?.phrases === undefined
}

function withPosteriors(
  alternatives: readonly Alternative[], { calibration }: Recognizer, correctness: number | null,
): RankedAlternative[] {
  const posteriors = calibration && correctness !== null ? posteriorsOf(calibration, correctness, alternatives) : []
  return alternatives.map(({ text, confidence, logProbability, phrases }, index) =>
    ({ text, confidence, logProbability, phrases, posterior: posteriors[index] ?? null }))
}

function warningsOf(upload: Described, confidence: number | null): Warning[] {
  const { recording: { format, unusedSpeechSeconds }, level, quality, audioSeconds, transcripts, clips } = upload
  const stopped = (reason: string): boolean =>
    clips.length > 0 && transcripts.some(({ hypothesis }) => hypothesis.stopped === reason)
  const found: Record<Warning, boolean> = {
    too_quiet: (level.loudnessLufs ?? -Infinity) < TOO_QUIET_LUFS,
    clipped: level.clippedRatio > CLIPPED_RATIO,
    noisy: (quality.snrDb ?? Infinity) < NOISY_SNR_DB,
    narrowband: (quality.bandwidthHz ?? Infinity) < NARROWBAND_HZ,
    dc_offset: Math.abs(level.dcOffset) > DC_OFFSET,
    too_short: audioSeconds < TOO_SHORT_SECONDS,
    truncated: format.truncated,
    unused_speech: unusedSpeechSeconds > UNUSED_SPEECH_SECONDS,
    low_confidence: confidence !== null && Math.log(confidence) < LOW_MEAN_LOG_PROBABILITY,
    repetition: stopped('repetition'),
    token_limit: stopped('token_limit'),
  }
  return (Object.keys(found) as Warning[]).filter((warning) => found[warning])
}
