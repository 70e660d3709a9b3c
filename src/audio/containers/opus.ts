/** Opus by itself: its identification header (RFC 7845, 5.1) and how long a packet lasts (RFC 6716, 3.1). */
import { u16le, textAt } from './bytes.js'
import { unreadable } from '../probe.js'

/** Hz; what a decoder gives, whatever was encoded. */
export const OPUS_RATE_HZ = 48_000

export interface OpusHead {
  readonly channels: number
  /** Samples at 48 kHz that come before the first to be heard. */
  readonly preSkip: number
}

/** Throws AUDIO_UNREADABLE. */
export function readOpusHead(bytes: Uint8Array, at: number): OpusHead {
  if (!textAt(bytes, at, 'OpusHead')) throw unreadable('there is no Opus header where one has to be')
  return { channels: bytes[at + 9] ?? 0, preSkip: u16le(bytes, at + 10) }
}

/** Samples at 48 kHz; 0 for no packet. */
export function opusPacketSamples(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return 0
  const head = bytes[start]!
  const code = head & 3
  const frames = code === 0 ? 1 : code === 3 ? (bytes[start + 1] ?? 0) & 63 : 2
  return Math.min(5_760, frames * frameSamples(head >> 3))
}

/** By configuration: SILK 10 to 60 ms, hybrid 10 and 20, CELT 2.5 to 20. */
function frameSamples(configuration: number): number {
  if (configuration < 12) return [480, 960, 1_920, 2_880][configuration & 3]!
  if (configuration < 16) return [480, 960][configuration & 1]!
  return 120 << (configuration & 3)
}
