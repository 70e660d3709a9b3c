/**
 * Labelled transcripts or words → the two coefficients of a logistic curve, and the two figures that divide what is left among the
 * other readings. Maximum likelihood with a small penalty on the slope, by Newton's method (iteratively reweighted
 * least squares: McCullagh & Nelder, Generalized Linear Models, 1989): the penalty keeps the slope finite where the
 * classes can be parted without an error.
 */
import type { Calibration, Curve } from '../../recognition/confidence/calibration.js'
import { SpeechError } from '../../domain/errors.js'

/** A transcript, or a word of one, whose reference is known. */
export interface Judged {
  readonly doubt: number
  readonly isRight: boolean
}

/** What else was read where the transcript was wrong. */
export interface OtherReadings {
  readonly logProbabilities: readonly number[]
  /** Index of the one that is right; −1 where none is. */
  readonly right: number
}

/** On the slope of the standardized doubt. */
const PENALTY = 1
const MOST_STEPS = 50
const ENOUGH = 1e-10
const TEMPERATURES = { least: 0.1, most: 10, steps: 200 } as const

/** Throws CLIPS_INVALID where nothing can be learnt: all right, all wrong, or more doubt is better. */
export function fitCorrectness(clips: readonly Judged[]): Curve {
  const right = clips.filter(({ isRight }) => isRight).length
  if (right === 0 || right === clips.length) throw new SpeechError('CLIPS_INVALID', `${right} of ${clips.length} are right; right and wrong ones are needed`)
  const mean = clips.reduce((sum, { doubt }) => sum + doubt, 0) / clips.length
  const spread = Math.sqrt(clips.reduce((sum, { doubt }) => sum + (doubt - mean) ** 2, 0) / clips.length)
  if (spread === 0) throw new SpeechError('CLIPS_INVALID', 'the decoder doubts all alike')
  const { intercept, slope } = climb(clips.map(({ doubt, isRight }) => ({ x: (doubt - mean) / spread, y: isRight ? 1 : 0 })))
  if (slope >= 0) throw new SpeechError('CLIPS_INVALID', 'what is doubted more is right more often: are these the references of these clips?')
  return { intercept: intercept - slope * mean / spread, slope: slope / spread }
}

/** Newton's steps on two coefficients; the likelihood is concave, so they end at its top. */
function climb(points: readonly { readonly x: number; readonly y: number }[]): Curve {
  let intercept = 0
  let slope = 0
  for (let step = 0; step < MOST_STEPS; step++) {
    let [slopeOfIntercept, slopeOfSlope, curve, mixed, curveOfSlope] = [0, -PENALTY * slope, 0, 0, PENALTY]
    for (const { x, y } of points) {
      const p = 1 / (1 + Math.exp(-(intercept + slope * x)))
      const weight = p * (1 - p)
      slopeOfIntercept += y - p
      slopeOfSlope += (y - p) * x
      curve += weight
      mixed += weight * x
      curveOfSlope += weight * x * x
    }
    const determinant = curve * curveOfSlope - mixed * mixed
    const change = (curveOfSlope * slopeOfIntercept - mixed * slopeOfSlope) / determinant
    const changeOfSlope = (curve * slopeOfSlope - mixed * slopeOfIntercept) / determinant
    intercept += change
    slope += changeOfSlope
    if (Math.abs(change) + Math.abs(changeOfSlope) < ENOUGH) break
  }
  return { intercept, slope }
}

/** The share with one right and one wrong case more than there were, so that it is never 0 or 1. */
export function fitReadings(cases: readonly OtherReadings[]): Calibration['readings'] {
  const found = cases.filter(({ right }) => right >= 0)
  const elsewhere = (found.length + 1) / (cases.length + 2)
  const { least, most, steps } = TEMPERATURES
  const candidates = Array.from({ length: steps + 1 }, (_, index) => least * (most / least) ** (index / steps))
  const likelihood = (temperature: number): number => found.reduce((sum, { logProbabilities, right }) => sum + logShare(logProbabilities, right, temperature), 0)
  const scored = candidates.map((temperature) => ({ temperature, likelihood: likelihood(temperature) }))
  const best = scored.reduce((a, b) => b.likelihood > a.likelihood ? b : a)
  return { temperature: found.length === 0 ? 1 : best.temperature, elsewhere }
}

/** Natural logarithm of the softmax. */
function logShare(logProbabilities: readonly number[], index: number, temperature: number): number {
  const highest = Math.max(...logProbabilities)
  const whole = logProbabilities.reduce((sum, one) => sum + Math.exp((one - highest) / temperature), 0)
  return (logProbabilities[index]! - highest) / temperature - Math.log(whole)
}
