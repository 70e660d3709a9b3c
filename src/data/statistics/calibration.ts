/**
 * Whether probabilities are calibrated (expected calibration error over bins of equally many clips, Naeini et al., AAAI
 * 2015; Brier 1950), and whether they separate wrong transcripts from right ones (area under the ROC curve: the share
 * of pairs in the right order, ties count half; Hanley & McNeil 1982).
 *
 * With few clips, even perfect probabilities have a calibration error, because the share of right clips in each bin
 * varies by chance. So the error that chance alone would cause is given beside it.
 */
import { seededRandom } from '../../domain/scoring/seeded-random.js'

/** A transcript or a word with the probability that it is right, and whether it is. */
export interface Outcome {
  readonly probability: number
  readonly isRight: boolean
  /** Of a clip that was collected with probability p: 1 / p. Default: 1. */
  readonly weight?: number
}

export interface Bin {
  readonly clips: number
  /** Sum of the weights. */
  readonly weight: number
  readonly meanProbability: number
  readonly shareRight: number
}

const MOST_BINS = 15
const LEAST_CLIPS_OF_BIN = 20
const CHANCE_ROUNDS = 1_000

export function binCountFor(clips: number): number {
  return Math.min(MOST_BINS, Math.max(1, Math.floor(clips / LEAST_CLIPS_OF_BIN)))
}

export function calibrationError(clips: readonly Outcome[], bins: number): number {
  const all = weightOf(clips)
  return binned(clips, bins).reduce(
    (sum, { weight, meanProbability, shareRight }) => sum + weight / all * Math.abs(meanProbability - shareRight), 0,
  )
}

/** The mean calibration error if every probability were true. Probabilities stay, so bins are those of all rounds. */
export function errorByChance(clips: readonly Outcome[], bins: number): number {
  const random = seededRandom(clips.length)
  const parts = partsOf(clips, bins)
  const gap = (part: readonly Outcome[]): number => Math.abs(part.reduce((sum, { probability, weight = 1 }) =>
    sum + weight * (probability - (random() < probability ? 1 : 0)), 0))
  const gaps = Array.from({ length: CHANCE_ROUNDS }, () => parts.reduce((sum, part) => sum + gap(part), 0))
  return mean(gaps) / weightOf(clips)
}

/** Mean and share are weighted. */
export function binned(clips: readonly Outcome[], bins: number): Bin[] {
  return partsOf(clips, bins).map((part) => ({
    clips: part.length, weight: weightOf(part), meanProbability: weightedMean(part, ({ probability }) => probability),
    shareRight: weightedMean(part, ({ isRight }) => isRight ? 1 : 0),
  }))
}

/** In the order of probability; numbers of clips differ by one at most. */
function partsOf(clips: readonly Outcome[], bins: number): Outcome[][] {
  const sorted = clips.toSorted((a, b) => a.probability - b.probability)
  return Array.from({ length: bins }, (_, index) =>
    sorted.slice(Math.round(index * sorted.length / bins), Math.round((index + 1) * sorted.length / bins)))
    .filter(({ length }) => length > 0)
}

/** Each pair with the product of its weights; null if all are right or all are wrong. */
export function auroc(clips: readonly Outcome[]): number | null {
  const right = weightOf(clips.filter(({ isRight }) => isRight))
  const wrong = weightOf(clips.filter(({ isRight }) => !isRight))
  if (right === 0 || wrong === 0) return null
  const sorted = clips.toSorted((a, b) => a.probability - b.probability)
  let [inOrder, wrongBelow] = [0, 0]
  for (let from = 0, to = 0; from < sorted.length; from = to) {
    while (to < sorted.length && sorted[to]?.probability === sorted[from]?.probability) to++
    const tied = sorted.slice(from, to)
    const tiedWrong = weightOf(tied.filter(({ isRight }) => !isRight))
    inOrder += weightOf(tied.filter(({ isRight }) => isRight)) * (wrongBelow + tiedWrong / 2)
    wrongBelow += tiedWrong
  }
  return inOrder / (right * wrong)
}

/** Weighted mean of the squared distance from 1 where right and from 0 where wrong. */
export function brier(clips: readonly Outcome[]): number {
  return weightedMean(clips, ({ probability, isRight }) => (probability - (isRight ? 1 : 0)) ** 2)
}

export function weightedMean(clips: readonly Outcome[], of: (clip: Outcome) => number): number {
  return clips.reduce((sum, clip) => sum + (clip.weight ?? 1) * of(clip), 0) / weightOf(clips)
}

function weightOf(clips: readonly Outcome[]): number {
  return clips.reduce((sum, { weight = 1 }) => sum + weight, 0)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
