import tap from 'tap'
import { words } from '../../../src/audio/signal/webassembly.js'
import { filterBank } from '../../../src/audio/signal/filter-bank.js'
import { resample, smallRatio } from '../../../src/audio/signal/resample.js'
import type { Waveform } from '../../../src/domain/audio.js'
import { clip, decibels, joined, mapped, middle, noise, rmsOf, scaled, signalToNoise, silence, tone } from '../tones.js'

const RATE = 16_000

tap.test('the pass band is flat to 0.47 of the lower rate', async (t) => {
  for (const rate of [8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 96_000]) {
    for (const share of [0.01, 0.1, 0.25, 0.4, 0.45, 0.47]) {
      const gainDb = levelAfter(share * Math.min(rate, RATE), rate)
      t.ok(Math.abs(gainDb) < 0.01, `${share} of ${rate} Hz: ${gainDb} dB`)
    }
  }
})

tap.test('frequencies that would alias into the pass band are removed', async (t) => {
  for (const rate of [22_050, 32_000, 44_100, 48_000, 96_000]) {
    for (let hertz = 8_500; hertz < rate / 2; hertz += hertz < 9_500 ? 100 : 1_900) {
      const leftDb = levelAfter(hertz, rate)
      t.ok(leftDb < -88, `${hertz} at ${rate} Hz: ${leftDb} dB`)
    }
  }
})

tap.test('upsampling leaves no image', async (t) => {
  for (const [rate, hertz] of [[8_000, 300], [8_000, 1_800], [8_000, 3_700], [11_025, 5_100]] as const) {
    const up = middle(resample(tone(hertz, 1, rate), RATE))
    // A whole number of periods of both, so that they are orthogonal.
    const image = middle(tone(rate - hertz, 1, RATE))
    const quadrature = middle(tone(rate - hertz, 1, RATE, 1, Math.PI / 2))
    const amplitude = (2 / up.samples.length) * Math.hypot(product(up, image), product(up, quadrature))
    t.ok(decibels(amplitude) < -80, `${hertz} at ${rate} Hz: ${decibels(amplitude)} dB at ${rate - hertz} Hz`)
  }
})

tap.test('a tone is the same tone at another rate, in place', async (t) => {
  for (const [from, to] of [
    [8_000, RATE],
    [11_025, RATE],
    [22_050, RATE],
    [44_100, RATE],
    [48_000, RATE],
    [192_000, RATE],
    [RATE, 48_000],
    [RATE, 8_000],
  ] as const) {
    const found = resample(tone(500, 0.4, from), to)
    t.equal(found.samples.length, 0.4 * to, `${from} → ${to} Hz keeps its length`)
    const ratioDb = signalToNoise(middle(tone(500, 0.4, to)), middle(found))
    t.ok(ratioDb > 95, `${from} → ${to} Hz: ${ratioDb} dB`)
  }
  for (const rate of [12_345, 44_101, 47_999, 191_999]) {
    const ratioDb = signalToNoise(middle(tone(500, 0.5, RATE)), middle(resample(tone(500, 0.5, rate), RATE)))
    t.ok(ratioDb > 34, `${rate} Hz, whose ratio is rounded: ${ratioDb} dB`)
  }
})

tap.test('speech is unchanged by a higher rate and back', async (t) => {
  const voice = resample(resample((await clip('warm-up')), 12_000), RATE)
  for (const rate of [22_050, 44_100, 48_000]) {
    const ratioDb = signalToNoise(voice, resample(resample(voice, rate), RATE))
    t.ok(ratioDb > 85, `${rate} Hz: ${ratioDb} dB`)
  }
})

tap.test('the inner loop gives the sums of double precision, across all chunks', async (t) => {
  for (const [from, to, seconds] of [
    [48_000, RATE, 8],
    [44_100, RATE, 8],
    [44_101, RATE, 2],
    [8_000, RATE, 0.01],
    [RATE, 44_100, 0.3],
    [768_000, 1_000, 0.5],
    [1_000, RATE, 0.2],
  ] as const) {
    const waveform = noise(seconds, from)
    const worst = largest(resample(waveform, to).samples.map((x, n) => x - exactly(waveform, to, n)))
    t.ok(worst < 2e-6, `${from} → ${to} Hz: ${worst}`)
  }
})

tap.test('outside its ends the signal is zero', async (t) => {
  for (const rate of [8_000, 44_100, 48_000]) {
    const waveform = noise(0.2, rate)
    const found = resample(waveform, RATE)
    const padded = resample(joined(silence(0.5, rate), waveform, silence(0.5, rate)), RATE)
    t.ok(largest(found.samples.map((x, n) => x - padded.samples[RATE / 2 + n]!)) < 1e-6, `${rate} Hz`)
  }
})

tap.test('an impulse response is symmetric, and a constant is unchanged', async (t) => {
  for (const rate of [8_000, 44_100, 48_000]) {
    const impulse = silence(1, rate)
    impulse.samples[rate / 2] = 1
    const { samples } = resample(impulse, RATE)
    const uneven = Array.from({ length: 1_000 }, (_, n) => samples[RATE / 2 + n]! - samples[RATE / 2 - n]!)
    t.ok(largest(uneven) < 1e-7, `${rate} Hz`)
    const constant = middle(resample(mapped(silence(1, rate), () => 1), RATE))
    t.ok(largest(constant.samples.map((x) => x - 1)) < 1e-6, `${rate} Hz`)
  }
})

tap.test('the ratio of two rates is exact where it is small and within 0.1 % where it is not', async (t) => {
  t.strictSame(smallRatio(44_100, RATE), { from: 441, to: 160 })
  t.strictSame(smallRatio(11_025, RATE), { from: 441, to: 640 })
  t.strictSame(smallRatio(1_000, RATE), { from: 1, to: 16 })
  let worst = 0
  for (let rate = 1_000; rate <= 768_000; rate += rate < 100_000 ? 7 : 997) {
    const { from, to } = smallRatio(rate, RATE)
    if (from > 1_024 || to > 1_024) t.fail(`${rate}: ${from} / ${to}`)
    worst = Math.max(worst, Math.abs((from / to) * (RATE / rate) - 1))
  }
  t.ok(worst < 0.001, `worst ${worst}`)
})

tap.test('every filter bank fits into the memory of the inner loop, with a block of the signal', async (t) => {
  for (const [from, to] of [[1_024, 1_023], [1_023, 1_024], [1, 1_024], [1_024, 1], [1_021, 683], [768, 1]] as const) {
    const { taps, coefficients } = filterBank({ from, to })
    t.equal(coefficients.length, taps * to)
    t.equal(taps % 4, 0)
    t.ok(coefficients.length <= 102_400 && 4 + 102_400 + 4 * from + taps <= words.length, `${from} / ${to}`)
  }
})

tap.test('the filter banks used last are cached, at most eight', async (t) => {
  const kept = filterBank({ from: 3, to: 1 })
  for (let from = 10; from < 17; from++) filterBank({ from, to: 1 })
  t.equal(filterBank({ from: 3, to: 1 }), kept)
  for (let from = 20; from < 28; from++) filterBank({ from, to: 1 })
  t.not(filterBank({ from: 3, to: 1 }), kept)
})

tap.test('the right rate is unchanged, an empty signal stays empty, and a length is rounded', async (t) => {
  const waveform = tone(440, 0.1, RATE)
  t.equal(resample(waveform, RATE), waveform)
  for (const rate of [1_000, 1_009, 44_101, 191_999, 767_999, 768_000]) {
    t.equal(resample(silence(0, rate), RATE).samples.length, 0)
    const { from, to } = smallRatio(rate, RATE)
    for (const count of [1, 2, 1_001])
      t.equal(
        resample({ samples: new Float32Array(count), sampleRate: rate }, RATE).samples.length,
        Math.round((count * to) / from),
      )
  }
})

/** Level of a tone after resampling, relative to before, dB. */
function levelAfter(hertz: number, rate: number): number {
  return decibels(rmsOf(middle(resample(scaled(tone(hertz, 0.5, rate), Math.SQRT2), RATE))))
}

/** Output n as one sum in double precision. */
function exactly({ samples, sampleRate }: Waveform, to: number, n: number): number {
  const ratio = smallRatio(sampleRate, to)
  const { taps, coefficients } = filterBank(ratio)
  const whole = Math.floor((n * ratio.from) / ratio.to)
  const phase = n * ratio.from - whole * ratio.to
  let sum = 0
  for (let tap = 0; tap < taps; tap++)
    sum += coefficients[phase * taps + tap]! * (samples[whole + tap - taps / 2 + 1] ?? 0)
  return sum
}

function product(a: Waveform, b: Waveform): number {
  return a.samples.reduce((sum, x, n) => sum + x * b.samples[n]!, 0)
}

function largest(values: Iterable<number>): number {
  let most = 0
  for (const value of values) most = Math.max(most, Math.abs(value))
  return most
}
