/**
 * A frame of ALAC (Apple's reference, ALACDecoder.cpp) begins with its one element: three bits of its kind, four of
 * its number, twelve of zero, and one that says whether 32 bits of length follow. Those are looked at because the
 * decoder believes them: a file of 600 bytes kept it busy for 20 s, in 3 GB.
 *
 * More than two channels are several elements, of which only the first can be found without decoding it.
 */
import { u32be } from './bytes.js'
import { unreadable } from '../probe.js'

export const MAX_ALAC_CHANNELS = 2
/** Kinds of elements. */
const SINGLE = 0
const PAIR = 1
const LOW_FREQUENCY = 3

/** Throws AUDIO_UNREADABLE for a frame that is not one element of so many channels, or claims to be longer than frames of its track are. */
export function checkAlacFrame(bytes: Uint8Array, at: number, { channels, frameSamples }: { readonly channels: number; readonly frameSamples: number }): void {
  const kind = bytes[at]! >> 5
  const expected = channels === 1 ? kind === SINGLE || kind === LOW_FREQUENCY : kind === PAIR
  if (!expected) throw unreadable(`a frame of ALAC begins with an element of the kind ${kind}, which is none of ${channels} channels`)
  const hasLength = (bytes[at + 2]! & 0x10) !== 0
  const samples = ((bytes[at + 2]! & 1) * 2 ** 31) + Math.floor(u32be(bytes, at + 3) / 2) // bits 23 to 54
  if (hasLength && samples > frameSamples) throw unreadable(`a frame of ALAC claims ${samples} samples, those of its track have ${frameSamples}`)
}
