/**
 * Sizes that a header has because its writer did not know the size: a program that writes to a pipe cannot return to
 * the header. ffmpeg writes 0xffffffff, sox 0x7ffff000, others 0, 2,000,000,000 or the size of some hours.
 */
import { u8 } from './bytes.js'

/** From here on, a size of 32 bits that is larger than the file stands for "unknown". */
const STREAMED_BYTES = 0x7fff_0000
/** A smaller size does where the file has only a small share of it: a real upload breaks off later. */
const IMPROBABLE_BYTES = 2 ** 28
const IMPROBABLE_TIMES = 64

/** Whether a declared number of bytes stands for "to the end of the file", of which `present` are there. */
export function isPlaceholder(declared: number, present: number): boolean {
  if (declared <= present) return false
  return declared >= STREAMED_BYTES || (declared >= IMPROBABLE_BYTES && declared > IMPROBABLE_TIMES * present)
}

/** Whether four printable characters stand here, as the identifier of a chunk does. */
export function isChunkId(bytes: Uint8Array, at: number): boolean {
  return [0, 1, 2, 3].every((i) => u8(bytes, at + i) >= 0x20 && u8(bytes, at + i) < 0x7f)
}
