/**
 * True peak after ITU-R BS.1770-4, Annex 2: the signal between the samples can be higher than any of them, so it is
 * interpolated to four times the rate, from 96 kHz on to twice, from 192 kHz on not at all.
 *
 * Two additions that the annex permits. None of its four phases coincides with a sample, so the samples count too. And
 * a block is skipped when nothing in it can exceed the highest value so far, by its largest sample and its largest
 * step; the result is the same, and only a few blocks of a voice are computed, in WebAssembly (`webassembly.ts`).
 *
 * The catch: twelve taps are few. Where a signal reaches up to half of its rate, as speech at 16 kHz does, the result
 * may be 0.3 dB too low.
 */
import type { Waveform } from '../../domain/audio.js'
import { BLOCK_SAMPLES, boundsOf } from './block-bounds.js'
import {
  advance, assemble, doubles, get, isBelow, loadVector, pairs, repeatWhile, set, storeVector, VECTOR_BYTES, type Code,
} from '../signal/webassembly.js'

/** Annex 2, table 1: phases 0 and 1. Phases 3 and 2 are these reversed. */
const PHASE_0 = [
  0.001708984375, 0.010986328125, -0.0196533203125, 0.033203125, -0.0594482421875, 0.1373291015625,
  0.97216796875, -0.102294921875, 0.047607421875, -0.026611328125, 0.014892578125, -0.00830078125,
]
const PHASE_1 = [
  -0.0291748046875, 0.029296875, -0.0517578125, 0.089111328125, -0.16650390625, 0.465087890625,
  0.77978515625, -0.2003173828125, 0.1015625, -0.0582275390625, 0.0330810546875, -0.0189208984375,
]
const PHASES = [PHASE_0, PHASE_1, PHASE_1.toReversed(), PHASE_0.toReversed()]
const TAPS = PHASE_0.length
const CENTRE = PHASE_0.indexOf(Math.max(...PHASE_0))
// Two bounds of an output: by the largest input alone, and by the central input with the steps from there.
const LARGEST_GAIN = PHASE_1.reduce((sum, weight) => sum + Math.abs(weight), 0)
const CENTRE_GAIN = PHASE_0.reduce((sum, weight) => sum + weight, 0)
const STEP_GAIN = PHASE_1.reduce((sum, weight, tap) => sum + Math.abs(weight * (tap - CENTRE)), 0)

// The memory: a vector for each tap and two phases, then for the other two phases; the highest outputs; the samples.
const PAIRS_OF_PHASES = 2
const VECTORS = PAIRS_OF_PHASES * (TAPS + 1)
const HIGHEST_AT = PAIRS_OF_PHASES * TAPS
const REACH = TAPS - 1 + BLOCK_SAMPLES
const REACH_AT = 2 * VECTORS
const DOUBLE_BYTES = 8

// Locals: the parameters, a sample, and for both pairs of phases the highest output, the sum and the products.
const [BASE, FIRST, END, SAMPLE] = [0, 1, 2, 3]
const HIGHEST = [4, 5] as const
const SUMS = [6, 7] as const

const tapAt = (pair: number, tap: number): number => VECTOR_BYTES * (pair * TAPS + tap)
const product = (pair: number, tap: number): Code =>
  pairs.multiply(get(SAMPLE), loadVector(BASE, tapAt(pair, tap)))
const byPair = (code: (pair: 0 | 1) => Code): Code => [code(0), code(1)]
const highestAt = (pair: number): number => VECTOR_BYTES * (HIGHEST_AT + pair)

/** The largest absolute outputs of all phases, for outputs whose first samples are from `first` up to `end`. */
const filterPhases = assemble<[base: number, first: number, end: number]>(3, { addresses: 0, vectors: 5 }, [
  byPair((pair) => set(HIGHEST[pair], loadVector(BASE, highestAt(pair)))),
  repeatWhile([
    Array.from({ length: TAPS }, (_, tap) => [
      set(SAMPLE, pairs.loadSplat(FIRST, DOUBLE_BYTES * (TAPS - 1 - tap))),
      byPair((pair) => set(SUMS[pair], tap === 0
        ? product(pair, tap) : pairs.add(get(SUMS[pair]), product(pair, tap)))),
    ]),
    byPair((pair) => set(HIGHEST[pair], pairs.largest(get(HIGHEST[pair]), pairs.absolute(get(SUMS[pair]))))),
    advance(FIRST, DOUBLE_BYTES),
  ], isBelow(get(FIRST), get(END))),
  byPair((pair) => storeVector(BASE, highestAt(pair), get(HIGHEST[pair]))),
])

/** Largest absolute value, linear; 1 is full scale, 0 dBTP. */
export function truePeak({ samples, sampleRate }: Waveform): number {
  const { peaks, steps } = boundsOf(samples)
  let highest = peaks.reduce((most, peak) => Math.max(most, peak), 0)
  if (!writePhases(sampleRate)) return highest
  // The filter reaches back into the block before, and beyond the end after the last one.
  for (let block = 0; block <= peaks.length; block++) {
    const peak = Math.max(peaks[block - 1] ?? 0, peaks[block] ?? 0)
    const step = Math.max(steps[block - 1] ?? 0, steps[block] ?? 0)
    if (Math.min(LARGEST_GAIN * peak, CENTRE_GAIN * peak + STEP_GAIN * step) <= highest) continue
    highest = Math.max(highest, highestOf(samples, block * BLOCK_SAMPLES))
  }
  return highest
}

/** The taps of those phases that the rate needs; false where it needs none. */
function writePhases(sampleRate: number): boolean {
  if (sampleRate >= 192_000) return false
  for (const [index, phase] of PHASES.entries()) {
    const isNeeded = sampleRate < 96_000 || index % 2 === 0
    const pair = index >> 1
    for (const [tap, weight] of phase.entries()) {
      doubles[tapAt(pair, tap) / DOUBLE_BYTES + index % 2] = isNeeded ? weight : 0
    }
  }
  return true
}

/** Largest filter output of one block, with the eleven samples before it. */
function highestOf(samples: Float32Array, start: number): number {
  const first = start - TAPS + 1
  for (let i = 0; i < REACH; i++) doubles[REACH_AT + i] = samples[first + i] ?? 0
  doubles.fill(0, 2 * HIGHEST_AT, 2 * VECTORS)
  filterPhases(0, DOUBLE_BYTES * REACH_AT, DOUBLE_BYTES * (REACH_AT + BLOCK_SAMPLES))
  let highest = 0
  for (let phase = 0; phase < PHASES.length; phase++) highest = Math.max(highest, doubles[2 * HIGHEST_AT + phase]!)
  return highest
}
