/**
 * Noise suppression by spectral gains: spectral subtraction, Wiener filter and log-MMSE, over a noise spectrum that is
 * estimated from the recording itself.
 *
 * - Spectral subtraction: Berouti, Schwartz & Makhoul, "Enhancement of speech corrupted by acoustic noise",
 *   ICASSP 1979.
 * - Wiener filter, a-priori ratio by the decision-directed rule: Scalart & Vieira Filho, ICASSP 1996.
 * - Log-MMSE: Ephraim & Malah, "Speech enhancement using a minimum mean-square error log-spectral amplitude estimator",
 *   IEEE Trans. ASSP 33, 1985.
 * - Noise by minimum statistics: Martin, IEEE Trans. SAP 9, 2001, with a fixed smoothing and a fixed bias; or the mean
 *   over the frames in which the service's detector finds no speech.
 */
import type { SpeechActivity, Waveform } from '../../../src/domain/audio.js'
import { amplify, analyse, BINS, FRAME_SAMPLES, HOP_SAMPLES, powersOf, synthesize } from './short-time-spectra.js'

export const GAIN_RULES = ['subtraction', 'wiener', 'log-mmse'] as const
type GainRule = (typeof GAIN_RULES)[number]

export interface Suppression {
  readonly rule: GainRule
  readonly noise: 'minimum' | 'pauses'
  /** What is left of the noise at most. */
  readonly floorDb: number
}

/** Weight of the frame before in the decision-directed rule, and in the smoothing of powers. */
const DECISION_WEIGHT = 0.98
const SMOOTHING = 0.75
/** The minimum is sought this far around a frame, and is this much below the mean of the noise. */
const MINIMUM_SECONDS = 0.75
const MINIMUM_BIAS = 2
const BLOCK_FRAMES = 6
const MIN_PAUSE_FRAMES = 6
const OVERSUBTRACTION = 2

export function suppressNoise(
  { samples, sampleRate }: Waveform, activity: SpeechActivity, { rule, noise, floorDb }: Suppression,
): Waveform {
  const spectra = analyse(samples)
  const powers = powersOf(spectra)
  const noisePowers = noise === 'minimum'
    ? minimumStatistics(powers, sampleRate)
    : noiseInPauses(powers, activity, sampleRate)
  const floor = 10 ** (floorDb / 20)
  const gains = rule === 'subtraction' ? subtraction(powers, noisePowers) : decisionDirected(powers, noisePowers, rule)
  for (const own of gains) for (const [bin, gain] of own.entries()) own[bin] = Math.max(floor, gain)
  return { samples: synthesize(amplify(spectra, gains), samples.length), sampleRate }
}

function minimumStatistics(powers: readonly Float64Array[], sampleRate: number): Float64Array[] {
  const smoothed: Float64Array[] = []
  for (const own of powers) {
    const before = smoothed.at(-1) ?? own
    smoothed.push(own.map((power, bin) => SMOOTHING * before[bin]! + (1 - SMOOTHING) * power))
  }
  const blocks: Float64Array[] = []
  for (let start = 0; start < smoothed.length; start += BLOCK_FRAMES) {
    blocks.push(lowestOf(smoothed.slice(start, start + BLOCK_FRAMES)))
  }
  const reach = Math.round((MINIMUM_SECONDS * sampleRate) / HOP_SAMPLES / BLOCK_FRAMES)
  const noise = blocks.map((_, block) => lowestOf(blocks.slice(Math.max(0, block - reach), block + reach + 1))
    .map((lowest) => lowest === Infinity ? 0 : MINIMUM_BIAS * lowest))
  return smoothed.map((_, frame) => noise[Math.floor(frame / BLOCK_FRAMES)]!)
}

/** Of each bin. Digital silence is no noise of the room. */
function lowestOf(powers: readonly Float64Array[]): Float64Array {
  const lowest = new Float64Array(BINS).fill(Infinity)
  for (const own of powers) {
    for (let bin = 0; bin < BINS; bin++) {
      const power = own[bin]!
      if (power > 0 && power < lowest[bin]!) lowest[bin] = power
    }
  }
  return lowest
}

/** One spectrum for the whole recording; minimum statistics where there are hardly any pauses. */
function noiseInPauses(
  powers: readonly Float64Array[], { spans }: SpeechActivity, sampleRate: number,
): Float64Array[] {
  const secondsOf = (frame: number): number => ((frame + 1) * HOP_SAMPLES - FRAME_SAMPLES / 2) / sampleRate
  const pauses = powers.filter((_, frame) =>
    !spans.some(({ startSeconds, endSeconds }) => secondsOf(frame) >= startSeconds && secondsOf(frame) <= endSeconds))
  if (pauses.length < MIN_PAUSE_FRAMES) return minimumStatistics(powers, sampleRate)
  const mean = Float64Array.from({ length: BINS }, (_, bin) =>
    pauses.reduce((sum, own) => sum + own[bin]!, 0) / pauses.length)
  return powers.map(() => mean)
}

function subtraction(powers: readonly Float64Array[], noise: readonly Float64Array[]): Float64Array[] {
  return powers.map((own, frame) => own.map((power, bin) =>
    Math.sqrt(Math.max(0, 1 - (OVERSUBTRACTION * noise[frame]![bin]!) / Math.max(power, Number.MIN_VALUE)))))
}

function decisionDirected(
  powers: readonly Float64Array[], noise: readonly Float64Array[], rule: Exclude<GainRule, 'subtraction'>,
): Float64Array[] {
  const clean = new Float64Array(BINS) // of the frame before
  return powers.map((own, frame) => own.map((power, bin) => {
    const floor = noise[frame]![bin]!
    if (floor === 0 || power === 0) return 1
    const posterior = power / floor
    const prior = Math.max(1e-3, DECISION_WEIGHT * clean[bin]! / floor
      + (1 - DECISION_WEIGHT) * Math.max(0, posterior - 1))
    const wiener = prior / (1 + prior)
    const logMmse = (): number => Math.min(1, wiener * Math.exp(exponentialIntegral(wiener * posterior) / 2))
    const gain = rule === 'wiener' ? wiener : logMmse()
    clean[bin] = gain ** 2 * power
    return gain
  }))
}

/** E1(x) for x > 0: Abramowitz & Stegun 1964, 5.1.53 and 5.1.56. */
export function exponentialIntegral(x: number): number {
  const polynomial = (coefficients: readonly number[]): number =>
    coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0)
  if (x <= 1) {
    return polynomial([0.00107857, -0.00976004, 0.05519968, -0.24991055, 0.99999193, -0.57721566]) - Math.log(x)
  }
  const above = polynomial([1, 8.5733287401, 18.0590169730, 8.6347608925, 0.2677737343])
  const below = polynomial([1, 9.5733223454, 25.6329561486, 21.0996530827, 3.9584969228])
  return above / below * Math.exp(-x) / x
}
