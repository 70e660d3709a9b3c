/**
 * The resampler by pairs of rates: what it costs, and what it does to tones.
 *
 * Cost is that of a clip of three seconds, the median of many, with the bank at hand; beside it the first call in
 * a fresh place, which designs the bank, and the same sums as a plain loop in double precision. Tones are measured as
 * a meter would: amplitude in, amplitude out.
 */
import { filterBank } from '../src/audio/signal/filter-bank.js'
import { resample, smallRatio } from '../src/audio/signal/resample.js'
import { beginRun } from './machine.js'
import { countOption, parseOptions } from './options.js'
import type { RunBench } from './run.js'
import { median, seededRandom } from './statistics.js'
import { fixed, printTable } from './table.js'

const TARGET_HZ = 16_000
const RATES = [8_000, 11_025, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000]
/** Frequencies of tones as a share of the lower of the two rates. */
const PASS_SHARES = [0.05, 0.1, 0.2, 0.3, 0.4, 0.45, 0.465, 0.47]
const STOP_SHARES = [0.51, 0.52, 0.525, 0.53, 0.55, 0.6]
const SECONDS = 3

export const run: RunBench = async (args) => {
  const given = parseOptions(args, { repeat: { type: 'string', default: '60' } })
  const repeat = countOption('repeat', given.repeat, 60)
  const bench = await beginRun('resample', given)
  const costs = RATES.map((rate) => costOf(rate, repeat))
  printTable(['Hz → 16000', 'taps', 'ms for 3 s', 'ms per s', 'first call ms', 'plain loop ms', 'ratio'], costs.map(({ rate, taps, warmMs, firstMs, plainMs }) => [
    String(rate), taps, fixed(warmMs, 2), fixed(warmMs / SECONDS, 2), fixed(firstMs), fixed(plainMs, 2), fixed(plainMs / warmMs),
  ]))
  const tones = RATES.map(tonesOf)
  console.log('\nTones by their frequency over the lower rate, dB: largest deviation in the pass band, what is left above it')
  printTable(['Hz → 16000', 'to 0.47', ...STOP_SHARES.map(String)], tones.map(({ rate, rippleDb, leftDb }) => [String(rate), fixed(rippleDb, 4), ...leftDb.map((db) => fixed(db))]))
  await bench.save({ costs, tones })
  return tones.every(({ rippleDb, leftDb }) => rippleDb < 0.01 && leftDb.slice(STOP_SHARES.indexOf(0.53)).every((db) => Number.isNaN(db) || db < -88))
}

function costOf(rate: number, repeat: number) {
  const random = seededRandom(rate)
  const waveform = { samples: Float32Array.from({ length: SECONDS * rate }, () => random() - 0.5), sampleRate: rate }
  const firstMs = millisecondsOf(() => resample(waveform, TARGET_HZ))
  const warmMs = median(Array.from({ length: repeat }, () => millisecondsOf(() => resample(waveform, TARGET_HZ))))
  const plainMs = median(Array.from({ length: Math.ceil(repeat / 4) }, () => millisecondsOf(() => plainly(waveform.samples, rate))))
  return { rate, taps: filterBank(smallRatio(rate, TARGET_HZ)).taps, firstMs, warmMs, plainMs }
}

/** What `src/audio/signal/dot-products.ts` saves us from: one sum at a time, as TypeScript. */
function plainly(samples: Float32Array, rate: number): Float32Array {
  const { from, to } = smallRatio(rate, TARGET_HZ)
  const { taps, coefficients } = filterBank({ from, to })
  const padded = new Float64Array(samples.length + 2 * taps + from)
  padded.set(samples, taps / 2 - 1)
  const output = new Float32Array(Math.round((samples.length * to) / from))
  for (let n = 0; n < output.length; n++) {
    const whole = Math.floor((n * from) / to)
    const phaseAt = (n * from - whole * to) * taps
    let sum = 0
    for (let tap = 0; tap < taps; tap++) sum += coefficients[phaseAt + tap]! * padded[whole + tap]!
    output[n] = sum
  }
  return output
}

function tonesOf(rate: number) {
  const lower = Math.min(rate, TARGET_HZ)
  const gainDb = (hertz: number): number => 20 * Math.log10(amplitudeAfter(hertz, rate) / Math.SQRT1_2)
  return {
    rate,
    rippleDb: Math.max(...PASS_SHARES.map((share) => Math.abs(gainDb(share * lower)))),
    // Going up, the tone above is the image of the one below: what is there beside the tone.
    leftDb: STOP_SHARES.map((share) => rate < TARGET_HZ ? imageDb(1 - share, rate) : share * lower < rate / 2 ? gainDb(share * lower) : NaN),
  }
}

/** Root mean square of a tone's middle after resampling. */
function amplitudeAfter(hertz: number, rate: number): number {
  const output = middleOf(resample(toneOf(hertz, rate), TARGET_HZ).samples)
  return Math.sqrt(output.reduce((sum, sample) => sum + sample * sample, 0) / output.length)
}

/** Image of a tone at `share` of the rate, mirrored at half of it: its Fourier coefficient under a Hann window. */
function imageDb(share: number, rate: number): number {
  if (share >= 0.5) return NaN
  const output = middleOf(resample(toneOf(share * rate, rate), TARGET_HZ).samples)
  const turn = (2 * Math.PI * (1 - share) * rate) / TARGET_HZ
  let [real, imaginary] = [0, 0]
  for (let n = 0; n < output.length; n++) {
    const weighted = output[n]! * (1 - Math.cos((2 * Math.PI * n) / output.length))
    real += weighted * Math.cos(turn * n)
    imaginary += weighted * Math.sin(turn * n)
  }
  return 20 * Math.log10((2 * Math.hypot(real, imaginary)) / output.length)
}

function toneOf(hertz: number, sampleRate: number) {
  return { sampleRate, samples: Float32Array.from({ length: sampleRate }, (_, n) => Math.sin((2 * Math.PI * hertz * n) / sampleRate)) }
}

function middleOf(samples: Float32Array): Float32Array {
  return samples.subarray(samples.length / 4, (3 * samples.length) / 4)
}

function millisecondsOf(task: () => unknown): number {
  const since = performance.now()
  task()
  return performance.now() - since
}
