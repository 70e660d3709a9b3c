/**
 * Two ways to take the late echoes of a room out of a recording of one microphone.
 *
 * - Weighted prediction error: what can be predicted of a bin from its own past, beyond a delay, is echo. Nakatani,
 *   Yoshioka, Kinoshita, Miyoshi & Juang, "Speech dereverberation based on variance-normalized delayed linear
 *   prediction", IEEE Trans. ASLP 18, 2010.
 * - Spectral subtraction of the late echo, whose power decays exponentially: Lebart, Boucher & Denbigh, "A new method
 *   based on spectral subtraction for speech dereverberation", Acta Acustica 87, 2001, with a given reverberation time.
 */
import type { Waveform } from '../../../src/domain/audio.js'
import {
  amplify, analyse, BINS, HOP_SAMPLES, powersOf, synthesize, type ShortTimeSpectra,
} from './short-time-spectra.js'

export interface PredictionError { readonly taps: number; readonly delayFrames: number }

const ITERATIONS = 3
/** Of the trace, on the diagonal, so that the equations of a short clip have one solution. */
const LOADING = 1e-4

export function weightedPredictionError({ samples, sampleRate }: Waveform, options: PredictionError): Waveform {
  const spectra = analyse(samples)
  const [real, imaginary] = [spectra.real.map((own) => own.slice()), spectra.imaginary.map((own) => own.slice())]
  for (let bin = 0; bin < BINS; bin++) predictBin(spectra, { real, imaginary }, bin, options)
  return { samples: synthesize({ real, imaginary }, samples.length), sampleRate }
}

/** Writes what is left of one bin into `out`. */
function predictBin(
  { real, imaginary }: ShortTimeSpectra, out: ShortTimeSpectra, bin: number, { taps, delayFrames }: PredictionError,
): void {
  const frames = real.length
  const re = Float64Array.from({ length: frames }, (_, frame) => real[frame]![bin]!)
  const im = Float64Array.from({ length: frames }, (_, frame) => imaginary[frame]![bin]!)
  const [cleanRe, cleanIm] = [re.slice(), im.slice()]
  const mean = re.reduce((sum, value, frame) => sum + value ** 2 + im[frame]! ** 2, 0) / frames
  if (mean === 0) return
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const variances = cleanRe.map((value, frame) => Math.max(1e-6 * mean, value ** 2 + cleanIm[frame]! ** 2))
    const filter = solveHermitian(normalEquations(re, im, variances, taps, delayFrames))
    for (let frame = 0; frame < frames; frame++) {
      let [predictedRe, predictedIm] = [0, 0]
      for (let tap = 0; tap < taps && frame - delayFrames - tap >= 0; tap++) {
        const at = frame - delayFrames - tap
        // The conjugate of the filter times the past.
        predictedRe += filter.re[tap]! * re[at]! + filter.im[tap]! * im[at]!
        predictedIm += filter.re[tap]! * im[at]! - filter.im[tap]! * re[at]!
      }
      cleanRe[frame] = re[frame]! - predictedRe
      cleanIm[frame] = im[frame]! - predictedIm
    }
  }
  for (let frame = 0; frame < frames; frame++) {
    out.real[frame]![bin] = cleanRe[frame]!
    out.imaginary[frame]![bin] = cleanIm[frame]!
  }
}

/** A Hermitian matrix, row by row, and the right-hand side in its last column: shape [taps, taps + 1]. */
interface Equations { readonly re: Float64Array; readonly im: Float64Array; readonly taps: number }

function normalEquations(
  re: Float64Array, im: Float64Array, variances: Float64Array, taps: number, delayFrames: number,
): Equations {
  const width = taps + 1
  const matrix = { re: new Float64Array(taps * width), im: new Float64Array(taps * width), taps }
  for (let frame = delayFrames; frame < re.length; frame++) {
    const weight = 1 / variances[frame]!
    const past = Math.min(taps, frame - delayFrames + 1)
    for (let row = 0; row < past; row++) {
      const [rowRe, rowIm] = [re[frame - delayFrames - row]! * weight, im[frame - delayFrames - row]! * weight]
      // The other half of the matrix mirrors this one.
      for (let column = row; column <= taps; column++) {
        if (column >= past && column < taps) continue
        const at = column === taps ? frame : frame - delayFrames - column
        matrix.re[row * width + column]! += rowRe * re[at]! + rowIm * im[at]!
        matrix.im[row * width + column]! += rowIm * re[at]! - rowRe * im[at]!
      }
    }
  }
  let trace = 0
  for (let row = 0; row < taps; row++) {
    trace += matrix.re[row * width + row]!
    for (let column = 0; column < row; column++) {
      matrix.re[row * width + column] = matrix.re[column * width + row]!
      matrix.im[row * width + column] = -matrix.im[column * width + row]!
    }
  }
  for (let row = 0; row < taps; row++) matrix.re[row * width + row]! += LOADING * trace / taps + Number.MIN_VALUE
  return matrix
}

/** Gauss–Jordan elimination; the matrix is positive definite, so no pivot is zero. */
function solveHermitian({ re, im, taps }: Equations): { readonly re: Float64Array; readonly im: Float64Array } {
  const width = taps + 1
  for (let pivot = 0; pivot < taps; pivot++) {
    const [pivotRe, pivotIm] = [re[pivot * width + pivot]!, im[pivot * width + pivot]!]
    const norm = pivotRe ** 2 + pivotIm ** 2
    for (let column = pivot; column < width; column++) {
      const at = pivot * width + column
      const [valueRe, valueIm] = [re[at]!, im[at]!]
      re[at] = (valueRe * pivotRe + valueIm * pivotIm) / norm
      im[at] = (valueIm * pivotRe - valueRe * pivotIm) / norm
    }
    for (let row = 0; row < taps; row++) {
      if (row === pivot) continue
      const [factorRe, factorIm] = [re[row * width + pivot]!, im[row * width + pivot]!]
      for (let column = pivot; column < width; column++) {
        const [ownRe, ownIm] = [re[pivot * width + column]!, im[pivot * width + column]!]
        re[row * width + column]! -= factorRe * ownRe - factorIm * ownIm
        im[row * width + column]! -= factorRe * ownIm + factorIm * ownRe
      }
    }
  }
  const column = (part: Float64Array): Float64Array =>
    Float64Array.from({ length: taps }, (_, row) => part[row * width + taps]!)
  return { re: column(re), im: column(im) }
}

export interface LateEcho { readonly reverberationSeconds: number; readonly floorDb: number }

/** What came more than this before is late echo. */
const EARLY_SECONDS = 0.05
const SMOOTHING = 0.5

export function subtractLateEcho(
  { samples, sampleRate }: Waveform, { reverberationSeconds, floorDb }: LateEcho,
): Waveform {
  const spectra = analyse(samples)
  const smoothed: Float64Array[] = []
  for (const own of powersOf(spectra)) {
    const before = smoothed.at(-1) ?? own
    smoothed.push(own.map((power, bin) => SMOOTHING * before[bin]! + (1 - SMOOTHING) * power))
  }
  const delay = Math.round((EARLY_SECONDS * sampleRate) / HOP_SAMPLES)
  const decay = 10 ** (-6 * (delay * HOP_SAMPLES / sampleRate) / reverberationSeconds)
  const floor = 10 ** (floorDb / 20)
  const gains = smoothed.map((own, frame) => own.map((power, bin) => {
    const late = decay * (smoothed[frame - delay]?.[bin] ?? 0)
    return power === 0 ? 1 : Math.max(floor, Math.sqrt(Math.max(0, 1 - late / power)))
  }))
  return { samples: synthesize(amplify(spectra, gains), samples.length), sampleRate }
}
