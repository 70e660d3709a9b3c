/** What was measured and heard → the Report that the client and the metrics get. */
import type { Answer } from './cascade.js'
import { correctnessOf, correctnessOfWord, sharesOf } from './confidence/correctness.js'
import type { Recognizer } from './recognizer.js'
import { hasWords } from './redecoding.js'
import { meanLogProbability } from '../domain/log-probability.js'
import type { TranscribeOptions } from './options.js'
import type { Speech } from './segmentation/find-speech.js'
import type { RankedAlternative } from '../domain/phrases.js'
import type { StageTimer } from '../domain/stage-timer.js'
import type { Timbre } from '../domain/timbre.js'
import type { WordWithCorrectness, Word } from '../domain/words.js'
import type { Level, Quality, Recording, TimeSpan } from '../domain/audio.js'
import type { Report, Warning } from '../domain/report.js'
import type { CascadeReport, Segment } from '../domain/transcript.js'

interface Findings {
  readonly recording: Recording
  readonly level: Level
  readonly quality: Quality
  readonly timbre: Timbre
  readonly audioSeconds: number
  readonly speech: Speech
  readonly heard: readonly Answer[]
  readonly hearings: number
  readonly cascade: CascadeReport | null
  readonly recognizer: Recognizer
  readonly options: TranscribeOptions
  readonly timer: StageTimer
}

/** Quieter than this, LUFS, a person has to strain to hear it. */
const TOO_QUIET_LUFS = -45
/** More than this share of clipped samples is audible as distortion. */
const CLIPPED_RATIO = 0.001
/** dB. At a true 10, noise costs two to three times the word errors of a quiet room. */
const NOISY_SNR_DB = 12
/** Hz. Telephone audio and below has lost the upper speech band; converters leave a little of it above 4 kHz. */
const NARROWBAND_HZ = 4_700
/** A sound card, not a sound: mean of all samples relative to full scale. */
const DC_OFFSET = 0.01
/** Of the tokens, where the decoder doubts itself: of the answers below, three in five have a wrong word. */
const LOW_MEAN_LOG_PROBABILITY = -0.5
/** Shorter uploads hold no word. */
const TOO_SHORT_SECONDS = 0.3

export function composeReport(findings: Findings): Report {
  const { recording, level, quality, timbre, audioSeconds, speech, heard, hearings, cascade, recognizer, timer } = findings
  const spoken = heard.filter(({ hypothesis }) => hasWords(hypothesis))
  const segments = spoken.map((one) => toSegment(one, audioSeconds, recognizer))
  const text = segments.map((segment) => segment.text).join(' ')
  const logProbabilities = spoken.flatMap(({ hypothesis }) => hypothesis.logProbabilities)
  const confidence = text === '' ? null : Math.exp(meanLogProbability(logProbabilities))
  const correctness = correctnessOf(recognizer.calibration, segments, isFreeSearch(findings) && spoken.length === 1 ? spoken[0]!.hypothesis.alternatives : [])
  return {
    text,
    confidence,
    lowestTokenProbability: text === '' ? null : Math.exp(logProbabilities.reduce((lowest, one) => Math.min(lowest, one), 0)),
    correctness,
    language: heard[0]?.hypothesis.language ?? findings.options.language ?? recognizer.languages[0]!,
    model: recognizer.name,
    segments,
    alternatives: spoken.length === 1 ? readingsOf(spoken[0]!, recognizer, correctness) : [],
    changedByBiasing: spoken.some(({ hypothesis }) => hypothesis.changedByBiasing ?? false),
    phraseScores: spoken.length === 1 ? spoken[0]!.hypothesis.phraseScores ?? [] : [],
    decodingPasses: hearings,
    cascade,
    noSpeechReason: text === '' ? speech.nothing ?? 'nothing_recognized' : null,
    warnings: warningsOf(findings, confidence),
    input: {
      ...recording.format,
      ...level,
      ...quality,
      timbre,
      audioSeconds,
      speechSeconds: Math.min(audioSeconds, speech.clips.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0)),
      trimmedLeadingSeconds: speech.clips[0]?.startSeconds ?? audioSeconds,
      trimmedTrailingSeconds: speech.clips.length === 0 ? 0 : Math.max(0, audioSeconds - speech.clips.at(-1)!.endSeconds),
    },
    seconds: timer.seconds,
  }
}

/** Clips are counted at the rate of the model, which may be off by a thousandth of an odd one: never outside the upload. */
function toSegment({ clip, hypothesis, words, model, agreement, reason }: Answer, audioSeconds: number, { calibration }: Recognizer): Segment {
  const { logProbabilities, text, tokens, stopped } = hypothesis
  const mean = meanLogProbability(logProbabilities)
  const inside = <Part extends TimeSpan>(part: Part): Part => ({ ...part, startSeconds: Math.min(part.startSeconds, audioSeconds), endSeconds: Math.min(part.endSeconds, audioSeconds) })
  const { startSeconds, endSeconds } = inside(clip)
  const judged = (word: Word): WordWithCorrectness => ({ ...word, correctness: correctnessOfWord(calibration, word, { agreement, model }) })
  return {
    startSeconds,
    endSeconds,
    text,
    words: words?.map(inside).map(judged) ?? null,
    confidence: Math.exp(mean),
    meanLogProbability: mean,
    tokens,
    stopped,
    agreement,
    model,
    cascade: reason,
  }
}

/** Readings were wished for and nothing was expected: with phrases their log-probabilities are not the whole of why one stands first. */
function isFreeSearch({ options, recognizer }: Findings): boolean {
  return options.searchFor?.(recognizer)?.phrases === undefined
}

function readingsOf({ hypothesis: { alternatives = [] } }: Answer, { calibration }: Recognizer, correctness: number | null): RankedAlternative[] {
  const posteriors = calibration && correctness !== null ? sharesOf(calibration, correctness, alternatives) : []
  return alternatives.map((alternative, index) => ({ ...alternative, posterior: posteriors[index] ?? null }))
}

function warningsOf({ recording, level, quality, audioSeconds, heard }: Findings, confidence: number | null): Warning[] {
  const { format } = recording
  const stopped = (reason: string): boolean => heard.some(({ hypothesis }) => hypothesis.stopped === reason)
  const found: Record<Warning, boolean> = {
    too_quiet: (level.loudnessLufs ?? -Infinity) < TOO_QUIET_LUFS,
    clipped: level.clippedRatio > CLIPPED_RATIO,
    noisy: (quality.snrDb ?? Infinity) < NOISY_SNR_DB,
    narrowband: (quality.bandwidthHz ?? Infinity) < NARROWBAND_HZ,
    dc_offset: Math.abs(level.dcOffset) > DC_OFFSET,
    too_short: audioSeconds < TOO_SHORT_SECONDS,
    truncated: format.truncated,
    low_confidence: confidence !== null && Math.log(confidence) < LOW_MEAN_LOG_PROBABILITY,
    repetition: stopped('repetition'),
    token_limit: stopped('token_limit'),
  }
  return (Object.keys(found) as Warning[]).filter((warning) => found[warning])
}
