/**
 * Tags that programs put before the audio, whatever container follows: ID3v2 (id3.org, "ID3 tag version 2.4.0"),
 * several of them, and APEv2 with its header (wiki.hydrogenaud.io, "APEv2 specification"). Taggers leave zeros behind a
 * tag, to change it later without writing the file anew.
 */
import { textAt, u32le, u8 } from './bytes.js'

const MAX_TAGS = 16
const ID3_HEADER_BYTES = 10
const APE_HEADER_BYTES = 32
/** Flag of an ID3v2 tag that ends with a copy of its header. */
const ID3_FOOTER = 0x10
/** Zeros behind a tag that are skipped. Taggers leave some kilobytes. */
export const MAX_PADDING_BYTES = 1024 * 1024

/** Offset of the first byte after all tags and their padding; 0 when nothing follows them, or one is incomplete. */
export function afterTags(bytes: Uint8Array): number {
  let at = 0
  for (let tags = 0; tags < MAX_TAGS; tags++) {
    const size = tagBytes(bytes, at)
    if (size === 0) break
    at = afterPadding(bytes, at + size)
  }
  return at < bytes.byteLength ? at : 0
}

/** The size of the first box of an MP4 file begins with zeros, and so does a Sun AU file of some programs. */
function afterPadding(bytes: Uint8Array, from: number): number {
  const at = afterZeros(bytes, from)
  for (let start = Math.max(from, at - 3); start < at; start++) {
    if (textAt(bytes, start + 4, 'ftyp') || textAt(bytes, start, '\0ds.')) return start
  }
  return at
}

/** Offset of the first byte that is not zero, within MAX_PADDING_BYTES. */
export function afterZeros(bytes: Uint8Array, from: number): number {
  const end = Math.min(bytes.byteLength, from + MAX_PADDING_BYTES)
  let at = from
  while (at < end && bytes[at] === 0) at++
  return at
}

/** Of the tag that begins here; 0 without one. */
function tagBytes(bytes: Uint8Array, at: number): number {
  if (textAt(bytes, at, 'ID3')) {
    // The size has seven bits in each byte, so that no byte of it looks like the sync code of MPEG audio.
    const size = [6, 7, 8, 9].reduce((sum, i) => sum * 128 + (u8(bytes, at + i) & 0x7f), 0)
    return ID3_HEADER_BYTES + size + ((u8(bytes, at + 5) & ID3_FOOTER) === 0 ? 0 : ID3_HEADER_BYTES)
  }
  return textAt(bytes, at, 'APETAGEX') ? APE_HEADER_BYTES + u32le(bytes, at + 12) : 0
}
