/**
 * Four dot products with the same coefficients at once: the inner loop of the resampler (`webassembly.ts`).
 *
 * In TypeScript it takes more than ten times as long (`npm run bench -- resample`), and would require a shorter, worse
 * filter.
 */
import {
  add, addScalars, advance, assemble, floats, get, isBelow, loadVector, repeatWhile, set, storeScalar, VECTOR_BYTES,
  WORD_BYTES, type Code,
} from './webassembly.js'

// Locals: the five parameters, three more addresses, one vector of coefficients, four of sums.
const [SIGNAL, STRIDE, COEFFICIENTS, END, SUMS] = [0, 1, 2, 3, 4]
const [SIGNAL_1, SIGNAL_2, SIGNAL_3] = [5, 6, 7]
const [FACTORS, SUM_0, SUM_1, SUM_2, SUM_3] = [8, 9, 10, 11, 12]

const accumulate = (sum: number, signal: number): Code =>
  set(sum, floats.add(get(sum), floats.multiply(get(FACTORS), loadVector(signal))))
const total = (vector: number): Code => addScalars(
  addScalars(floats.lane(vector, 0), floats.lane(vector, 1)),
  addScalars(floats.lane(vector, 2), floats.lane(vector, 3)),
)

/**
 * Dot products of the coefficients with the signal at four addresses, `stride` apart, written to four words at `sums`.
 * Addresses are bytes from the start of `words`. The number of coefficients, up to `end`, is a multiple of four.
 */
export const dotProducts = assemble<[signal: number, stride: number, coefficients: number, end: number, sums: number]>(
  5, { addresses: 3, vectors: 5 }, [
    set(SIGNAL_1, add(get(SIGNAL), get(STRIDE))),
    set(SIGNAL_2, add(get(SIGNAL_1), get(STRIDE))),
    set(SIGNAL_3, add(get(SIGNAL_2), get(STRIDE))),
    repeatWhile([
      set(FACTORS, loadVector(COEFFICIENTS)),
      accumulate(SUM_0, SIGNAL), accumulate(SUM_1, SIGNAL_1), accumulate(SUM_2, SIGNAL_2), accumulate(SUM_3, SIGNAL_3),
      [SIGNAL, SIGNAL_1, SIGNAL_2, SIGNAL_3, COEFFICIENTS].map((address) => advance(address, VECTOR_BYTES)),
    ], isBelow(get(COEFFICIENTS), get(END))),
    [SUM_0, SUM_1, SUM_2, SUM_3].map((vector, index) => storeScalar(SUMS, WORD_BYTES * index, total(vector))),
  ],
)
