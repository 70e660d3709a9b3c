/** Opus: its identification header (RFC 7845, 5.1) and the duration of a packet (RFC 6716, 3.1). */
import { textAt, u16le, u8 } from './bytes.js'
import { unreadable } from '../probe.js'

/** Hz of decoded samples, whatever the rate of the encoder's input. */
export const OPUS_RATE_HZ = 48_000

export interface OpusHead {
  readonly channels: number
  /** Decoded samples at 48 kHz to discard at the start. */
  readonly preSkip: number
}

/** Throws AUDIO_UNREADABLE. */
export function readOpusHead(bytes: Uint8Array, at: number): OpusHead {
  if (!textAt(bytes, at, 'OpusHead')) throw unreadable('the Opus header is missing')
  return { channels: u8(bytes, at + 9), preSkip: u16le(bytes, at + 10) }
}

/** Samples at 48 kHz; 0 for an empty packet. */
export function opusPacketSamples(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return 0
  const header = u8(bytes, start)
  const code = header & 3
  const frames = code === 0 ? 1 : code === 3 ? u8(bytes, start + 1) & 63 : 2
  return Math.min(5_760, frames * frameSamples(header >> 3))
}

/** By configuration: SILK 10 to 60 ms, hybrid 10 and 20, CELT 2.5 to 20. */
function frameSamples(configuration: number): number {
  if (configuration < 12) return Math.min(2_880, 480 << (configuration & 3))
  if (configuration < 16) return 480 << (configuration & 1)
  return 120 << (configuration & 3)
}
