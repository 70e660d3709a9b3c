/** What a model card keeps of a clip: counts and properties, no audio, no transcript. */
import type { Report } from '../../domain/report.js'
import { normalizeReference } from '../../domain/scoring/normalize.js'
import type { LabelledClip } from '../comparison/pairs.js'
import type { Sliced } from '../comparison/slices.js'
import { scored } from '../scored.js'

export interface MeasuredClip extends Sliced {
  /** Words of the normalized reference. */
  readonly words: number
  readonly errors: number
  /** 1 / samplingProbability of a collected clip, otherwise 1. */
  readonly weight: number
  /** Null without a text, or for a model without calibration. */
  readonly correctness: number | null
  /** Of the recognizer for this clip, wall clock. */
  readonly seconds: number
}

export function measuredClip(
  { text, source, speaker, tags }: Omit<LabelledClip, 'file'>, report: Report, seconds: number, weight = 1,
): MeasuredClip {
  const reference = normalizeReference(text, report.language)
  const { errors } = scored(reference, report.text, report.language)
  const { audioSeconds, speechSeconds, snrDb } = report.input
  return {
    source, speaker, tags, words: reference.length, errors, weight, correctness: report.correctness,
    audioSeconds, snrDb,
    wordsPerSecond: speechSeconds > 0 ? reference.length / speechSeconds : null, seconds,
  }
}
