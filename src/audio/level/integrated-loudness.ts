/**
 * Integrated loudness after ITU-R BS.1770-4, of one channel: K-weighting (a high shelf for the head, a high pass),
 * mean power of 400 ms blocks every 100 ms, an absolute gate at −70 LUFS and a relative one 10 LU below the mean of the
 * blocks that pass it. Because of the gates, pauses do not lower the loudness of a speaker.
 *
 * The standard gives coefficients for 48 kHz only; their analogue prototypes (Brecht De Man 2014, as in libebur128)
 * give them for any rate. Two rules are added, for clips that the standard does not cover: one shorter than 400 ms is a
 * single block, and one that is entirely below the absolute gate is not gated.
 */

const BLOCK_STEPS = 4
const STEP_SECONDS = 0.1
const ABSOLUTE_GATE_LUFS = -70
const RELATIVE_GATE_LU = -10
/** Makes a 997 Hz sine at full scale −3.01 LUFS. */
const OFFSET_LUFS = -0.691

/** Fills the array with the samples of the signal from `start` on. */
export type FillSamples = (into: Float32Array, start: number) => void

/** LUFS of a signal without offset; null for silence. `fill` is called for each step, which is cheaper than a copy. */
export function integratedLoudness(length: number, sampleRate: number, fill: FillSamples): number | null {
  const blocks = blockPowers(stepPowers(length, sampleRate, fill))
  const audible = blocks.filter((power) => toLufs(power) > ABSOLUTE_GATE_LUFS)
  if (audible.length === 0) return finiteOrNull(toLufs(mean(blocks)))
  const gate = toLufs(mean(audible)) + RELATIVE_GATE_LU
  return finiteOrNull(toLufs(mean(audible.filter((power) => toLufs(power) > gate))))
}

/** Blocks of four steps, one starting at every step; the single block of a short clip is unchanged. */
function blockPowers(powers: Float64Array): Float64Array {
  if (powers.length < BLOCK_STEPS) return powers
  const length = powers.length - BLOCK_STEPS + 1
  return Float64Array.from({ length }, (_, i) => mean(powers.subarray(i, i + BLOCK_STEPS)))
}

/**
 * Mean K-weighted power of each step of 100 ms; of the whole clip when it is shorter than a block. Both filters in
 * one loop, transposed direct form II: hot.
 */
function stepPowers(samples: number, sampleRate: number, fill: FillSamples): Float64Array {
  const stepSamples = Math.round(sampleRate * STEP_SECONDS)
  const short = samples < BLOCK_STEPS * stepSamples
  const part = new Float32Array(short ? samples : stepSamples)
  const powers = new Float64Array(short ? 1 : Math.floor(samples / stepSamples))
  const s = shelf(sampleRate)
  const h = highPass(sampleRate)
  let [s1, s2, h1, h2] = [0, 0, 0, 0]
  for (let step = 0; step < powers.length; step++) {
    fill(part, step * part.length)
    let sum = 0
    for (let i = 0; i < part.length; i++) {
      const x = part[i]!
      const y = s.b0 * x + s1
      s1 = s.b1 * x - s.a1 * y + s2
      s2 = s.b2 * x - s.a2 * y
      const z = y + h1
      h1 = h2 - 2 * y - h.a1 * z
      h2 = y - h.a2 * z
      sum += z * z
    }
    powers[step] = sum / part.length
  }
  return powers
}

/** Second-order filter section, a0 = 1. */
interface Biquad {
  readonly b0: number
  readonly b1: number
  readonly b2: number
  readonly a1: number
  readonly a2: number
}

const SHELF_HZ = 1681.974450955533
const HIGH_PASS_HZ = 38.13547087602444

/** Omitted at rates whose spectrum hardly reaches the corner of the shelf: below it, the gain is 0 dB. */
function shelf(sampleRate: number): Biquad {
  if (SHELF_HZ > 0.45 * sampleRate) return { b0: 1, b1: 0, b2: 0, a1: 0, a2: 0 }
  const k = Math.tan((Math.PI * SHELF_HZ) / sampleRate)
  const q = 0.7071752369554196
  const high = 10 ** (3.999843853973347 / 20)
  const band = high ** 0.4996667741545416
  const a0 = 1 + k / q + k * k
  return {
    b0: (high + (band * k) / q + k * k) / a0,
    b1: (2 * (k * k - high)) / a0,
    b2: (high - (band * k) / q + k * k) / a0,
    a1: (2 * (k * k - 1)) / a0,
    a2: (1 - k / q + k * k) / a0,
  }
}

/** The numerator is 1, −2, 1 as in the standard, not scaled by a0. */
function highPass(sampleRate: number): Biquad {
  const k = Math.tan((Math.PI * HIGH_PASS_HZ) / sampleRate)
  const q = 0.5003270373238773
  const a0 = 1 + k / q + k * k
  return { b0: 1, b1: -2, b2: 1, a1: (2 * (k * k - 1)) / a0, a2: (1 - k / q + k * k) / a0 }
}

function toLufs(power: number): number {
  return OFFSET_LUFS + 10 * Math.log10(power)
}

/** null where all power is zero. */
function finiteOrNull(lufs: number): number | null {
  return Number.isFinite(lufs) ? lufs : null
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
