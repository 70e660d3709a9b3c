/**
 * Power after K-weighting (ITU-R BS.1770-4: a high shelf for the head, a high pass), the inner loop of the loudness, in
 * WebAssembly with SIMD (`webassembly.ts`).
 *
 * A recursive filter waits for its own output, so two places of the signal are filtered at once, one in each lane of a
 * vector of 64-bit floats. The caller begins the second place a little earlier than it needs it, and drops that part:
 * the filter forgets what was before within 0.2 s, to less than the rounding of a double.
 *
 * The standard gives coefficients for 48 kHz only; their analogue prototypes (Brecht De Man 2014, as in libebur128)
 * give them for any rate.
 */
import {
  advance, assemble, doubles, get, isBelow, loadVector, pairs, repeatWhile, set, storeVector, VECTOR_BYTES, WORD_BYTES,
  words, type Code,
} from '../signal/webassembly.js'

/** Time after which nothing is left of what the filter has heard, in double precision. */
export const MEMORY_SECONDS = 0.2
/** Smaller values of the state are nothing: a processor takes many times as long with denormal numbers. */
const NOTHING = 1e-40
/** Samples of each place that are filtered in one call. */
const MOST_SAMPLES = 32_768

// Vectors at the start of the memory: coefficients, the states of both filters, the sum of squares.
const [B0, B1, B2, A1, A2, C1, C2, S1, S2, H1, H2, SUM] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
const VECTORS = 12
const FIRST_AT = VECTORS * VECTOR_BYTES / WORD_BYTES
const SECOND_AT = FIRST_AT + MOST_SAMPLES

// Locals: the parameters, and a vector for each of those above; input and both outputs.
const [BASE, FIRST, SECOND, END] = [0, 1, 2, 3]
const local = (vector: number): number => 4 + vector
const [X, Y, Z] = [local(VECTORS), local(VECTORS + 1), local(VECTORS + 2)]

const value = (vector: number): Code => get(local(vector))
const times = (vector: number, factor: number): Code => pairs.multiply(value(vector), get(factor))

/** Of samples from `first` up to `end`, and as many from `second` on. Both filters are transposed, direct form II. */
const filterBoth = assemble<[base: number, first: number, second: number, end: number]>(
  4, { addresses: 0, vectors: VECTORS + 3 }, [
    Array.from({ length: VECTORS }, (_, vector) => set(local(vector), loadVector(BASE, VECTOR_BYTES * vector))),
    repeatWhile([
      set(X, pairs.load(FIRST, SECOND)),
      set(Y, pairs.add(times(B0, X), value(S1))),
      set(local(S1), pairs.subtract(pairs.add(times(B1, X), value(S2)), times(A1, Y))),
      set(local(S2), pairs.subtract(times(B2, X), times(A2, Y))),
      // The numerator of the high pass is 1, −2, 1.
      set(Z, pairs.add(get(Y), value(H1))),
      set(local(H1), pairs.subtract(pairs.subtract(value(H2), pairs.add(get(Y), get(Y))), times(C1, Z))),
      set(local(H2), pairs.subtract(get(Y), times(C2, Z))),
      set(local(SUM), pairs.add(value(SUM), pairs.multiply(get(Z), get(Z)))),
      advance(FIRST, WORD_BYTES), advance(SECOND, WORD_BYTES),
    ], isBelow(get(FIRST), get(END))),
    [S1, S2, H1, H2, SUM].map((vector) => storeVector(BASE, VECTOR_BYTES * vector, value(vector))),
  ],
)

/** Fills the array with the samples of the signal from `start` on. */
export type FillSamples = (into: Float32Array, start: number) => void

/** Two places of a signal, filtered from silence on. Only one meter is in use at a time: they share a memory. */
export class PowerMeter {
  readonly #fillFirst: FillSamples
  readonly #fillSecond: FillSamples

  constructor(sampleRate: number, fillFirst: FillSamples, fillSecond: FillSamples) {
    this.#fillFirst = fillFirst
    this.#fillSecond = fillSecond
    const { b0, b1, b2, a1, a2 } = shelf(sampleRate)
    const pass = highPass(sampleRate)
    doubles.fill(0, 0, 2 * VECTORS)
    for (const [index, coefficient] of [b0, b1, b2, a1, a2, pass.a1, pass.a2].entries()) {
      doubles.fill(coefficient, 2 * index, 2 * index + 2)
    }
  }

  /** Mean powers of the next `length` samples, which begin at two places. */
  measure(first: number, second: number, length: number): [first: number, second: number] {
    doubles.fill(0, 2 * SUM, 2 * SUM + 2)
    for (let done = 0; done < length; done += MOST_SAMPLES) {
      const count = Math.min(MOST_SAMPLES, length - done)
      this.#fillFirst(words.subarray(FIRST_AT, FIRST_AT + count), first + done)
      this.#fillSecond(words.subarray(SECOND_AT, SECOND_AT + count), second + done)
      filterBoth(0, WORD_BYTES * FIRST_AT, WORD_BYTES * SECOND_AT, WORD_BYTES * (FIRST_AT + count))
      for (let index = 2 * S1; index < 2 * SUM; index++) if (Math.abs(doubles[index]!) < NOTHING) doubles[index] = 0
    }
    return [doubles[2 * SUM]! / length, doubles[2 * SUM + 1]! / length]
  }
}

/** Second-order filter section, a0 = 1. */
interface Biquad {
  readonly b0: number
  readonly b1: number
  readonly b2: number
  readonly a1: number
  readonly a2: number
}

const SHELF_HZ = 1681.974450955533
const HIGH_PASS_HZ = 38.13547087602444

/** Omitted at rates whose spectrum hardly reaches the corner of the shelf: below it, the gain is 0 dB. */
function shelf(sampleRate: number): Biquad {
  if (SHELF_HZ > 0.45 * sampleRate) return { b0: 1, b1: 0, b2: 0, a1: 0, a2: 0 }
  const k = Math.tan((Math.PI * SHELF_HZ) / sampleRate)
  const q = 0.7071752369554196
  const high = 10 ** (3.999843853973347 / 20)
  const band = high ** 0.4996667741545416
  const a0 = 1 + k / q + k * k
  return {
    b0: (high + (band * k) / q + k * k) / a0,
    b1: (2 * (k * k - high)) / a0,
    b2: (high - (band * k) / q + k * k) / a0,
    a1: (2 * (k * k - 1)) / a0,
    a2: (1 - k / q + k * k) / a0,
  }
}

/** The numerator is 1, −2, 1 as in the standard, not scaled by a0. */
function highPass(sampleRate: number): Pick<Biquad, 'a1' | 'a2'> {
  const k = Math.tan((Math.PI * HIGH_PASS_HZ) / sampleRate)
  const q = 0.5003270373238773
  const a0 = 1 + k / q + k * k
  return { a1: (2 * (k * k - 1)) / a0, a2: (1 - k / q + k * k) / a0 }
}
