/** Clipped peaks are drawn anew, and nothing else changes. */
import t from 'tap'
import { redrawClippedPeaks } from '../../bench/research/robustness/clipped-peaks.js'
import type { Waveform } from '../../src/domain/audio.js'

const sampleRate = 16_000
const TONE = Float32Array.from({ length: 1_600 }, (_, n) => Math.sin((2 * Math.PI * 200 * n) / sampleRate))

const CLIPPED = { samples: TONE.map((sample) => Math.max(-0.7, Math.min(0.7, sample))), sampleRate }

/** Root mean square of the difference to the tone. */
function distance({ samples }: Waveform): number {
  return Math.sqrt(TONE.reduce((sum, sample, n) => sum + (samples[n]! - sample) ** 2, 0) / TONE.length)
}

t.test('a clipped tone comes closer to the tone', async (t) => {
  t.ok(distance(redrawClippedPeaks(CLIPPED)!) < 0.5 * distance(CLIPPED))
})

t.test('no peak becomes lower, and between the peaks nothing changes', async (t) => {
  const { samples } = redrawClippedPeaks(CLIPPED)!
  t.ok(samples.every((sample, n) => Math.abs(sample) >= Math.abs(CLIPPED.samples[n]!)))
  t.ok(samples.every((sample, n) => Math.abs(CLIPPED.samples[n]!) > 0.68 || sample === CLIPPED.samples[n]))
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
