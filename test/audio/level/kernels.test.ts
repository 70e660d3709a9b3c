/** The loops in WebAssembly against the same sums, one after the other, in double precision. */
import t from 'tap'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import { BLOCK_SAMPLES, boundsOf } from '../../../src/audio/level/block-bounds.js'
import { integratedLoudness } from '../../../src/audio/level/integrated-loudness.js'
import { PowerMeter, type FillSamples } from '../../../src/audio/level/k-weighting.js'
import { measureLoudness } from '../../../src/audio/level/loudness.js'
import { shifted, shiftedParts, type Range } from '../../../src/audio/level/offset.js'
import { words } from '../../../src/audio/signal/webassembly.js'

const random = seededRandom(11)

/** Loud and quiet in turns, so that no step is like another, with an offset. */
function signal(length: number, offset = 0): Float32Array {
  return Float32Array.from({ length }, (_, n) => offset + (random() - 0.5) * (1 + Math.sin(n / 3_000)) ** 4 / 16)
}

const fillOf = (samples: Float32Array): FillSamples => (into, start) => {
  into.fill(0)
  into.set(samples.subarray(start, start + into.length))
}

/** K-weighting at 48 kHz by the coefficients of ITU-R BS.1770-4, tables 1 and 2. */
function weightedPowers(samples: Float32Array, step: number): number[] {
  const sections = [
    { b: [1.53512485958697, -2.69169618940638, 1.19839281085285], a: [-1.69065929318241, 0.73248077421585] },
    { b: [1, -2, 1], a: [-1.99004745483398, 0.99007225036621] },
  ]
  let filtered = Float64Array.from(samples)
  for (const { b: [b0, b1, b2], a: [a1, a2] } of sections) {
    const output = new Float64Array(filtered.length)
    for (let n = 0; n < output.length; n++) {
      output[n] = b0! * filtered[n]! + b1! * (filtered[n - 1] ?? 0) + b2! * (filtered[n - 2] ?? 0)
        - a1! * (output[n - 1] ?? 0) - a2! * (output[n - 2] ?? 0)
    }
    filtered = output
  }
  return Array.from({ length: Math.floor(samples.length / step) }, (_, index) =>
    filtered.subarray(index * step, (index + 1) * step).reduce((sum, value) => sum + value * value, 0) / step)
}

t.test('the K-weighted power is that of the standard, whatever was in the memory before', async (t) => {
  words.fill(NaN)
  const samples = signal(24_000)
  const expected = weightedPowers(samples, 4_800)
  const meter = new PowerMeter(48_000, fillOf(samples), fillOf(samples))
  for (const [step, power] of expected.entries()) {
    for (const found of meter.measure(step * 4_800, step * 4_800, 4_800)) {
      t.ok(Math.abs(found / power - 1) < 1e-6, `step ${step}: ${found}, ${power}`)
    }
  }
})

t.test('a loudness that is measured at two places at once is that of one pass', async (t) => {
  for (const steps of [1, 3, 4, 5, 6, 7, 20, 31]) {
    const samples = signal(steps * 4_800 + 123, 0.01)
    // A second filter that begins with the first one warms up on all that was before.
    const meter = new PowerMeter(48_000, fillOf(samples), fillOf(samples))
    const length = steps < 4 ? samples.length : 4_800
    const powers = Array.from({ length: steps < 4 ? 1 : steps }, (_, step) =>
      meter.measure(step * length, step * length, length)[0])
    const blocks = powers.length < 4 ? powers
      : powers.slice(3).map((_, index) => powers.slice(index, index + 4).reduce((sum, power) => sum + power, 0) / 4)
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
    const lufs = (power: number): number => -0.691 + 10 * Math.log10(power)
    const gate = lufs(mean(blocks)) - 10
    const expected = lufs(mean(blocks.filter((power) => lufs(power) > gate)))
    const found = integratedLoudness(samples.length, 48_000, () => fillOf(samples))!
    t.ok(Math.abs(found - expected) < 1e-12, `${steps} steps: ${found}, ${expected}`)
  }
})

t.test('a step longer than the memory of one call is measured as a whole', async (t) => {
  const samples = signal(40_000)
  const [first] = new PowerMeter(48_000, fillOf(samples), fillOf(samples)).measure(0, 0, samples.length)
  t.ok(Math.abs(first / weightedPowers(samples, samples.length)[0]! - 1) < 1e-6)
})

t.test('speech after digital silence, and silence after speech, are as loud as without', async (t) => {
  const speech = signal(32_000)
  const padded = (before: number, after: number): Float32Array => {
    const samples = new Float32Array(before + speech.length + after)
    samples.set(speech, before)
    return samples
  }
  const lufs = (samples: Float32Array): number => measureLoudness({ samples, sampleRate: 16_000 }).loudnessLufs!
  for (const [before, after] of [[16_000, 0], [0, 64_000], [160_000, 160_000]] as const) {
    t.ok(Math.abs(lufs(padded(before, after)) - lufs(speech)) < 0.5, `${before} and ${after} zeros`)
  }
})

t.test('an offset is subtracted as doubles are, in the ranges alone', async (t) => {
  for (const length of [0, 1, 3, 4, 5, 63, 70_001]) {
    const samples = signal(length, 0.1)
    const ranges: Range[] = [{ start: 0, end: length >> 2 }, { start: length >> 1, end: length }]
    const offset = 0.1 + 1e-9
    const expected = samples.map((sample, n) =>
      ranges.some(({ start, end }) => start <= n && n < end) ? sample - offset : 0)
    t.same(shifted({ samples, sampleRate: 16_000 }, ranges, offset).samples, expected, `${length} samples`)
    const fill = shiftedParts(samples, ranges, offset)
    const inParts = new Float32Array(length)
    for (let start = 0; start < length; start += 999) {
      const part = words.subarray(64, 64 + Math.min(999, length - start))
      fill(part, start)
      inParts.set(part, start)
    }
    t.same(inParts, expected, `${length} samples in parts`)
  }
})

t.test('the bounds of a block are its largest sample and step', async (t) => {
  for (const length of [0, 1, 31, 32, 33, 1_000, 2_048 * BLOCK_SAMPLES + 40]) {
    const samples = signal(length)
    const { peaks, steps } = boundsOf(samples)
    t.equal(peaks.length, Math.floor(length / BLOCK_SAMPLES) + 1)
    for (let block = 0; block < peaks.length; block++) {
      let [peak, step] = [0, 0]
      for (let n = block * BLOCK_SAMPLES; n < (block + 1) * BLOCK_SAMPLES; n++) {
        peak = Math.max(peak, Math.abs(samples[n] ?? 0))
        step = Math.max(step, Math.abs((samples[n] ?? 0) - (samples[n - 1] ?? 0)))
      }
      if (peaks[block] !== peak) t.fail(`${length} samples, block ${block}: ${peaks[block]}, ${peak}`)
      const isBound = steps[block]! >= step && steps[block]! <= step * (1 + 1e-5)
      if (!isBound) t.fail(`${length} samples, block ${block}: ${steps[block]}, ${step}`)
    }
  }
})
