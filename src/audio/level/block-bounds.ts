/**
 * Largest sample and largest step of short blocks, which bound what a filter can make of them; in WebAssembly
 * (`signal/webassembly.ts`).
 */
import {
  advance, assemble, floats, get, isBelow, loadVector, repeatWhile, set, storeScalar, VECTOR_BYTES, words, WORD_BYTES,
  type Code,
} from '../signal/webassembly.js'

export const BLOCK_SAMPLES = 32
const VECTORS = BLOCK_SAMPLES * WORD_BYTES / VECTOR_BYTES
/** Blocks that are measured in one call. */
const MOST_BLOCKS = 2_048
/** The subtraction of two floats is rounded; the bound is not less than the exact step. */
const ABOVE_ROUNDING = 1 + 2 ** -20

// The memory, in words: a vector that ends with the sample before, the samples, two results of each block.
const SAMPLES_AT = VECTOR_BYTES / WORD_BYTES
const RESULTS_AT = SAMPLES_AT + MOST_BLOCKS * BLOCK_SAMPLES

// Locals: the parameters (of samples, of the samples before them), and vectors.
const [FIRST, BEFORE, END, RESULTS] = [0, 1, 2, 3]
const [PEAK, STEP, FOUR] = [4, 5, 6]

const raise = (highest: number, to: Code): Code => set(highest, floats.largest(get(highest), floats.absolute(to)))

const measureBlocks = assemble<[first: number, before: number, end: number, results: number]>(
  4, { addresses: 0, vectors: 3 }, [
    repeatWhile([
      set(PEAK, floats.zero), set(STEP, floats.zero),
      Array.from({ length: VECTORS }, (_, vector) => [
        set(FOUR, loadVector(FIRST, VECTOR_BYTES * vector)),
        raise(PEAK, get(FOUR)),
        raise(STEP, floats.subtract(get(FOUR), loadVector(BEFORE, VECTOR_BYTES * vector))),
      ]),
      storeScalar(RESULTS, 0, floats.largestLane(PEAK)), storeScalar(RESULTS, WORD_BYTES, floats.largestLane(STEP)),
      advance(FIRST, WORD_BYTES * BLOCK_SAMPLES), advance(BEFORE, WORD_BYTES * BLOCK_SAMPLES),
      advance(RESULTS, 2 * WORD_BYTES),
    ], isBelow(get(FIRST), get(END))),
  ],
)

export interface BlockBounds {
  /** Largest absolute sample of each block. */
  readonly peaks: Float64Array
  /** No smaller than the largest step to a sample of the block from the one before. */
  readonly steps: Float64Array
}

/** There is silence before and after the signal; the last block has the step to it. */
export function boundsOf(samples: Float32Array): BlockBounds {
  const count = Math.floor(samples.length / BLOCK_SAMPLES) + 1
  const [peaks, steps] = [new Float64Array(count), new Float64Array(count)]
  for (let block = 0; block < count; block += MOST_BLOCKS) {
    const blocks = Math.min(MOST_BLOCKS, count - block)
    const part = samples.subarray(block * BLOCK_SAMPLES, (block + blocks) * BLOCK_SAMPLES)
    words[SAMPLES_AT - 1] = block === 0 ? 0 : samples[block * BLOCK_SAMPLES - 1]!
    words.set(part, SAMPLES_AT)
    words.fill(0, SAMPLES_AT + part.length, SAMPLES_AT + blocks * BLOCK_SAMPLES)
    const [first, end] = [WORD_BYTES * SAMPLES_AT, WORD_BYTES * (SAMPLES_AT + blocks * BLOCK_SAMPLES)]
    measureBlocks(first, first - WORD_BYTES, end, WORD_BYTES * RESULTS_AT)
    for (let index = 0; index < blocks; index++) {
      peaks[block + index] = words[RESULTS_AT + 2 * index]!
      steps[block + index] = words[RESULTS_AT + 2 * index + 1]! * ABOVE_ROUNDING
    }
  }
  return { peaks, steps }
}
