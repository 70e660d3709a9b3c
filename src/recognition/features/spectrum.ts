/**
 * One windowed frame → its power spectrum. The only file that imports Meyda.
 *
 * Meyda transforms 512 real samples as 512 complex ones whose imaginary parts are zero, and takes the root of each
 * power only to square it again. So a frame is transformed as 256 complex samples, the even ones as real parts and the
 * odd ones as imaginary parts, and its spectrum is put together afterwards (Press et al., "Numerical Recipes", §12.3).
 * This takes half the time, and is in double precision.
 *
 * Meyda's state is global and made for music (44.1 kHz, its own Hann window), so it is set here before every frame:
 * another file may have set it too. Half of `bufferSize` is the number of amplitudes that Meyda computes in any case;
 * nobody uses them, so it is small. Pitfalls of 5.6.3: complex samples are not in its types; its transform takes them
 * from the properties `real` and `imag` of the signal, and only where no window is applied.
 */
import meydaCommonJs from 'meyda'

// The types declare `default`, but the module at run time is the object itself.
const Meyda = meydaCommonJs as unknown as typeof meydaCommonJs.default

export const FFT_SAMPLES = 512
export const SPECTRUM_BINS = FFT_SAMPLES / 2

const UNUSED_AMPLITUDES = 1

/** Complex samples, or bins: half of those of a frame. */
const HALF = FFT_SAMPLES / 2
const QUARTER = FFT_SAMPLES / 4

interface Complex { readonly real: Float64Array; readonly imag: Float64Array }

/** Reused for every frame: Meyda copies it. */
const packed = Object.assign(new Float64Array(HALF), { real: new Float64Array(HALF), imag: new Float64Array(HALF) })

const COSINES = Float64Array.from({ length: QUARTER }, (_, bin) => Math.cos((2 * Math.PI * bin) / FFT_SAMPLES))
const SINES = Float64Array.from({ length: QUARTER }, (_, bin) => Math.sin((2 * Math.PI * bin) / FFT_SAMPLES))

/**
 * |FFT|² of a frame of 512 samples, not normalized, into `power`. Shape [256]; bin k is k · sampleRate / 512 Hz, and
 * there is no bin at half the sample rate.
 */
export function powerSpectrum(
  frame: Float32Array, power: Float32Array = new Float32Array(SPECTRUM_BINS),
): Float32Array {
  Meyda.bufferSize = 2 * UNUSED_AMPLITUDES
  Meyda.windowingFunction = 'rect'
  const { real, imag } = packed
  for (let n = 0; n < HALF; n++) {
    real[n] = frame[2 * n]!
    imag[n] = frame[2 * n + 1]!
  }
  unpack(Meyda.extract('complexSpectrum', packed) as unknown as Complex, power)
  return power
}

/**
 * With E and O, the spectra of the even and the odd samples, that of the frame is E + O · exp(−2πik / 512) at bin k,
 * and the conjugate of E − O · exp(−2πik / 512) at bin 256 − k.
 */
function unpack({ real, imag }: Complex, power: Float32Array): void {
  power[0] = (real[0]! + imag[0]!) ** 2
  for (let bin = 1; bin < QUARTER; bin++) {
    const mirrored = HALF - bin
    const evenReal = real[bin]! + real[mirrored]!
    const evenImaginary = imag[bin]! - imag[mirrored]!
    const oddReal = imag[bin]! + imag[mirrored]!
    const oddImaginary = real[mirrored]! - real[bin]!
    const turnedReal = oddReal * COSINES[bin]! + oddImaginary * SINES[bin]!
    const turnedImaginary = oddImaginary * COSINES[bin]! - oddReal * SINES[bin]!
    // E and O are half of these sums.
    power[bin] = ((evenReal + turnedReal) ** 2 + (evenImaginary + turnedImaginary) ** 2) / 4
    power[mirrored] = ((evenReal - turnedReal) ** 2 + (evenImaginary - turnedImaginary) ** 2) / 4
  }
  power[QUARTER] = real[QUARTER]! ** 2 + imag[QUARTER]! ** 2
}

/** Periodic Hann window, as speech models use it: w[n] = ½ − ½ cos(2πn / size). */
export function hannWindow(size: number): Float32Array {
  return Float32Array.from({ length: size }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size))
}
