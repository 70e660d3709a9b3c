/**
 * One windowed frame → its power spectrum and spectral descriptors. The only file that imports Meyda.
 *
 * Meyda's state is global and made for music (44.1 kHz, its own Hann window, frames a power of two), so it is set once,
 * here: 512 samples, no window of its own. Callers window and zero-pad their frames. Pitfalls of 5.6.3: a spectrum of
 * 512 samples has 256 bins (no Nyquist bin); the centroid is in bins; an all-zero frame gives NaN; `rms` is measured
 * after the window.
 */
import meydaCommonJs from 'meyda'

// The types declare `default`, but the module at run time is the object itself.
const Meyda = meydaCommonJs as unknown as typeof meydaCommonJs.default

export const FFT_SAMPLES = 512
export const SPECTRUM_BINS = FFT_SAMPLES / 2

Meyda.bufferSize = FFT_SAMPLES
Meyda.windowingFunction = 'rect'
Meyda.sampleRate = 16_000

/** |FFT|² of a frame of 512 samples, not normalized. Shape [256]; bin k is k · sampleRate / 512 Hz. */
export function powerSpectrum(frame: Float32Array): Float32Array {
  return Meyda.extract('powerSpectrum', frame) as unknown as Float32Array
}

/** Periodic Hann window, as speech models use it: w[n] = ½ − ½ cos(2πn / size). */
export function hannWindow(size: number): Float32Array {
  return Float32Array.from({ length: size }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size))
}
