/** Recognized clips → everything that says what goes wrong, for whom, why, and what to work on first. */
import { calibrationBySlice, type Calibration } from './calibration.js'
import {
  comparedWith, countCauses, variantEffects, type CauseCount, type ExplainedClip, type VariantEffect,
} from './explained.js'
import { findSlices, foundRates, type FoundRate } from './found-slices.js'
import { oracleOf, type Oracle } from './oracle.js'
import { prioritiesOf, type Priority } from './priorities.js'
import { rateOf, type Rate } from './rate.js'
import { sliceRates, slicesOf, type SliceRate } from './slices.js'
import { wordStatistics, type WordOptions, type WordStatistics } from './words.js'

export interface Analysis {
  readonly names: Names
  /** Clips that could not be processed. */
  readonly leftOut: number
  readonly isWeighted: boolean
  readonly all: Rate
  /** Of the clips that the reference has; null without one. */
  readonly reference: Rate | null
  /** The largest gain first. */
  readonly priorities: readonly Priority[]
  readonly causes: readonly CauseCount[]
  readonly variants: readonly VariantEffect[]
  readonly slices: readonly SliceRate[]
  readonly found: readonly FoundRate[]
  readonly words: WordStatistics
  readonly oracle: Oracle
  /** All clips first. */
  readonly calibration: readonly Calibration[]
  /** With errors; the most first. */
  readonly wrong: readonly ExplainedClip[]
}

export interface Names {
  readonly manifest: string
  readonly model: string
  readonly reference: string | null
}

export interface AnalyzeOptions extends WordOptions {
  readonly names: Names
  readonly leftOut: number
}

/** `clips`: at least one, with a word in one of the labels. */
export function analyze(clips: readonly ExplainedClip[], { names, leftOut, ...options }: AnalyzeOptions): Analysis {
  const { language } = options
  const slices = slicesOf(clips)
  const found = findSlices(clips)
  const compared = comparedWith(clips)
  return {
    names, leftOut, isWeighted: clips.some(({ weight }) => weight !== 1),
    all: rateOf(clips), reference: compared.length === 0 ? null : rateOf(compared),
    priorities: prioritiesOf(clips, slices, found, language),
    causes: countCauses(clips), variants: variantEffects(clips, language),
    slices: sliceRates(slices), found: foundRates(found),
    words: wordStatistics(clips, options), oracle: oracleOf(clips, language),
    calibration: calibrationBySlice(clips, slices),
    wrong: clips.filter(({ errors }) => errors > 0).sort((one, other) => other.errors - one.errors),
  }
}
