/** Numbers of 16 and 32 bits, little-endian, as model files store them → float32. */

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

/** A copy at an address that any typed array may begin at. */
function alignedCopy(bytes: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.byteLength)
  new Uint8Array(copy).set(bytes)
  return copy
}
