/** Windowed frames → power spectra, for fingerprint and bandwidth. The only file of data/ that imports Meyda. */
import meydaCommonJs from 'meyda'

export const FRAME_SAMPLES = 512

// The module at run time is the object that its types declare as `default`.
const Meyda = meydaCommonJs as unknown as typeof meydaCommonJs.default

const WINDOW = Float32Array.from({ length: FRAME_SAMPLES }, (_, n) =>
  0.5 - 0.5 * Math.cos(2 * Math.PI * n / FRAME_SAMPLES))

/** |FFT|² of 512 samples from `start` on, with a periodic Hann window. Shape [256]; bin k is k · sampleRate / 512. */
export function powerSpectrumAt(samples: Float32Array, start: number): Float32Array {
  const frame = samples.slice(start, start + FRAME_SAMPLES)
  for (let n = 0; n < FRAME_SAMPLES; n++) frame[n]! *= WINDOW[n]!
  // Its state is global, and recognition/features/spectrum.ts sets it too.
  Meyda.bufferSize = FRAME_SAMPLES
  Meyda.windowingFunction = 'rect'
  return Meyda.extract('powerSpectrum', frame) as unknown as Float32Array
}
