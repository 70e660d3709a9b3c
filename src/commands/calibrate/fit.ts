/**
 * Labelled transcripts or words → the two coefficients of a logistic curve, and the two parameters that distribute the
 * remaining probability over the other alternatives. Maximum likelihood with a small penalty on the slope, by Newton's
 * method (iteratively reweighted least squares: McCullagh & Nelder, Generalized Linear Models, 1989). The penalty keeps
 * the slope finite when the classes are separable.
 */
import type { Calibration, Curve } from '../../recognition/confidence/calibration.js'
import { SpeechError } from '../../domain/errors.js'

/** The doubt about a transcript, or about a word of one, and whether it is right. */
export interface LabelledDoubt {
  readonly doubt: number
  readonly isRight: boolean
}

/** The other alternatives of a wrong transcript. */
export interface OtherAlternatives {
  readonly logProbabilities: readonly number[]
  /** Index of the right one; −1 if none is. */
  readonly right: number
}

/** On the slope of the standardized doubt. */
const PENALTY = 1
const MOST_STEPS = 50
const ENOUGH = 1e-10
const TEMPERATURES = { least: 0.1, most: 10, steps: 200 } as const

/** Throws CLIPS_INVALID if all are right, all are wrong, or correctness does not fall with doubt. */
export function fitCorrectness(clips: readonly LabelledDoubt[]): Curve {
  const right = clips.filter(({ isRight }) => isRight).length
  if (right === 0 || right === clips.length) {
    throw new SpeechError('CLIPS_INVALID', `${right} of ${clips.length} are right; right and wrong ones are needed`)
  }
  const mean = clips.reduce((sum, { doubt }) => sum + doubt, 0) / clips.length
  const spread = Math.sqrt(clips.reduce((sum, { doubt }) => sum + (doubt - mean) ** 2, 0) / clips.length)
  if (spread === 0) throw new SpeechError('CLIPS_INVALID', 'the decoder doubts all of them equally')
  const { intercept, slope } = maximizeLikelihood(
    clips.map(({ doubt, isRight }) => ({ x: (doubt - mean) / spread, y: isRight ? 1 : 0 })),
  )
  if (slope >= 0) {
    const detail = 'transcripts with more doubt are right more often: are these the references of these clips?'
    throw new SpeechError('CLIPS_INVALID', detail)
  }
  return { intercept: intercept - slope * mean / spread, slope: slope / spread }
}

/** Newton's method on two coefficients; the likelihood is concave, so it converges to the maximum. */
function maximizeLikelihood(points: readonly { readonly x: number; readonly y: number }[]): Curve {
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

/** `elsewhere` is smoothed by one right and one wrong case (Laplace), so that it is never 0 or 1. */
export function fitAlternatives(cases: readonly OtherAlternatives[]): Calibration['readings'] {
  const found = cases.filter(({ right }) => right >= 0)
  const elsewhere = (found.length + 1) / (cases.length + 2)
  const { least, most, steps } = TEMPERATURES
  const candidates = Array.from({ length: steps + 1 }, (_, index) => least * (most / least) ** (index / steps))
  const likelihood = (temperature: number): number =>
    found.reduce((sum, { logProbabilities, right }) => sum + logShare(logProbabilities, right, temperature), 0)
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
