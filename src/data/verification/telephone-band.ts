/**
 * How much a recording has above the band of a telephone: mean power density from 4.3 to 7.5 kHz over that from 2.6 to
 * 3.4 kHz, dB. Up-sampled telephone audio has an empty upper band, at most 35 dB below; in speech that was recorded at
 * 16 kHz, noise and fricatives keep it above (docs/verify-data.md has the distributions).
 *
 * The bandwidth of the report cannot decide this: a quiet word without fricatives ends at 3 kHz, and images of a poor
 * up-sampler reach up to 8 kHz.
 */
import type { Waveform } from '../../domain/audio.js'
import { resample } from '../../audio/signal/resample.js'
import { FRAME_SAMPLES, powerSpectrumAt } from './spectrum.js'

const RATE_HZ = 16_000
const HOP_SAMPLES = FRAME_SAMPLES / 2
const UPPER_HZ: Band = [4_300, 7_500]
const LOWER_HZ: Band = [2_600, 3_400]

type Band = readonly [low: number, high: number]

/** Null where the sample rate is too low for an upper band, and for silence or less than a frame. */
export function upperBandDb(waveform: Waveform): number | null {
  if (waveform.sampleRate < RATE_HZ) return null
  const { samples } = resample(waveform, RATE_HZ)
  let [upper, lower] = [0, 0]
  for (let start = 0; start + FRAME_SAMPLES <= samples.length; start += HOP_SAMPLES) {
    const spectrum = powerSpectrumAt(samples, start)
    upper += densityIn(spectrum, UPPER_HZ)
    lower += densityIn(spectrum, LOWER_HZ)
  }
  return lower === 0 || upper === 0 ? null : 10 * Math.log10(upper / lower)
}

function densityIn(spectrum: Float32Array, [low, high]: Band): number {
  const [first, end] = [Math.round(low * FRAME_SAMPLES / RATE_HZ), Math.round(high * FRAME_SAMPLES / RATE_HZ)]
  let sum = 0
  for (let bin = first; bin < end; bin++) sum += spectrum[bin]!
  return sum / (end - first)
}
