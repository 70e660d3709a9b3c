/**
 * Integrated loudness after ITU-R BS.1770-4, of one channel: K-weighting (`k-weighting.ts`), mean power
 * of 400 ms blocks every 100 ms, an absolute gate at −70 LUFS and a relative one 10 LU below the mean of the blocks
 * that pass it. Because of the gates, pauses do not lower the loudness of a speaker.
 *
 * Two rules are added, for clips that the standard does not cover: one shorter than 400 ms is a single block, and one
 * that is entirely below the absolute gate is not gated.
 */
import { MEMORY_SECONDS, PowerMeter, type FillSamples } from './k-weighting.js'

const BLOCK_STEPS = 4
const STEP_SECONDS = 0.1
/** Steps after which the filters have forgotten what was before. */
const WARM_UP_STEPS = Math.ceil(MEMORY_SECONDS / STEP_SECONDS)
const ABSOLUTE_GATE_LUFS = -70
const RELATIVE_GATE_LU = -10
/** Makes a 997 Hz sine at full scale −3.01 LUFS. */
const OFFSET_LUFS = -0.691

/**
 * LUFS of a signal without offset; null for silence. `open` gives a function that is called for one step after the
 * other: filling their parts is cheaper than a copy of the signal.
 */
export function integratedLoudness(length: number, sampleRate: number, open: () => FillSamples): number | null {
  const blocks = blockPowers(stepPowers(length, sampleRate, open))
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
 * Mean K-weighted power of each step of 100 ms; of the whole clip when it is shorter than a block. The first and the
 * last half are measured together; the last one begins earlier, to warm up.
 */
function stepPowers(samples: number, sampleRate: number, open: () => FillSamples): Float64Array {
  const stepSamples = Math.round(sampleRate * STEP_SECONDS)
  const short = samples < BLOCK_STEPS * stepSamples
  const length = short ? samples : stepSamples
  const powers = new Float64Array(short ? 1 : Math.floor(samples / stepSamples))
  const rounds = Math.min(powers.length, Math.ceil((powers.length + WARM_UP_STEPS) / 2))
  const second = powers.length - rounds
  const meter = new PowerMeter(sampleRate, open(), open())
  for (let step = 0; step < rounds; step++) {
    const [ofFirst, ofSecond] = meter.measure(step * length, (second + step) * length, length)
    powers[step] = ofFirst
    if (second + step >= rounds) powers[second + step] = ofSecond
  }
  return powers
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
