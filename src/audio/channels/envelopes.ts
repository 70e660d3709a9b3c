/**
 * The level of each channel over time, in the band of a voice: what decides which channel is heard.
 *
 * A high pass of the second order at 300 Hz and a low pass at 4 kHz (Robert Bristow-Johnson, "Cookbook formulae for
 * audio EQ biquad filter coefficients") remove hum, rumble, most of a low-frequency effects channel and hiss. The level
 * of a frame is the median of five frames, so that a click of less than 60 ms does not count and the onset of a word is
 * where it was. The noise floor is a low percentile: it is that of the gaps between words where somebody talks all the
 * time, and the whole level of a steady noise.
 */
import { channelOf, finite, type Block } from '../signal/downmix.js'
import type { YieldIfDue } from '../event-loop.js'

/** Levels of one channel. */
export interface Envelope {
  /** Median power of each frame in the band of a voice, dB relative to full scale. Shape [frames]. */
  readonly levelDb: Float32Array
  /** Level of the noise. */
  readonly floorDb: number
  /** Level of the loud frames. */
  readonly loudDb: number
}

export const FRAME_SECONDS = 0.02
const HIGH_PASS_HZ = 300
const LOW_PASS_HZ = 4_000
/** Of a Butterworth filter. */
const RESONANCE = Math.SQRT1_2
/** A filter is left out where half the sample rate is not this much higher. */
const LEAST_HEADROOM = 1.2
const MEDIAN_FRAMES = 5
const FLOOR_SHARE = 0.1
const LOUD_SHARE = 0.98
/** A lower floor is digital silence, or that of a channel which a device switches off. */
const LOWEST_FLOOR_DB = -80
/** The floor is at most this far below the loud frames. */
const MOST_RANGE_DB = 45
const SILENCE_POWER = 1e-12
const ABOVE_DENORMAL = 1e-15
/** Samples that are filtered at once: about a millisecond of work. */
const SLICE_SAMPLES = 65_536

/** Of all channels, in their order. Rejects with what `interrupt` throws; the event loop runs in between. */
export async function envelopesOf(
  blocks: readonly Block[], channels: number, sampleRate: number, yieldIfDue: YieldIfDue,
): Promise<Envelope[]> {
  const envelopes: Envelope[] = []
  for (let channel = 0; channel < channels; channel++) {
    envelopes.push(await envelopeOf(blocks.map((block) => channelOf(block, channel)), sampleRate, yieldIfDue))
  }
  return envelopes
}

/** Of one channel, or of a mix: consecutive parts. */
export async function envelopeOf(
  parts: readonly Float32Array[], sampleRate: number, yieldIfDue: YieldIfDue,
): Promise<Envelope> {
  const total = parts.reduce((sum, { length }) => sum + length, 0)
  const meter = new BandMeter(sampleRate, total)
  for (const part of parts) {
    for (let start = 0; start < part.length; start += SLICE_SAMPLES) {
      meter.add(part.subarray(start, start + SLICE_SAMPLES))
      await yieldIfDue()
    }
  }
  const levelDb = medians(meter.finish())
  const sorted = levelDb.toSorted()
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? LOWEST_FLOOR_DB
  const loudDb = at(LOUD_SHARE)
  return { levelDb, loudDb, floorDb: Math.max(at(FLOOR_SHARE), LOWEST_FLOOR_DB, loudDb - MOST_RANGE_DB) }
}

/** Frames of so many samples each; the last one may be shorter. */
export function hopOf(sampleRate: number): number {
  return Math.max(1, Math.round(FRAME_SECONDS * sampleRate))
}

/** Powers of frames in the band of a voice, of samples that come in parts. */
class BandMeter {
  readonly #powers: Float32Array
  readonly #hop: number
  readonly #filters: readonly [Biquad, Biquad]
  readonly #slice = new Float64Array(SLICE_SAMPLES)
  #frame = 0
  #filled = 0
  #sum = 0

  constructor(sampleRate: number, samples: number) {
    this.#hop = hopOf(sampleRate)
    this.#powers = new Float32Array(Math.ceil(samples / this.#hop))
    this.#filters = [
      biquad('high', HIGH_PASS_HZ / sampleRate),
      biquad('low', LOW_PASS_HZ / sampleRate),
    ]
  }

  /** At most SLICE_SAMPLES. */
  add(samples: Float32Array): void {
    const filtered = this.#slice
    for (let n = 0; n < samples.length; n++) filtered[n] = finite(samples[n]!)
    runFilters(this.#filters, filtered, samples.length)
    let start = 0
    while (start < samples.length) {
      const end = Math.min(samples.length, start + this.#hop - this.#filled)
      this.#sum += energyOf(filtered, start, end)
      this.#filled += end - start
      if (this.#filled === this.#hop) this.#close()
      start = end
    }
  }

  finish(): Float32Array {
    if (this.#filled > 0) this.#close()
    return this.#powers
  }

  #close(): void {
    this.#powers[this.#frame++] = 10 * Math.log10(this.#sum / this.#filled + SILENCE_POWER)
    this.#sum = 0
    this.#filled = 0
  }
}

/** Coefficients divided by a0, and the two values of the state (direct form II, transposed). */
interface Biquad { readonly b: readonly [number, number, number]; readonly a: readonly [number, number]; s: number[] }

/** `ratio`: the frequency over the sample rate. Passes everything where half the rate is not enough higher. */
function biquad(kind: 'high' | 'low', ratio: number): Biquad {
  if (ratio * LEAST_HEADROOM > 0.5) return { b: [1, 0, 0], a: [0, 0], s: [0, 0] }
  const omega = 2 * Math.PI * ratio
  const cosine = Math.cos(omega)
  const alpha = Math.sin(omega) / (2 * RESONANCE)
  const scale = 1 / (1 + alpha)
  const middle = kind === 'low' ? (1 - cosine) * scale : -(1 + cosine) * scale
  const outer = Math.abs(middle) / 2
  return { b: [outer, middle, outer], a: [-2 * cosine * scale, (1 - alpha) * scale], s: [0, 0] }
}

function energyOf(samples: Float64Array, start: number, end: number): number {
  let sum = 0
  for (let n = start; n < end; n++) sum += samples[n]! * samples[n]!
  return sum
}

/**
 * One after the other over the first `length` samples, in place, in a single pass. The tiny constant keeps the state
 * away from denormal numbers, with which a processor takes many times as long; it is 300 dB below full scale.
 */
function runFilters([first, second]: readonly [Biquad, Biquad], samples: Float64Array, length: number): void {
  const { b: [b0, b1, b2], a: [a1, a2] } = first
  const { b: [d0, d1, d2], a: [c1, c2] } = second
  let [s1, s2] = first.s as [number, number]
  let [r1, r2] = second.s as [number, number]
  for (let n = 0; n < length; n++) {
    const x = samples[n]! + (n % 2 === 0 ? ABOVE_DENORMAL : -ABOVE_DENORMAL)
    const y = b0 * x + s1
    s1 = b1 * x - a1 * y + s2
    s2 = b2 * x - a2 * y
    const z = d0 * y + r1
    r1 = d1 * y - c1 * z + r2
    r2 = d2 * y - c2 * z
    samples[n] = z
  }
  first.s = [s1, s2]
  second.s = [r1, r2]
}

function medians(values: Float32Array): Float32Array {
  const half = (MEDIAN_FRAMES - 1) / 2
  return values.map((_, index) => {
    const near = values.slice(Math.max(0, index - half), index + half + 1).sort()
    return near[Math.floor(near.length / 2)]!
  })
}
