/**
 * Samples → complex short-time spectra → samples, for the ways to clean a recording that change its spectrum.
 *
 * Frames of 32 ms every 16 ms, the root of a Hann window before and after (weighted overlap-add, Crochiere 1980): what
 * is not changed comes back as it was. The transform is the radix-2 algorithm of Cooley and Tukey (1965).
 */
export const FRAME_SAMPLES = 512
export const HOP_SAMPLES = 256
export const BINS = FRAME_SAMPLES / 2 + 1

/** Real and imaginary parts of each frame, shape [frames][BINS]. */
export interface ShortTimeSpectra {
  readonly real: readonly Float64Array[]
  readonly imaginary: readonly Float64Array[]
}

const WINDOW = Float64Array.from({ length: FRAME_SAMPLES }, (_, n) => Math.sin((Math.PI * n) / FRAME_SAMPLES))
const COSINES = WINDOW.map((_, n) => Math.cos((2 * Math.PI * n) / FRAME_SAMPLES))
const SINES = WINDOW.map((_, n) => Math.sin((2 * Math.PI * n) / FRAME_SAMPLES))
/** Sum of the squared windows that overlap at a sample. */
const OVERLAP = FRAME_SAMPLES / HOP_SAMPLES / 2

export function analyse(samples: Float32Array): ShortTimeSpectra {
  const frames = Math.ceil((samples.length + FRAME_SAMPLES - HOP_SAMPLES) / HOP_SAMPLES)
  const real: Float64Array[] = []
  const imaginary: Float64Array[] = []
  for (let frame = 0; frame < frames; frame++) {
    const start = (frame + 1) * HOP_SAMPLES - FRAME_SAMPLES
    const [re, im] = [new Float64Array(FRAME_SAMPLES), new Float64Array(FRAME_SAMPLES)]
    for (let n = 0; n < FRAME_SAMPLES; n++) re[n] = (samples[start + n] ?? 0) * WINDOW[n]!
    transform(re, im)
    real.push(re.slice(0, BINS))
    imaginary.push(im.slice(0, BINS))
  }
  return { real, imaginary }
}

/** The first `length` samples. */
export function synthesize({ real, imaginary }: ShortTimeSpectra, length: number): Float32Array {
  const samples = new Float32Array(length)
  for (const [frame, own] of real.entries()) {
    const start = (frame + 1) * HOP_SAMPLES - FRAME_SAMPLES
    const [re, im] = [new Float64Array(FRAME_SAMPLES), new Float64Array(FRAME_SAMPLES)]
    for (let bin = 0; bin < BINS; bin++) {
      const mirrored = (FRAME_SAMPLES - bin) % FRAME_SAMPLES
      re[bin] = re[mirrored] = own[bin]!
      // The conjugate of the transform of the conjugate is the inverse, up to the length.
      im[bin] = -imaginary[frame]![bin]!
      im[mirrored] = imaginary[frame]![bin]!
    }
    transform(re, im)
    for (let n = Math.max(0, -start); n < FRAME_SAMPLES && start + n < length; n++) {
      samples[start + n]! += re[n]! * WINDOW[n]! / FRAME_SAMPLES / OVERLAP
    }
  }
  return samples
}

/** |X|² of each frame. */
export function powersOf({ real, imaginary }: ShortTimeSpectra): Float64Array[] {
  return real.map((own, frame) => own.map((value, bin) => value ** 2 + imaginary[frame]![bin]! ** 2))
}

/** Each bin of each frame times a gain, shape [frames][BINS]. */
export function amplify({ real, imaginary }: ShortTimeSpectra, gains: readonly Float64Array[]): ShortTimeSpectra {
  const times = (parts: readonly Float64Array[]): Float64Array[] =>
    parts.map((own, frame) => own.map((value, bin) => value * gains[frame]![bin]!))
  return { real: times(real), imaginary: times(imaginary) }
}

/** In place, over FRAME_SAMPLES samples. */
function transform(re: Float64Array, im: Float64Array): void {
  const length = re.length
  for (let at = 1, reversed = 0; at < length; at++) {
    let bit = length >> 1
    for (; (reversed & bit) !== 0; bit >>= 1) reversed ^= bit
    reversed ^= bit
    if (at < reversed) {
      swap(re, at, reversed)
      swap(im, at, reversed)
    }
  }
  for (let size = 2; size <= length; size *= 2) butterflies(re, im, size)
}

function swap(values: Float64Array, one: number, other: number): void {
  const kept = values[one]!
  values[one] = values[other]!
  values[other] = kept
}

function butterflies(re: Float64Array, im: Float64Array, size: number): void {
  const half = size / 2
  const step = FRAME_SAMPLES / size
  for (let k = 0; k < half; k++) {
    const [cos, sin] = [COSINES[k * step]!, -SINES[k * step]!]
    for (let low = k; low < re.length; low += size) {
      const high = low + half
      const oddRe = re[high]! * cos - im[high]! * sin
      const oddIm = re[high]! * sin + im[high]! * cos
      re[high] = re[low]! - oddRe
      im[high] = im[low]! - oddIm
      re[low]! += oddRe
      im[low]! += oddIm
    }
  }
}
