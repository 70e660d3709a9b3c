/**
 * Removes a DC offset, which cheap sound cards add. It is assumed to be constant and is subtracted. Digital silence is
 * left out of its mean and is not changed: apps pad recordings with exact zeros, which have no offset. With the mean
 * over a clip that is padded to twice its length, half of the offset would stay and the other half would be added to
 * the padding.
 *
 * The differences are those of doubles, rounded to floats, in WebAssembly (`signal/webassembly.ts`).
 */
import type { Waveform } from '../../domain/audio.js'
import {
  advance, assemble, doubles, get, isBelow, loadVector, pairs, repeatWhile, set, storeVector, VECTOR_BYTES, words,
  WORD_BYTES,
} from '../signal/webassembly.js'
import type { FillSamples } from './k-weighting.js'

/** Shorter runs of zeros are part of the signal. */
const PADDING_SECONDS = 0.01

/** A range of samples, `end` excluded. */
export interface Range { readonly start: number; readonly end: number }

const MOST_SAMPLES = 32_768
const LANES = VECTOR_BYTES / WORD_BYTES
/** At the end of the memory: the callers of `shiftedParts` have their samples at its beginning. */
const OFFSET_AT = words.length - LANES
const SAMPLES_AT = OFFSET_AT - MOST_SAMPLES

// Locals: the parameters, the offset in both lanes, four samples.
const [OFFSET, FIRST, END, BOTH, FOUR] = [0, 1, 2, 3, 4]

const subtract = assemble<[offset: number, first: number, end: number]>(3, { addresses: 0, vectors: 2 }, [
  set(BOTH, loadVector(OFFSET)),
  repeatWhile([
    set(FOUR, loadVector(FIRST)),
    storeVector(FIRST, 0, pairs.toFloats(
      pairs.subtract(pairs.lower(get(FOUR)), get(BOTH)), pairs.subtract(pairs.upper(get(FOUR)), get(BOTH)),
    )),
    advance(FIRST, VECTOR_BYTES),
  ], isBelow(get(FIRST), get(END))),
])

/** In place, of samples in `words`. */
function subtractFrom(samples: Float32Array, offset: number): void {
  if (offset === 0) return
  const whole = samples.length - samples.length % LANES
  const first = samples.byteOffset
  doubles.fill(offset, OFFSET_AT / 2, OFFSET_AT / 2 + 2)
  if (whole > 0) subtract(WORD_BYTES * OFFSET_AT, first, first + WORD_BYTES * whole)
  for (let i = whole; i < samples.length; i++) samples[i]! -= offset
}

/** A copy with the offset subtracted in the ranges; all other samples are zeros and stay zeros. */
export function shifted({ samples, sampleRate }: Waveform, ranges: readonly Range[], offset: number): Waveform {
  const centred = new Float32Array(samples.length)
  for (const { start, end } of ranges) {
    for (let first = start; first < end; first += MOST_SAMPLES) {
      const part = words.subarray(SAMPLES_AT, SAMPLES_AT + Math.min(MOST_SAMPLES, end - first))
      part.set(samples.subarray(first, first + part.length))
      subtractFrom(part, offset)
      centred.set(part, first)
    }
  }
  return { samples: centred, sampleRate }
}

/** As `shifted`, for parts in order of time, which are in `words`. */
export function shiftedParts(samples: Float32Array, ranges: readonly Range[], offset: number): FillSamples {
  let next = 0
  return (into, from) => {
    const until = from + into.length
    while (next < ranges.length && ranges[next]!.end <= from) next++
    let filled = from
    for (let index = next; index < ranges.length && ranges[index]!.start < until; index++) {
      const first = Math.max(ranges[index]!.start, from)
      const last = Math.min(ranges[index]!.end, until)
      into.fill(0, filled - from, first - from)
      into.set(samples.subarray(first, last), first - from)
      subtractFrom(into.subarray(first - from, last - from), offset)
      filled = last
    }
    into.fill(0, filled - from)
  }
}

/** The ranges between paddings. Samples are probed at intervals at which every padding contains one of them. */
export function unpaddedOf({ samples, sampleRate }: Waveform): Range[] {
  const padding = Math.ceil(PADDING_SECONDS * sampleRate)
  const ranges: Range[] = []
  let start = 0
  for (let probe = padding - 1; probe < samples.length; probe += padding) {
    if (samples[probe] !== 0) continue
    let [first, end] = [probe, probe + 1]
    while (first > start && samples[first - 1] === 0) first--
    while (end < samples.length && samples[end] === 0) end++
    if (end - first < padding) continue
    if (first > start) ranges.push({ start, end: first })
    start = end
    probe = end - 1
  }
  return samples.length > start ? [...ranges, { start, end: samples.length }] : ranges
}
