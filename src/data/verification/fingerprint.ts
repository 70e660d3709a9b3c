/**
 * Audio fingerprint of a clip, after Haitsma & Kalker ("A Highly Robust Audio Fingerprinting System", ISMIR 2002): 32
 * bits a frame, each the sign of the difference between two neighbouring bands that is larger or smaller than in the
 * frame before. It is the same for another level, coding, sample rate or length of silence, and differs between two
 * recordings of the same words.
 *
 * Two choices differ from the paper, because clips of voice search last a second and songs last minutes. A frame is
 * 128 ms instead of 370, so that a word has more than two independent ones. And frames without sound have no bits that
 * mean anything: those 40 dB below the loudest are marked and not compared. The bands, 300 to 1850 Hz, are inside those
 * of a telephone.
 */
import type { Waveform } from '../../domain/audio.js'
import { resample } from '../../audio/signal/resample.js'
import { FRAME_SAMPLES, powerSpectrumAt } from './spectrum.js'

export interface Fingerprint {
  /** Shape [frames], 32 bits each. */
  readonly bits: Uint32Array
  /** Bits of each frame whose sign is the least certain. Shape [frames, WEAK_BITS]. */
  readonly weakest: Uint8Array
  /** 1 where there is sound. Shape [frames]. */
  readonly active: Uint8Array
}

export const WEAK_BITS = 3
export const FRAMES_PER_SECOND = 62.5

const RATE_HZ = 4_000
const HOP_SAMPLES = RATE_HZ / FRAMES_PER_SECOND
const BITS = 32
const LOWEST_HZ = 300
const HIGHEST_HZ = 1_850
/** Power relative to the loudest frame. */
const ACTIVE = 1e-4
/** Mean power of a frame below which it is no sound at all: −80 dBFS. */
const AUDIBLE = 1e-8

/** First bin of each of the 33 bands, evenly spaced in log frequency, and the end of the last. */
const EDGES = Array.from({ length: BITS + 2 }, (_, band) =>
  Math.round(LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ) ** (band / (BITS + 1)) * FRAME_SAMPLES / RATE_HZ))

export function fingerprintOf(waveform: Waveform): Fingerprint {
  const { samples } = resample(waveform, RATE_HZ)
  const frames = Math.max(0, Math.floor((samples.length - FRAME_SAMPLES) / HOP_SAMPLES))
  const bits = new Uint32Array(frames)
  const weakest = new Uint8Array(frames * WEAK_BITS)
  const powers = new Float64Array(frames)
  let before = frames > 0 ? bandsAt(samples, 0) : new Float64Array(0)
  for (let frame = 0; frame < frames; frame++) {
    const bands = bandsAt(samples, (frame + 1) * HOP_SAMPLES)
    const certainty = new Float64Array(BITS)
    for (let bit = 0; bit < BITS; bit++) {
      const [now, last] = [bands[bit]! - bands[bit + 1]!, before[bit]! - before[bit + 1]!]
      if (now > last) bits[frame]! |= 1 << bit
      const total = bands[bit]! + bands[bit + 1]! + before[bit]! + before[bit + 1]!
      certainty[bit] = total === 0 ? 0 : Math.abs(now - last) / total
    }
    weakest.set(weakestOf(certainty), frame * WEAK_BITS)
    powers[frame] = bands.reduce((sum, power) => sum + power, 0)
    before = bands
  }
  const loudest = powers.reduce((most, power) => Math.max(most, power), 0)
  const threshold = Math.max(loudest * ACTIVE, AUDIBLE * FRAME_SAMPLES ** 2)
  return { bits, weakest, active: Uint8Array.from(powers, (power) => power >= threshold ? 1 : 0) }
}

/** Power of each of the 33 bands. */
function bandsAt(samples: Float32Array, start: number): Float64Array {
  const spectrum = powerSpectrumAt(samples, start)
  const bands = new Float64Array(BITS + 1)
  for (let band = 0; band <= BITS; band++) {
    for (let bin = EDGES[band]!; bin < EDGES[band + 1]!; bin++) bands[band]! += spectrum[bin]!
  }
  return bands
}

function weakestOf(certainty: Float64Array): number[] {
  const found: number[] = []
  while (found.length < WEAK_BITS) {
    let least = -1
    for (let bit = 0; bit < BITS; bit++) {
      if (!found.includes(bit) && (least < 0 || certainty[bit]! < certainty[least]!)) least = bit
    }
    found.push(least)
  }
  return found
}

/** Little-endian: the bits of all frames, then the weakest, then the active ones. Base64. */
export function encodeFingerprint({ bits, weakest, active }: Fingerprint): string {
  const bytes = Buffer.alloc(bits.length * (4 + WEAK_BITS + 1))
  bits.forEach((value, frame) => bytes.writeUInt32LE(value, 4 * frame))
  bytes.set(weakest, 4 * bits.length)
  bytes.set(active, (4 + WEAK_BITS) * bits.length)
  return bytes.toString('base64')
}

export function decodeFingerprint(text: string): Fingerprint {
  const bytes = Buffer.from(text, 'base64')
  const frames = bytes.length / (4 + WEAK_BITS + 1)
  const weakestAt = 4 * frames
  const activeAt = weakestAt + WEAK_BITS * frames
  return {
    bits: Uint32Array.from({ length: frames }, (_, frame) => bytes.readUInt32LE(4 * frame)),
    weakest: Uint8Array.from(bytes.subarray(weakestAt, activeAt)), active: Uint8Array.from(bytes.subarray(activeAt)),
  }
}
