/**
 * Correctness against right clips, by slice: where the service promises more or less than it keeps. Figures are
 * weighted as rates are; numbers of clips are not.
 */
import {
  auroc, binCountFor, binned, brier, calibrationError, errorByChance, weightedMean, type Bin, type Outcome,
} from '../statistics/calibration.js'
import type { ObservedClip } from './clip.js'
import type { Slice } from './slices.js'

export interface Calibration {
  readonly name: string
  /** With a correctness: not those without text, nor of a model without a calibration. */
  readonly clips: number
  readonly right: number
  /** Weighted, as the figures below. */
  readonly shareRight: number
  readonly meanCorrectness: number
  /** Expected calibration error. */
  readonly error: number
  /** The mean of it if every probability were true. */
  readonly errorByChance: number
  readonly brier: number
  /** Null if all are right or all are wrong. */
  readonly auroc: number | null
  readonly bins: readonly Bin[]
}

/** Fewer clips say nothing about probabilities. */
const MIN_CLIPS = 20

/** All clips first; then slices with enough clips, the largest error beyond chance first. */
export function calibrationBySlice(
  clips: readonly ObservedClip[], slices: readonly Slice<ObservedClip>[],
): Calibration[] {
  const all = calibrationOf('all clips', clips)
  const beyondChance = ({ error, errorByChance: chance }: Calibration): number => error - chance
  const others = slices.filter(({ kind }) => kind !== 'speaker')
    .flatMap(({ kind, name, clips: own }) => calibrationOf(`${kind}: ${name}`, own) ?? [])
    .sort((one, other) => beyondChance(other) - beyondChance(one))
  return all === undefined ? [] : [all, ...others]
}

function calibrationOf(name: string, clips: readonly ObservedClip[]): Calibration | undefined {
  const outcomes = clips.flatMap(({ correctness, errors, weight }): Outcome[] =>
    correctness === null ? [] : [{ probability: correctness, isRight: errors === 0, weight }])
  if (outcomes.length < MIN_CLIPS) return undefined
  const bins = binCountFor(outcomes.length)
  return {
    name, clips: outcomes.length, right: outcomes.filter(({ isRight }) => isRight).length,
    shareRight: weightedMean(outcomes, ({ isRight }) => isRight ? 1 : 0),
    meanCorrectness: weightedMean(outcomes, ({ probability }) => probability),
    error: calibrationError(outcomes, bins), errorByChance: errorByChance(outcomes, bins), brier: brier(outcomes),
    auroc: auroc(outcomes), bins: binned(outcomes, bins),
  }
}
