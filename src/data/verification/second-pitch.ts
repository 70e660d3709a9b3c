/**
 * How much of a second pitch is in the speech, which one voice alone does not have. In each voiced frame, the pitch is
 * found by autocorrelation (normalized by that of the window, Boersma 1993); a comb filter cancels it with all its
 * harmonics, and the strongest other period of what is left is taken, as in de Cheveigné (Speech Communication 1993).
 * Noise is left by the filter too, but has no period; a second talker has one.
 */
import type { Waveform } from '../../domain/audio.js'
import { resample } from '../../audio/signal/resample.js'

export interface SecondPitch {
  /** Mean over voiced frames, in [0, 1]: autocorrelation of the rest, times its share of the amplitude. */
  readonly strength: number
  /** Of the frames in which a pitch was found. */
  readonly voicedSeconds: number
}

const SAMPLE_RATE = 16_000
const FRAME = 640
const HOP = 320
/** Periods of 400 to 60 Hz. */
const [SHORTEST, LONGEST] = [40, 266]
/** Frames further below the loudest one are no speech. */
const ACTIVE_DB = 25
const VOICED = 0.4
/** Multiples of the first period that its own rest may have, and how near to them a period is one of them. */
const MULTIPLES = [0.5, 1, 1.5, 2, 3]
const NEAR = 0.08
/** Against division by the vanishing end of the window's autocorrelation. */
const FLOOR = 1e-3

const WINDOW = Float64Array.from({ length: FRAME }, (_, i) => 0.5 - 0.5 * Math.cos(2 * Math.PI * i / (FRAME - 1)))
const OF_WINDOW = correlations(WINDOW).map((value) => value + FLOOR)

export function secondPitchOf(waveform: Waveform): SecondPitch {
  const { samples } = resample(waveform, SAMPLE_RATE)
  const starts = Array.from({ length: Math.max(0, Math.floor((samples.length - FRAME) / HOP) + 1) }, (_, i) => i * HOP)
  const levels = starts.map((start) => levelDb(samples.subarray(start, start + FRAME)))
  const loudest = levels.reduce((highest, level) => Math.max(highest, level), -Infinity)
  let [sum, voiced] = [0, 0]
  for (const [index, start] of starts.entries()) {
    if (levels[index]! <= loudest - ACTIVE_DB) continue
    const strength = strengthAt(samples, start)
    if (strength === undefined) continue
    sum += strength
    voiced++
  }
  return { strength: voiced === 0 ? 0 : sum / voiced, voicedSeconds: voiced * HOP / SAMPLE_RATE }
}

/** Undefined in a frame without a pitch, or at the end of the samples. */
function strengthAt(samples: Float32Array, start: number): number | undefined {
  const first = strongestOf(periodicity(samples.subarray(start, start + FRAME)), () => true)
  if (first === undefined || first.value <= VOICED || start + FRAME + first.lag > samples.length) return undefined
  const whole = samples.subarray(start, start + FRAME + first.lag)
  const rest = Float64Array.from({ length: FRAME }, (_, i) => whole[i + first.lag]! - whole[i]!)
  const isOther = (lag: number): boolean =>
    MULTIPLES.every((multiple) => Math.abs(lag - multiple * first.lag) >= NEAR * first.lag)
  const second = strongestOf(periodicity(rest), isOther)
  if (second === undefined) return undefined
  return Math.max(0, second.value) * Math.sqrt(power(rest) / (power(whole) + Number.EPSILON))
}

/** Normalized autocorrelation at lags from SHORTEST on. */
function periodicity(frame: ArrayLike<number>): Float64Array {
  const mean = sumOf(frame) / FRAME
  const found = correlations(Float64Array.from(WINDOW, (weight, i) => weight * (frame[i]! - mean)))
  const [energy, ofWindow] = [found[0]! + Number.EPSILON, OF_WINDOW[0]!]
  return found.subarray(1).map((value, i) => value / energy / (OF_WINDOW[i + 1]! / ofWindow))
}

/** At lag 0, then at SHORTEST to LONGEST. */
function correlations(windowed: Float64Array): Float64Array {
  const at = (lag: number): number => {
    let sum = 0
    for (let i = 0; i + lag < FRAME; i++) sum += windowed[i]! * windowed[i + lag]!
    return sum
  }
  return Float64Array.from({ length: LONGEST - SHORTEST + 2 }, (_, i) => at(i === 0 ? 0 : SHORTEST + i - 1))
}

function strongestOf(
  values: Float64Array, isWanted: (lag: number) => boolean,
): { readonly lag: number; readonly value: number } | undefined {
  let best: { readonly lag: number; readonly value: number } | undefined
  for (const [index, value] of values.entries()) {
    const lag = SHORTEST + index
    if ((best === undefined || value > best.value) && isWanted(lag)) best = { lag, value }
  }
  return best
}

function levelDb(samples: Float32Array): number {
  return 10 * Math.log10(power(samples) + 1e-10)
}

function power(samples: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < samples.length; i++) sum += samples[i]! ** 2
  return sum / samples.length
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]!
  return sum
}
