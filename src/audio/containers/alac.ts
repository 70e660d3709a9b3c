/**
 * A frame of ALAC (Apple's reference, ALACDecoder.cpp) starts with its one element: three bits of element type, four of
 * instance, twelve of zero, two flags, and one that says whether 32 bits of length follow. The length is checked
 * because the decoder trusts it: a file of 600 bytes occupied it for 20 s and 3 GB.
 *
 * More than two channels are several elements, of which only the first can be located without decoding it.
 */
import { u32be, u8 } from './bytes.js'
import { unreadable, unsupported } from '../probe.js'

const MAX_ALAC_CHANNELS = 2
/** Apple's encoder writes 4,096. */
const MAX_ALAC_FRAME = 16_384
/** Of the ALACSpecificConfig, which a container stores. */
export const ALAC_CONFIG_BYTES = 24
/** Element types. */
const SINGLE = 0
const PAIR = 1
const LOW_FREQUENCY = 3

export interface AlacConfig {
  /** Of one channel. */
  readonly frameSamples: number
  readonly channels: number
  /** Hz */
  readonly sampleRate: number
}

/** Throws AUDIO_UNREADABLE or AUDIO_UNSUPPORTED. */
export function readAlacConfig(bytes: Uint8Array, at: number): AlacConfig {
  const frameSamples = u32be(bytes, at)
  if (frameSamples < 1 || frameSamples > MAX_ALAC_FRAME) {
    throw unreadable(`an ALAC frame of ${frameSamples} samples; expected 1 to ${MAX_ALAC_FRAME}`)
  }
  const channels = u8(bytes, at + 9)
  if (channels > MAX_ALAC_CHANNELS) throw unsupported(`ALAC with ${channels} channels; supported are 1 and 2`)
  return { frameSamples, channels, sampleRate: u32be(bytes, at + 20) }
}

/** Throws AUDIO_UNREADABLE for a frame with an element of other channels, or longer than the frames of its track. */
export function checkAlacFrame(
  bytes: Uint8Array, at: number,
  { channels, frameSamples }: Pick<AlacConfig, 'channels' | 'frameSamples'>,
): void {
  const kind = u8(bytes, at) >> 5
  const expected = channels === 1 ? kind === SINGLE || kind === LOW_FREQUENCY : kind === PAIR
  if (!expected) throw unreadable(`an ALAC frame with an element of type ${kind} in a track of ${channels} channels`)
  const hasLength = (u8(bytes, at + 2) & 0x10) !== 0
  const samples = ((u8(bytes, at + 2) & 1) * 2 ** 31) + Math.floor(u32be(bytes, at + 3) / 2) // bits 23 to 54
  if (hasLength && samples > frameSamples) {
    throw unreadable(`an ALAC frame declares ${samples} samples, frames of its track have ${frameSamples}`)
  }
}
