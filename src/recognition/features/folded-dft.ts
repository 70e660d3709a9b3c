/**
 * Power spectrum of a real frame whose length is no power of two, as the 400 samples of Whisper's front end.
 *
 * The sums of the discrete Fourier transform are folded twice, because cosine and sine repeat within a period: first
 * sample n with N − n, then n with N/2 − n. A quarter of the frame remains, so a frame of 400 costs 40,000
 * multiplications, and a second of audio less than 10 ms. A transform by factors would be faster, but the gain would
 * not show beside the models that need this one.
 */

/** Into `power`, which it returns. */
export type PowerSpectrum = (frame: Float32Array, power: Float32Array) => Float32Array

/** A function to |DFT|² at bins 0 … size/2 − 1, not normalized. `size` is a multiple of 4. */
export function foldedPowerSpectrum(size: number): PowerSpectrum {
  const half = size / 2
  const quarter = size / 4
  const [cosines, sines] = tables(size)
  // Of even and odd bins, by sample: what is multiplied with cosines and with sines.
  const [evenReal, oddReal, evenImaginary, oddImaginary] = [0, 1, 2, 3].map(() => new Float64Array(quarter + 1)) as
    [Float64Array, Float64Array, Float64Array, Float64Array]
  return (frame, power) => {
    evenReal[0] = frame[0]! + frame[half]!
    oddReal[0] = frame[0]! - frame[half]!
    for (let n = 1; n <= quarter; n++) {
      const [a, b] = [frame[n]!, frame[size - n]!]
      // The sample in the middle of a fold has no partner.
      const [c, d] = n === quarter ? [0, 0] : [frame[half - n]!, frame[half + n]!]
      evenReal[n] = a + b + (c + d)
      oddReal[n] = a + b - (c + d)
      evenImaginary[n] = a - b - (c - d)
      oddImaginary[n] = a - b + (c - d)
    }
    for (let bin = 0; bin < half; bin++) {
      const isEven = bin % 2 === 0
      const [real, imaginary] = isEven ? [evenReal, evenImaginary] : [oddReal, oddImaginary]
      power[bin] = squaredSum(real, imaginary, cosines, sines, bin * (quarter + 1))
    }
    return power
  }
}

function squaredSum(
  real: Float64Array, imaginary: Float64Array, cosines: Float64Array, sines: Float64Array, row: number,
): number {
  let realSum = 0
  let imaginarySum = 0
  for (let n = 0; n < real.length; n++) {
    realSum += real[n]! * cosines[row + n]!
    imaginarySum += imaginary[n]! * sines[row + n]!
  }
  return realSum * realSum + imaginarySum * imaginarySum
}

/** [bins, size/4 + 1] */
function tables(size: number): [cosines: Float64Array, sines: Float64Array] {
  const columns = size / 4 + 1
  const angle = (index: number): number =>
    2 * Math.PI * ((Math.floor(index / columns) * (index % columns)) % size) / size
  const length = size / 2 * columns
  return [
    Float64Array.from({ length }, (_, index) => Math.cos(angle(index))),
    Float64Array.from({ length }, (_, index) => Math.sin(angle(index))),
  ]
}
