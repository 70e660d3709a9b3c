/**
 * How loud an upload is, and one gain that brings it to where the model was measured best.
 *
 * Loudness is that of ITU-R BS.1770-4: K-weighting (a high shelf for the head, a high pass), mean power of 400 ms
 * blocks every 100 ms, an absolute gate at −70 LUFS and a relative one 10 LU below what passed it. Gated, pauses do
 * not make a speaker quieter. The standard gives coefficients for 48 kHz only; the analogue prototypes behind them
 * (Brecht De Man 2014, as in libebur128) give them for any rate. Two rules of our own, for clips the standard was
 * not made for: one shorter than 400 ms is a single block, and one wholly below the absolute gate is not gated.
 */
import type { Level, Waveform } from '../types.js'

/**
 * Moonshine hears about equally well from −32 to −16 LUFS; telephone prompts are the exception, a point better from
 * −16 up. For a voice with strong peaks the ceiling ends the gain first.
 */
export const TARGET_LUFS = -16
/** No sample is lifted above this. */
export const PEAK_CEILING_DBFS = -1
/** At most this much is added: beyond it there is no voice left to lift, only the noise of the microphone. */
export const MAX_GAIN_DB = 30

const BLOCK_STEPS = 4
const STEP_SECONDS = 0.1
const ABSOLUTE_GATE_LUFS = -70
const RELATIVE_GATE_LU = -10
/** Makes a 997 Hz sine at full scale −3.01 LUFS. */
const OFFSET_LUFS = -0.691
/** One 16-bit step below full scale. */
const CLIPPED_SAMPLE = 1 - 1 / 32_768
const MIN_CLIPPED_RUN = 3

/** Level of a signal as it came. */
export function measureLevel({ samples, sampleRate }: Waveform): Level {
  const { mean, meanSquare, peak } = statistics(samples)
  const silent = peak === 0
  return {
    loudnessLufs: silent ? null : integratedLoudness(stepPowers(samples, sampleRate, mean)),
    peakDbfs: silent ? null : 20 * Math.log10(peak),
    rmsDbfs: silent ? null : 10 * Math.log10(meanSquare),
    clippedRatio: samples.length === 0 ? 0 : clippedSamples(samples) / samples.length,
    dcOffset: mean,
  }
}

/** One gain for the whole clip towards TARGET_LUFS, within PEAK_CEILING_DBFS and MAX_GAIN_DB, its offset removed. Silence comes back as it is. */
export function normalizeVolume(waveform: Waveform, level: Level): Waveform {
  if (level.loudnessLufs === null) return waveform
  const { samples, sampleRate } = waveform
  const offset = level.dcOffset
  const gain = gainFor(level.loudnessLufs, peakAround(samples, offset))
  const levelled = new Float32Array(samples.length)
  for (let i = 0; i < samples.length; i++) levelled[i] = (samples[i]! - offset) * gain
  return { samples: levelled, sampleRate }
}

function gainFor(loudnessLufs: number, peak: number): number {
  const wantedDb = Math.min(TARGET_LUFS - loudnessLufs, MAX_GAIN_DB)
  const headroomDb = PEAK_CEILING_DBFS - 20 * Math.log10(peak)
  return 10 ** (Math.min(wantedDb, headroomDb) / 20)
}

function statistics(samples: Float32Array): { mean: number; meanSquare: number; peak: number } {
  let sum = 0
  let squares = 0
  let peak = 0
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i]!
    sum += sample
    squares += sample * sample
    if (Math.abs(sample) > peak) peak = Math.abs(sample)
  }
  const count = Math.max(1, samples.length)
  return { mean: sum / count, meanSquare: squares / count, peak }
}

function peakAround(samples: Float32Array, offset: number): number {
  let peak = 0
  for (let i = 0; i < samples.length; i++) peak = Math.max(peak, Math.abs(samples[i]! - offset))
  return peak
}

/** Samples in runs of three or more at full scale: a single one is a peak, a run is a cut-off peak. */
function clippedSamples(samples: Float32Array): number {
  let clipped = 0
  let run = 0
  for (let i = 0; i < samples.length; i++) {
    run = Math.abs(samples[i]!) >= CLIPPED_SAMPLE ? run + 1 : 0
    if (run === MIN_CLIPPED_RUN) clipped += MIN_CLIPPED_RUN
    else if (run > MIN_CLIPPED_RUN) clipped++
  }
  return clipped
}

/** Second-order filter section, a0 = 1. */
interface Biquad { readonly b0: number; readonly b1: number; readonly b2: number; readonly a1: number; readonly a2: number }

const SHELF_HZ = 1681.974450955533
const HIGH_PASS_HZ = 38.13547087602444

/** Left out at rates that hardly reach the shelf's corner: all of their signal lies below it, where its gain is 0 dB. */
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

/** Its numerator is 1, −2, 1 in the standard, not scaled by a0. */
function highPass(sampleRate: number): Biquad {
  const k = Math.tan((Math.PI * HIGH_PASS_HZ) / sampleRate)
  const q = 0.5003270373238773
  const a0 = 1 + k / q + k * k
  return { b0: 1, b1: -2, b2: 1, a1: (2 * (k * k - 1)) / a0, a2: (1 - k / q + k * k) / a0 }
}

/**
 * Mean K-weighted power of each step of 100 ms; of the whole clip when it is shorter than a block. The offset goes
 * first, else the high pass would ring at the start. Both filters in one loop, transposed direct form II: hot.
 */
function stepPowers(samples: Float32Array, sampleRate: number, offset: number): Float64Array {
  const stepSamples = Math.round(sampleRate * STEP_SECONDS)
  const short = samples.length < BLOCK_STEPS * stepSamples
  const length = short ? samples.length : stepSamples
  const powers = new Float64Array(short ? 1 : Math.floor(samples.length / stepSamples))
  const s = shelf(sampleRate)
  const h = highPass(sampleRate)
  let [s1, s2, h1, h2] = [0, 0, 0, 0]
  for (let step = 0, i = 0; step < powers.length; step++) {
    let sum = 0
    for (const end = i + length; i < end; i++) {
      const x = samples[i]! - offset
      const y = s.b0 * x + s1
      s1 = s.b1 * x - s.a1 * y + s2
      s2 = s.b2 * x - s.a2 * y
      const z = y + h1
      h1 = h2 - 2 * y - h.a1 * z
      h2 = y - h.a2 * z
      sum += z * z
    }
    powers[step] = sum / length
  }
  return powers
}

function integratedLoudness(powers: Float64Array): number | null {
  const blocks = blockPowers(powers)
  const audible = blocks.filter((power) => toLufs(power) > ABSOLUTE_GATE_LUFS)
  if (audible.length === 0) return finiteOrNull(toLufs(mean(blocks)))
  const gate = toLufs(mean(audible)) + RELATIVE_GATE_LU
  return finiteOrNull(toLufs(mean(audible.filter((power) => toLufs(power) > gate))))
}

/** Blocks of four steps, one at every step; a single short block stays what it is. */
function blockPowers(powers: Float64Array): Float64Array {
  if (powers.length < BLOCK_STEPS) return powers
  return Float64Array.from({ length: powers.length - BLOCK_STEPS + 1 }, (_, i) => mean(powers.subarray(i, i + BLOCK_STEPS)))
}

function toLufs(power: number): number {
  return OFFSET_LUFS + 10 * Math.log10(power)
}

/** A constant offset is no sound, though it is not zero either. */
function finiteOrNull(lufs: number): number | null {
  return Number.isFinite(lufs) ? lufs : null
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
