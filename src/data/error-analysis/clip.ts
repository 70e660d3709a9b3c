/**
 * One recognized clip as the analysis keeps it: the alignment with its label and what was measured, no audio and no
 * report, so that 10,000 clips fit in memory (about 3 kB each).
 */
import type { Report, Warning } from '../../domain/report.js'
import { normalizeReference } from '../../domain/scoring/normalize.js'
import type { Edit } from '../../domain/scoring/word-errors.js'
import { scored } from '../scored.js'
import type { Spoken } from '../statistics/blocks.js'
import type { ListedClip } from './manifest.js'

/** What is measured of a clip, from its upload and its label; null where a figure has no meaning. */
export interface Measured {
  readonly audioSeconds: number
  readonly snrDb: number | null
  readonly loudnessLufs: number | null
  /** Words of the label by second of detected speech. */
  readonly wordsPerSecond: number | null
  readonly bandwidthHz: number | null
  readonly codec: string
  readonly speechRatio: number
  readonly leadingSilenceSeconds: number
}

export interface ObservedClip extends ListedClip, Spoken {
  readonly transcript: string
  /** Normalized words of the label. */
  readonly reference: readonly string[]
  readonly edits: readonly Edit[]
  readonly words: number
  readonly errors: number
  readonly measured: Measured
  /** Calibrated probability that every word is right; null without text or without a calibration. */
  readonly correctness: number | null
  /** Properties of the recording that make recognition harder, by the thresholds of the service. */
  readonly impairments: readonly string[]
  /** Null where biasing changed nothing. */
  readonly unbiasedText: string | null
}

/** Warnings about the recording; the others are about the transcript. */
const IMPAIRMENTS: readonly Warning[] = ['too_quiet', 'clipped', 'noisy', 'narrowband', 'too_short', 'truncated']

export function observedClip(listed: ListedClip, report: Report, language: string): ObservedClip {
  const reference = normalizeReference(listed.text, language)
  const { input, warnings, noSpeechReason } = report
  const { audioSeconds, snrDb, loudnessLufs, speechSeconds, bandwidthHz, codec, speechRatio } = input
  return {
    ...listed, transcript: report.text, reference, words: reference.length,
    ...scored(reference, report.text, language),
    measured: {
      audioSeconds, snrDb, loudnessLufs, bandwidthHz, codec, speechRatio,
      wordsPerSecond: speechSeconds > 0 ? reference.length / speechSeconds : null,
      leadingSilenceSeconds: input.leadingSilenceSeconds,
    },
    correctness: report.correctness,
    impairments: [
      ...IMPAIRMENTS.filter((one) => warnings.includes(one)),
      ...noSpeechReason === null ? [] : [noSpeechReason],
    ],
    unbiasedText: report.unbiasedText,
  }
}
