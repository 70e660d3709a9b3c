/** AMR and AMR-WB in their storage format (RFC 4867, 5): frames of 20 ms whose first byte determines their length. */
import { sliced, textAt, u8 } from './bytes.js'
import { unsupported, type AudioProbe } from '../probe.js'

const NARROW = '#!AMR\n'
const WIDE = '#!AMR-WB\n'
const FRAMES_PER_SECOND = 50
const MAX_COUNTED_FRAMES = 200_000
/** A frame without data has one byte. */
const PIECE_BYTES = 4 * 1024

/** Bytes of a frame by its type, with the header. Types from 10 on (narrow: 12) contain no speech. */
const NARROW_BYTES = [13, 14, 16, 18, 20, 21, 27, 32, 6, 6, 6, 6, 1, 1, 1, 1]
const WIDE_BYTES = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1]

export function matchesAmr(bytes: Uint8Array): boolean {
  return textAt(bytes, 0, '#!AMR')
}

export function probeAmr(bytes: Uint8Array): AudioProbe {
  const wide = textAt(bytes, 0, WIDE)
  if (!wide && !textAt(bytes, 0, NARROW)) throw unsupported('AMR with several channels')
  const sizes = wide ? WIDE_BYTES : NARROW_BYTES
  const start = wide ? WIDE.length : NARROW.length
  let at = start
  let frames = 0
  while (at < bytes.byteLength && frames < MAX_COUNTED_FRAMES) {
    at += sizes[(u8(bytes, at) >> 3) & 15]!
    frames++
  }
  const truncated = at > bytes.byteLength
  const walkedAll = at >= bytes.byteLength
  const share = walkedAll ? 1 : (bytes.byteLength - start) / (at - start)
  return {
    container: 'amr', codec: wide ? 'amr_wb' : 'amr_nb', sampleRate: wide ? 16_000 : 8_000, channels: 1,
    seconds: (truncated ? frames - 1 : frames) * share / FRAMES_PER_SECOND, declared: walkedAll, truncated,
  }
}

/** Samples of the frames of a packet; 3GP has up to 15 in one. */
export function amrSamples(bytes: Uint8Array, start: number, end: number, isWide: boolean): number {
  const sizes = isWide ? WIDE_BYTES : NARROW_BYTES
  let frames = 0
  for (let at = start; at < end; at += sizes[(u8(bytes, at) >> 3) & 15]!) frames++
  return frames * (isWide ? 16_000 : 8_000) / FRAMES_PER_SECOND
}

export function amrPieces(bytes: Uint8Array): Iterable<Uint8Array> {
  return sliced(bytes, PIECE_BYTES)
}
