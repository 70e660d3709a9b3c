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
}

export interface Bin {
  readonly clips: number
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
  return binned(clips, bins).reduce(
    (sum, { clips: count, meanProbability, shareRight }) =>
      sum + count / clips.length * Math.abs(meanProbability - shareRight),
    0,
  )
}

/** The mean calibration error if every probability were true. */
export function errorByChance(clips: readonly Outcome[], bins: number): number {
  const random = seededRandom(clips.length)
  return mean(
    Array.from({ length: CHANCE_ROUNDS }, () =>
      calibrationError(clips.map(({ probability }) => ({ probability, isRight: random() < probability })), bins)),
  )
}

/** In the order of probability; sizes differ by one at most. */
export function binned(clips: readonly Outcome[], bins: number): Bin[] {
  const sorted = clips.toSorted((a, b) => a.probability - b.probability)
  return Array.from({ length: bins }, (_, index) =>
    sorted.slice(Math.round(index * sorted.length / bins), Math.round((index + 1) * sorted.length / bins)))
    .filter(({ length }) => length > 0)
    .map((part) =>
      ({
        clips: part.length, meanProbability: mean(part.map(({ probability }) => probability)),
        shareRight: mean(part.map(({ isRight }) => isRight ? 1 : 0)),
      }))
}

/** From mean ranks of ties; null if all are right or all are wrong. */
export function auroc(clips: readonly Outcome[]): number | null {
  const right = clips.filter(({ isRight }) => isRight).length
  const wrong = clips.length - right
  if (right === 0 || wrong === 0) return null
  const sorted = clips.toSorted((a, b) => a.probability - b.probability)
  let ranks = 0
  for (let from = 0, to = 0; from < sorted.length; from = to) {
    while (to < sorted.length && sorted[to]?.probability === sorted[from]?.probability) to++
    const rank = (from + to + 1) / 2 // mean of from + 1 … to
    ranks += rank * sorted.slice(from, to).filter(({ isRight }) => isRight).length
  }
  return (ranks - right * (right + 1) / 2) / (right * wrong)
}

/** Mean of the squared distance from 1 where right and from 0 where wrong. */
export function brier(clips: readonly Outcome[]): number {
  return mean(clips.map(({ probability, isRight }) => (probability - (isRight ? 1 : 0)) ** 2))
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
