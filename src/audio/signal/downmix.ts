/**
 * Decoded channels → mono by their powers alone, for channels that carry the same sound; `channels/mix.ts` decides
 * whether they do.
 *
 * The mean is right for almost every such recording. It is wrong where the channels cancel each other: one of them is
 * wired out of phase (the power of the sum is less than that of the parts), or only one of many has a signal. Then the
 * loudest channel is used. Powers are computed without a constant offset.
 */
import { SpeechError } from '../../domain/errors.js'
import type { ChannelChoice, Mixing } from '../../domain/audio.js'

/** Consecutive decoded audio: an array of samples for each channel, all of one length. */
export type Block = readonly Float32Array[]

/**
 * Power of the sum over the sum of the powers: 1 when the channels are uncorrelated, their number when they are equal,
 * 0 when they cancel. For two channels, 0.8 means that the mean has 0.4 of the mean power, 4 dB less.
 */
const CANCELLED = 0.8
/** The mean is not used when it has less than this share of the loudest channel's power: 10 dB less. */
const LOST = 0.1

export interface Mono { readonly samples: Float32Array; readonly mixing: Mixing }

/**
 * `channels` is the number of channels of the upload. A decoder returns one where two are equal, and the first block of
 * a stream may have fewer than a later one; a missing channel equals the last of its block. Samples that are not finite
 * become 0. Throws REQUEST_INVALID for a channel that the upload does not have.
 */
export function downmix(blocks: readonly Block[], channels: number, choice: ChannelChoice = 'mix'): Mono {
  if (choice !== 'mix' && choice > channels) {
    const detail = `channel ${choice} was requested, the upload has ${channels}`
    throw new SpeechError('REQUEST_INVALID', detail, { parameter: 'channel' })
  }
  if (channels === 1) return { samples: pick(blocks, 0), mixing: 'mono' }
  if (choice !== 'mix') return { samples: pick(blocks, choice - 1), mixing: 'chosen' }
  const mean = meanOf(blocks, channels)
  const powers = Array.from({ length: channels }, (_, channel) =>
    power(blocks.map((block) => channelOf(block, channel))))
  const highestPower = Math.max(...powers)
  const meanPower = power([mean])
  const cancelled = meanPower * channels ** 2 < CANCELLED * powers.reduce((sum, value) => sum + value, 0)
  if (!cancelled && meanPower >= LOST * highestPower) return { samples: mean, mixing: 'mean' }
  return { samples: pick(blocks, powers.indexOf(highestPower)), mixing: 'loudest' }
}

/** Samples of one channel. */
export function framesIn([first]: Block): number {
  return first?.length ?? 0
}

/** A missing channel equals the last of its block. */
export function channelOf(block: Block, channel: number): Float32Array {
  const samples = block[channel] ?? block.at(-1)
  if (samples === undefined) throw new Error('a block without channels')
  return samples
}

/** The samples of one channel; not a copy where they are in one block and finite. */
export function pick(blocks: readonly Block[], channel: number): Float32Array {
  const [only, another] = blocks
  // Uncompressed audio is one block, and copying it would take most of the time.
  const samples = only !== undefined && another === undefined ? channelOf(only, channel) : joined(blocks, channel)
  return allFinite(samples) ? samples : samples.map(finite)
}

function joined(blocks: readonly Block[], channel: number): Float32Array {
  const samples = new Float32Array(framesOf(blocks))
  let start = 0
  for (const block of blocks) {
    samples.set(channelOf(block, channel), start)
    start += framesIn(block)
  }
  return samples
}

/** Whether all channels are copies of one another, to the bit: what most devices with one microphone record. */
export function areChannelsEqual(blocks: readonly Block[]): boolean {
  return blocks.every(([first, ...others]) => others.every((other) => first === other || isEqual(first!, other)))
}

/** Compares memory, which takes a hundredth of the time of a loop over samples. */
function isEqual(a: Float32Array, b: Float32Array): boolean {
  return bytesOf(a).equals(bytesOf(b))
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

export function meanOf(blocks: readonly Block[], channels: number): Float32Array {
  const mean = new Float32Array(framesOf(blocks))
  let start = 0
  for (const block of blocks) {
    const sources = Array.from({ length: channels }, (_, channel) => channelOf(block, channel))
    const length = framesIn(block)
    for (let i = 0; i < length; i++) {
      let sum = 0
      for (let channel = 0; channel < channels; channel++) sum += finite(sources[channel]![i]!)
      mean[start + i] = sum / channels
    }
    start += length
  }
  return mean
}

/** The variance: power without a constant offset. */
function power(parts: readonly Float32Array[]): number {
  let sum = 0
  let squares = 0
  let count = 0
  for (const part of parts) {
    count += part.length
    for (let i = 0; i < part.length; i++) {
      const sample = finite(part[i]!)
      sum += sample
      squares += sample * sample
    }
  }
  return count === 0 ? 0 : squares / count - (sum / count) ** 2
}

export function framesOf(blocks: readonly Block[]): number {
  return blocks.reduce((sum, block) => sum + framesIn(block), 0)
}

const EXPONENT_BITS = 0x7f80_0000

/** By the bits: the exponents of infinity and NaN are all ones (IEEE 754). Hot. */
function allFinite({ buffer, byteOffset, length }: Float32Array): boolean {
  const bits = new Int32Array(buffer, byteOffset, length)
  for (let i = 0; i < length; i++) if ((bits[i]! & EXPONENT_BITS) === EXPONENT_BITS) return false
  return true
}

export function finite(sample: number): number {
  return Number.isFinite(sample) ? sample : 0
}
