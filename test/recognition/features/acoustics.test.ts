import tap from 'tap'
import { describeFrames } from '../../../src/recognition/features/acoustics.js'
import type { FrameFeatures } from '../../../src/domain/audio.js'

const RATE = 16_000

tap.test('a tone has its own power, in the band and in total, and a flatness near 0', async (t) => {
  for (const amplitude of [1, 0.1, 0.001]) {
    const features = describe((n) => amplitude * Math.sin((2 * Math.PI * 1_000 * n) / RATE))
    const expected = 20 * Math.log10(amplitude) - 3.01
    t.ok(
      features.energyDb.subarray(2).every((value) => Math.abs(value - expected) < 0.3),
      `energy of amplitude ${amplitude}`,
    )
    t.ok(
      features.bandEnergyDb.subarray(1, -1).every((value) => Math.abs(value - expected) < 0.2),
      `band of amplitude ${amplitude}`,
    )
    t.ok(features.flatness.subarray(1, -1).every((value) => value < 0.01), 'flatness')
  }
})

tap.test('the speech band ends at 300 and 4000 Hz, and rumble does not count as energy', async (t) => {
  for (const [hertz, isInBand] of [
    [50, false], [200, false], [400, true], [3_800, true], [4_300, false], [7_000, false],
  ] as const) {
    const { bandEnergyDb } = describe((n) => Math.sin((2 * Math.PI * hertz * n) / RATE))
    t.equal(bandEnergyDb[5]! > -10, isInBand, `${hertz} Hz: ${bandEnergyDb[5]}`)
  }
  t.ok(describe((n) => Math.sin((2 * Math.PI * 10 * n) / RATE)).energyDb[50]! < -20)
  t.ok(describe(() => 0.5).energyDb[50]! < -100, 'an offset')
})

tap.test('white noise is flat, whatever its level', async (t) => {
  let state = 7
  for (const gain of [1, 0.001]) {
    const { flatness } = describe(() => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
      return (gain * state) / 2 ** 31
    })
    const mean = flatness.reduce((sum, value) => sum + value, 0) / flatness.length
    t.ok(mean > 0.4 && mean < 0.75, `mean ${mean}`)
  }
})

tap.test('features have one value for each hop and are never NaN', async (t) => {
  const signals: [string, (n: number) => number][] = [
    ['zeros', () => 0], ['one impulse', (n) => (n === 700 ? 1 : 0)], ['subnormal', () => 1e-40],
    ['huge', (n) => (n % 2 === 0 ? 1e18 : -1e18)],
  ]
  for (const [name, signal] of signals) {
    for (const length of [0, 1, 159, 160, 161, 511, 512, 513, 5_000]) {
      const features = describe(signal, length)
      t.strictSame(lengthsOf(features), frameCounts(length, features), `${name}, ${length} samples`)
      t.ok(
        [features.energyDb, features.bandEnergyDb, features.flatness].every((values) => values.every(Number.isFinite)),
        `${name}, ${length} samples`,
      )
      t.ok(features.flatness.every((value) => value >= 0 && value <= 1 + 1e-6), `${name}, ${length} samples`)
    }
  }
  t.match(describe(() => 0), { energyHopSeconds: 0.01, spectrumHopSeconds: 0.032 })
})

tap.test('the frames of a sound are the same wherever it begins', async (t) => {
  const sound = Float32Array.from(
    { length: 4_000 },
    (_, n) => Math.sin((n * n) / 3e4) * Math.sin((Math.PI * n) / 4_000) ** 2,
  )
  const shifted = (before: number): FrameFeatures => {
    const samples = new Float32Array(before + sound.length + 1_000)
    samples.set(sound, before)
    return describeFrames({ samples, sampleRate: RATE })
  }
  const loud = ({ energyDb }: FrameFeatures): number[] => [...energyDb].filter((power) => power > -60)
  for (const before of [1, 7, 80, 333, 1_601]) {
    t.same(loud(shifted(before)), loud(shifted(0)), `${before} samples later`)
  }
})

function describe(signal: (n: number) => number, length = RATE): FrameFeatures {
  return describeFrames({ samples: Float32Array.from({ length }, (_, n) => signal(n)), sampleRate: RATE })
}

/** The frames that cover the clip from the beginning of the grid, which is at most one hop before the first sample. */
function frameCounts(length: number, { energyStartSeconds, bandEnergyDb }: FrameFeatures): number[] {
  const start = Math.round(energyStartSeconds * RATE)
  if (start > 0 || start <= -160) return []
  const spectra = bandEnergyDb.length - Math.ceil(length / 512)
  return [
    Math.ceil((length - start) / 160), Math.ceil(length / 512) + Number(spectra > 0),
    Math.ceil(length / 512) + Number(spectra > 0),
  ]
}

function lengthsOf({ energyDb, bandEnergyDb, flatness }: FrameFeatures): number[] {
  return [energyDb.length, bandEnergyDb.length, flatness.length]
}
