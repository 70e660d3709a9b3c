/**
 * Log-mel features against two references that share no code with them: a discrete Fourier transform in double
 * precision, computed here from the definition, and numbers in fixtures/log-mel/, so that no library update changes the
 * features unnoticed.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'tap'
import { logMelExtractor, type LogMelSettings } from '../../../src/recognition/features/log-mel.js'
import { hzToMel, melToHz, slaneyMelBank } from '../../../src/recognition/features/mel.js'
import { projectRoot } from '../../../src/domain/project-root.js'

const SETTINGS: LogMelSettings = {
  sampleRate: 16_000, windowSamples: 400, fftSamples: 512, hopSamples: 160, bins: 80, frames: 100, floor: 1e-10,
}
/** As large-v3 takes them, by the transform that Whisper was trained on. */
const FINE: LogMelSettings = { ...SETTINGS, fftSamples: 400, bins: 128 }
const CAPACITY = SETTINGS.frames * SETTINGS.hopSamples
const extract = logMelExtractor(SETTINGS)

/** A gliding and a steady tone with noise, determined by the seed. */
function signal(length: number, seed = 1, gain = 1): Float32Array {
  let state = seed
  return Float32Array.from({ length }, (_, n) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    const seconds = n / SETTINGS.sampleRate
    const gliding = 0.4 * Math.sin(2 * Math.PI * (200 + 300 * seconds) * seconds)
    return gain * (gliding + 0.1 * Math.sin(2 * Math.PI * 3100 * seconds) + (0.02 * state) / 2 ** 31)
  })
}

/** The definition step by step: pad, reflect, window, DFT, mel, logarithm, range. Shape [frames, bins]. */
function reference(samples: Float32Array, settings = SETTINGS): Float64Array {
  const { windowSamples, fftSamples, hopSamples, bins, frames, floor, sampleRate } = settings
  const bank = referenceBank(sampleRate, fftSamples, bins)
  const at = (n: number): number => samples[n < 0 ? -n : n >= CAPACITY ? 2 * CAPACITY - 2 - n : n] ?? 0
  const rows = new Float64Array(frames * bins)
  for (let frame = 0; frame < frames; frame++) {
    const windowed = Float64Array.from({ length: windowSamples }, (_, n) => {
      const weight = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / windowSamples)
      return at(frame * hopSamples - windowSamples / 2 + n) * weight
    })
    const power = powerOf(windowed, fftSamples)
    for (let bin = 0; bin < bins; bin++) {
      const energy = bank[bin]!.reduce((sum, weight, k) => sum + weight * power[k]!, 0) * (windowSamples / fftSamples)
      rows[frame * bins + bin] = Math.log10(Math.max(energy, floor))
    }
  }
  const loudest = rows.reduce((a, b) => Math.max(a, b))
  return rows.map((value) => (Math.max(value, loudest - 8) + 4) / 4)
}

function powerOf(windowed: Float64Array, size: number): Float64Array {
  const angles = Float64Array.from({ length: size }, (_, index) => (2 * Math.PI * index) / size)
  const [cosines, sines] = [angles.map(Math.cos), angles.map(Math.sin)]
  return Float64Array.from({ length: size / 2 + 1 }, (_, k) => {
    let real = 0
    let imaginary = 0
    for (const [n, sample] of windowed.entries()) {
      real += sample * cosines[(k * n) % size]!
      imaginary -= sample * sines[(k * n) % size]!
    }
    return real * real + imaginary * imaginary
  })
}

/** Slaney's filter bank, dense, from its formula: the lower of the rising and the falling slope, scaled to area 1. */
function referenceBank(sampleRate: number, size: number, bins: number): Float64Array[] {
  const toMel = (hz: number): number => hz < 1000 ? (3 * hz) / 200 : 15 + (27 * Math.log(hz / 1000)) / Math.log(6.4)
  const toHz = (mel: number): number => mel < 15 ? (200 * mel) / 3 : 1000 * 6.4 ** ((mel - 15) / 27)
  const corners = Array.from({ length: bins + 2 }, (_, i) => toHz((toMel(sampleRate / 2) * i) / (bins + 1)))
  return Array.from({ length: bins }, (_, i) => Float64Array.from({ length: size / 2 + 1 }, (_, k) => {
    const hz = (k * sampleRate) / size
    const [low, peak, high] = [corners[i]!, corners[i + 1]!, corners[i + 2]!]
    const slope = Math.min((hz - low) / (peak - low), (high - hz) / (high - peak))
    return (Math.max(0, slope) * 2) / (high - low)
  }))
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity
  return Array.from(a).reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0)
}

test('the first frames of the window do not depend on how many are requested', async (t) => {
  const samples = signal(CAPACITY / 2)
  const { data } = extract(samples)
  for (const frames of [1, 30, 52, 99]) {
    const fewer = extract(samples, frames)
    t.equal(fewer.frames, frames)
    t.same(fewer.data, data.slice(0, frames * SETTINGS.bins))
  }
})

test('the features agree with a double-precision transform of the same definition', (t) => {
  const lengths = {
    'a second, exactly the window': CAPACITY, 'longer than the window': CAPACITY + 5000,
    'ending inside the mirrored margin': CAPACITY - 100, 'a third of the window': 5333, 'shorter than one frame': 90,
  }
  for (const settings of [SETTINGS, FINE]) {
    for (const [name, length] of Object.entries(lengths)) {
      const { data, frames, bins } = logMelExtractor(settings)(signal(length))
      t.same([frames, bins], [settings.frames, settings.bins])
      t.ok(largestDifference(data, reference(signal(length), settings)) < 1e-3, name)
    }
  }
  t.end()
})

test('512 points stand for 400 where the filters are wide, and not for those of 128 bins', (t) => {
  const samples = signal(CAPACITY)
  const meanDifference = (bins: number): number => {
    const exact = reference(samples, { ...FINE, bins })
    return logMelExtractor({ ...SETTINGS, bins })(samples).data.reduce((sum, value, i) =>
      sum + Math.abs(value - exact[i]!), 0) / exact.length
  }
  t.ok(meanDifference(80) < 0.02, 'with 80 bins')
  t.ok(meanDifference(128) > 0.03, 'with 128 bins')
  t.end()
})

test('frames after the audio are those of silence', (t) => {
  const short = signal(4000)
  const padded = new Float32Array(CAPACITY)
  padded.set(short)
  t.same(extract(short).data, extract(padded).data, 'to the last bit')
  t.end()
})

test('silence has the same value everywhere, and no audio is silence', (t) => {
  const { data } = extract(new Float32Array(8000))
  t.ok(data.every((value) => value === data[0]))
  t.same(extract(new Float32Array(0)).data, data)
  t.end()
})

test('a gain shifts every value by the same amount above the floor', (t) => {
  const quiet = extract(signal(CAPACITY, 1, 0.1)).data
  const loud = extract(signal(CAPACITY, 1, 1)).data
  t.ok(
    largestDifference(loud, quiet.map((value) => value + 2 / 4)) < 1e-4,
    'ten times the amplitude: 20 dB, two powers of ten',
  )
  t.end()
})

test('no value is more than eight powers of ten below the loudest', (t) => {
  const { data } = extract(signal(4000))
  t.ok(Math.abs(Math.max(...data) - Math.min(...data) - 8 / 4) < 1e-6)
  t.end()
})

test('an extractor keeps nothing of earlier clips', (t) => {
  const before = extract(signal(9000, 1)).data
  extract(signal(CAPACITY, 2))
  t.same(extract(signal(9000, 1)).data, before)
  t.end()
})

test('the features are the ones of fixtures/log-mel/', async (t) => {
  const { samples, seed, values } = JSON.parse(
    await readFile(path.join(projectRoot, 'fixtures/log-mel/gliding-tones.json'), 'utf8'),
  ) as { samples: number; seed: number; values: number[] }
  const { data, bins } = extract(signal(samples, seed))
  const everyTenth = Array.from({ length: SETTINGS.frames / 10 }, (_, i) => [
    ...data.subarray(10 * i * bins, (10 * i + 1) * bins),
  ]).flat()
  t.ok(largestDifference(everyTenth, values) < 1e-3)
})

test('the mel scale is linear below 1 kHz, logarithmic above, and continuous', (t) => {
  t.equal(hzToMel(1000), 15)
  t.ok(Math.abs(hzToMel(500) * 2 - hzToMel(1000)) < 1e-9, 'linear')
  t.ok(Math.abs(hzToMel(6400) - hzToMel(1000) - 27) < 1e-9, 'a factor of 6.4 is 27 mel')
  t.ok(Math.abs(hzToMel(999.999) - hzToMel(1000.001)) < 1e-4)
  for (const hz of [0, 40, 999, 1000, 1001, 4321, 8000]) {
    t.ok(Math.abs(melToHz(hzToMel(hz)) - hz) < 1e-9, `${hz} Hz in both directions`)
  }
  t.end()
})

test('every mel filter is a triangle of area 1, and there is no gap between them', (t) => {
  const fftSamples = 16_384
  const hzPerBin = 16_000 / fftSamples
  const bank = slaneyMelBank(16_000, fftSamples, 80)
  t.ok(bank.every(({ weights }) => Math.abs(weights.reduce((sum, weight) => sum + weight, 0) * hzPerBin - 1) < 0.01))
  t.ok(bank.every(({ weights }) => {
    const peak = weights.indexOf(Math.max(...weights))
    const rises = (k: number): boolean => weights[k]! >= weights[k - 1]!
    const falls = (k: number): boolean => weights[k]! <= weights[k - 1]!
    return weights.every((weight, k) => weight > 0 && (k === 0 || (k <= peak ? rises(k) : falls(k))))
  }), 'positive inside, rising to one peak and falling')
  t.ok(bank.slice(1).every(({ firstBin }, i) => firstBin < bank[i]!.firstBin + bank[i]!.weights.length))
  t.end()
})

test('in the filter banks of both transforms, every filter has weights, all below the Nyquist bin', (t) => {
  for (const { fftSamples, bins } of [SETTINGS, FINE]) {
    const bank = slaneyMelBank(16_000, fftSamples, bins)
    t.ok(bank.every(({ weights }) => weights.length > 0))
    t.ok(bank.every(({ firstBin, weights }) => firstBin >= 1 && firstBin + weights.length <= fftSamples / 2))
    const dense = referenceBank(16_000, fftSamples, bins)
    t.ok(
      bank.every(({ firstBin, weights }, i) =>
        weights.every((weight, k) => Math.abs(weight - dense[i]![firstBin + k]!) < 1e-12),
      ),
    )
  }
  t.end()
})
