/** Numbers of 16 and 32 bits, little-endian, as model files store them → float32, and float32 → float16. */
import { SpeechError } from '../../domain/errors.js'

export interface FloatReader {
  /** Bytes of one number. */
  readonly bytes: number
  read(from: Uint8Array): Float32Array
}

export type FloatFormat = 'float32' | 'float16' | 'bfloat16'

/** `float16` is binary16 of IEEE 754; `bfloat16` is the upper half of a float32. */
export const FLOAT_FORMATS: Readonly<Record<FloatFormat, FloatReader>> = {
  float32: { bytes: 4, read: (from) => new Float32Array(alignedCopy(from)) },
  float16: {
    bytes: 2,
    read(from) {
      const table = halves()
      const bits = new Uint16Array(alignedCopy(from))
      const result = new Float32Array(bits.length)
      // Loops: `from` with a function takes a hundred times as long.
      for (let index = 0; index < bits.length; index++) result[index] = table[bits[index]!]!
      return result
    },
  },
  bfloat16: {
    bytes: 2,
    read(from) {
      const halfBits = new Uint16Array(alignedCopy(from))
      const bits = new Uint32Array(halfBits.length)
      for (let index = 0; index < bits.length; index++) bits[index] = halfBits[index]! << 16
      return new Float32Array(bits.buffer)
    },
  },
}

/** The value of each of the 65,536 numbers of 16 bits. */
function halves(): Float32Array {
  return known ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => {
    const sign = bits >> 15 === 0 ? 1 : -1
    const exponent = bits >> 10 & 0x1f
    const fraction = bits & 0x3ff
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 2 ** 10) * 2 ** (exponent - 15))
  })
}
let known: Float32Array | undefined

/** Bits of a float32: the sign apart, 65,520 rounds to infinity in float16, and 2⁻¹⁴ is its smallest normal number. */
const ABOVE_HALF = 0x477ff000
const SMALLEST_NORMAL_HALF = 0x38800000
/** What the exponents of both differ by, at the place of a float32. */
const EXPONENT_BIAS = (127 - 15) << 23

/**
 * The nearest numbers of float16 (binary16 of IEEE 754, ties to even), little-endian. Throws MODEL_INVALID for a number
 * beyond ±65,504: infinity in its place would make every later number of the model infinite or none.
 */
export function toHalves(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const result = new Uint16Array(values.length)
  for (let index = 0; index < result.length; index++) {
    const size = bits[index]! & 0x7fffffff
    if (size >= ABOVE_HALF) {
      throw new SpeechError('MODEL_INVALID', `a weight of ${values[index]} is beyond the range of float16`)
    }
    // Half of the last place, and one less where the last place is even, so that ties stay there.
    const rounded = size < SMALLEST_NORMAL_HALF ? roundedToEven(Math.abs(values[index]!) * 2 ** 24)
      : (size + 0xfff + (size >> 13 & 1) - EXPONENT_BIAS) >> 13
    result[index] = bits[index]! >>> 16 & 0x8000 | rounded
  }
  return result
}

/** Numbers below 2⁻¹⁴ are whole multiples of 2⁻²⁴ in float16. */
function roundedToEven(value: number): number {
  const below = Math.floor(value)
  const rest = value - below
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below
}

/** A copy at an address that any typed array may begin at. */
function alignedCopy(bytes: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.byteLength)
  new Uint8Array(copy).set(bytes)
  return copy
}
