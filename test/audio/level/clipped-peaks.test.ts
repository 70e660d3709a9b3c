/** Clipped peaks are drawn anew, and nothing else changes. */
import t from 'tap'
import { redrawClippedPeaks } from '../../../src/audio/level/clipped-peaks.js'
import type { Waveform } from '../../../src/domain/audio.js'

const sampleRate = 16_000
const TONE = Float32Array.from({ length: 1_600 }, (_, n) => Math.sin((2 * Math.PI * 200 * n) / sampleRate))

/** Root mean square of the difference, after both have the same level at small amplitudes. */
function distance(other: Float32Array, gain: number): number {
  return Math.sqrt(TONE.reduce((sum, sample, n) => sum + (gain * other[n]! - sample) ** 2, 0) / TONE.length)
}

/** What a waveform was multiplied with, seen where the tone is far from its peaks. */
function gainOf({ samples }: Waveform): number {
  return TONE[4]! / samples[4]!
}

t.test('a clipped tone comes closer to the tone, and keeps its peak', async (t) => {
  const clipped = { samples: TONE.map((sample) => Math.max(-0.7, Math.min(0.7, sample))), sampleRate }
  const redrawn = redrawClippedPeaks(clipped)!
  t.ok(distance(redrawn.samples, gainOf(redrawn)) < 0.5 * distance(clipped.samples, 1))
  const peak = redrawn.samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
  t.ok(Math.abs(peak - 0.7) < 1e-6)
})

t.test('between the peaks only the level changes', async (t) => {
  const clipped = { samples: TONE.map((sample) => Math.max(-0.7, Math.min(0.7, sample))), sampleRate }
  const redrawn = redrawClippedPeaks(clipped)!
  const gain = gainOf(redrawn)
  t.ok(redrawn.samples.every((sample, n) =>
    Math.abs(clipped.samples[n]!) > 0.68 || Math.abs(gain * sample - clipped.samples[n]!) < 1e-6))
})

t.test('where nothing is clipped there is nothing to redraw', async (t) => {
  for (const samples of [[], [0, 0, 0, 0], [0, 0.2, 0.5, 0.1], [0, 0.5, -0.5, 0.5, 0], [0.5, 0.5], [0, 0.5, 0.5]]) {
    t.equal(redrawClippedPeaks({ samples: Float32Array.from(samples), sampleRate }), undefined, samples.join())
  }
})

t.test('the upload itself is not changed', async (t) => {
  const samples = Float32Array.from([0, 0.4, 0.9, 0.9, 0.9, 0.4, 0])
  redrawClippedPeaks({ samples, sampleRate })
  t.same([...samples], [...Float32Array.from([0, 0.4, 0.9, 0.9, 0.9, 0.4, 0])])
})
