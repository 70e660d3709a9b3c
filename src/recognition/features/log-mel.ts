/**
 * Waveform → log-mel spectrogram as Whisper takes it (Radford et al. 2022, arXiv:2212.04356, and its audio.py).
 *
 * Whisper's FFT has 400 points. For models with 80 bins, a faster one is near enough: Meyda's has a power of two, so
 * the 400 windowed samples are zero-padded to 512 and filtered by a mel filter bank for 512 points. A filter then sums
 * 512/400 as many bins of the same height; the window removes that factor. The difference that remains is 0.01 on
 * average, on a scale of about [-1, 1]. The low filters of 128 bins are as narrow as one bin of the spectrum, and there
 * the difference would be 0.06. The manifests of such models ask for 400 points, which are computed as they are.
 *
 * Frames after the end of the audio are not computed: their power is zero, so their logarithm is a constant.
 */
import type { FeatureMatrix } from '../../domain/audio.js'
import { foldedPowerSpectrum, type PowerSpectrum } from './folded-dft.js'
import { slaneyMelBank, type MelFilter } from './mel.js'
import { FFT_SAMPLES, hannWindow, powerSpectrum } from './spectrum.js'

/** Settings of the front end; `LogMelSpec` of the manifest has them. */
export interface LogMelSettings {
  /** Hz. */
  readonly sampleRate: number
  readonly windowSamples: number
  /** Points of the transform: at least `windowSamples`, which are zero-padded. */
  readonly fftSamples: number
  readonly hopSamples: number
  readonly bins: number
  /** Frames of the window; longer audio is cut, shorter audio is padded with silence. */
  readonly frames: number
  /** Smallest power before the logarithm. */
  readonly floor: number
}

/** Whisper's dynamic range, in powers of ten below the loudest value. */
const DYNAMIC_RANGE = 8

/** The first `frames` of the window, by default all; their values do not depend on the number. */
export type ExtractLogMel = (samples: Float32Array, frames?: number) => FeatureMatrix

/** A function from samples to features of shape [frames, bins]; window and filter bank are computed once. */
export function logMelExtractor(settings: LogMelSettings): ExtractLogMel {
  const { windowSamples, fftSamples, hopSamples, bins, floor, sampleRate } = settings
  // Scales the power of every bin, with 512 points by 400/512.
  const window = hannWindow(windowSamples).map((weight) => weight * Math.sqrt(windowSamples / fftSamples))
  const filters = slaneyMelBank(sampleRate, fftSamples, bins)
  const spectrum: PowerSpectrum = fftSamples === FFT_SAMPLES
    ? (frame, power) => powerSpectrum(frame, power) : foldedPowerSpectrum(fftSamples)
  return (samples, frames = settings.frames) => {
    const audible = Math.min(settings.frames, Math.ceil((samples.length + windowSamples) / hopSamples))
    const data = new Float32Array(Math.max(frames, audible) * bins).fill(Math.log10(floor)) // [frames, bins]
    const padded = padReflected(samples, windowSamples / 2, settings.frames * hopSamples)
    const frame = new Float32Array(fftSamples)
    const power = new Float32Array(fftSamples / 2)
    for (let index = 0; index < audible; index++) {
      const start = index * hopSamples
      for (let n = 0; n < windowSamples; n++) frame[n] = window[n]! * padded[start + n]!
      applyFilters(filters, spectrum(frame, power), floor, data.subarray(index * bins, (index + 1) * bins))
    }
    return { data: normalizeRange(data).subarray(0, frames * bins), frames, bins }
  }
}

/**
 * The audio, padded with silence to `length` samples and then with `margin` reflected samples on both sides, so that
 * frame t is centred on sample t · hop.
 */
function padReflected(samples: Float32Array, margin: number, length: number): Float32Array {
  const padded = new Float32Array(margin + length + margin)
  padded.set(samples.subarray(0, length), margin)
  const first = margin
  const last = margin + length - 1
  for (let n = 1; n <= margin; n++) {
    padded[first - n] = padded[first + n]!
    padded[last + n] = padded[last - n]!
  }
  return padded
}

/** Logarithm of the energy in each mel band of one spectrum, into `row` of shape [bins]. */
function applyFilters(filters: readonly MelFilter[], power: Float32Array, floor: number, row: Float32Array): void {
  for (let bin = 0; bin < filters.length; bin++) {
    const { firstBin, weights } = filters[bin]!
    let energy = 0
    for (let i = 0; i < weights.length; i++) energy += weights[i]! * power[firstBin + i]!
    row[bin] = Math.log10(Math.max(energy, floor))
  }
}

/** In place, as in Whisper's audio.py: clamped to DYNAMIC_RANGE below the loudest value; then (x + 4) / 4. */
function normalizeRange(data: Float32Array): Float32Array {
  let loudest = -Infinity
  for (const value of data) loudest = Math.max(loudest, value)
  const quietest = loudest - DYNAMIC_RANGE
  for (let i = 0; i < data.length; i++) data[i] = (Math.max(data[i]!, quietest) + 4) / 4
  return data
}
