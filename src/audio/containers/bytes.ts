/**
 * Numbers and names in unchecked bytes. Bytes after the end read as zero, so that a truncated header has impossible
 * values and is refused by the check of these, without a check of the length before each number.
 */

export function u8(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0
}

export function u16be(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}

export function u24be(bytes: Uint8Array, at: number): number {
  return (u16be(bytes, at) << 8) | (bytes[at + 2] ?? 0)
}

export function u32be(bytes: Uint8Array, at: number): number {
  return u16be(bytes, at) * 0x1_0000 + u16be(bytes, at + 2)
}

/** Exact up to 2⁵³, more bytes than any file has. */
export function u64be(bytes: Uint8Array, at: number): number {
  return u32be(bytes, at) * 0x1_0000_0000 + u32be(bytes, at + 4)
}

export function u16le(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
}

export function u32le(bytes: Uint8Array, at: number): number {
  return u16le(bytes, at) + u16le(bytes, at + 2) * 0x1_0000
}

export function u64le(bytes: Uint8Array, at: number): number {
  return u32le(bytes, at) + u32le(bytes, at + 4) * 0x1_0000_0000
}

/** A four-character code; unprintable bytes are dots. */
export function fourCharacters(bytes: Uint8Array, at: number): string {
  const character = (i: number): number => {
    const byte = u8(bytes, at + i)
    return byte >= 0x20 && byte < 0x7f ? byte : 0x2e
  }
  // Hot: called for each box of an MP4 file.
  return String.fromCharCode(character(0), character(1), character(2), character(3))
}

/** Whether the bytes at this offset are these ASCII characters. */
export function textAt(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false
  return true
}

/** Concatenates bytes; numbers are bytes, strings are Latin-1. */
export function joined(...parts: readonly (Uint8Array | readonly number[] | string)[]): Uint8Array {
  return Buffer.concat(parts.map((part) => {
    if (typeof part === 'string') return Buffer.from(part, 'latin1')
    return part instanceof Uint8Array ? part : Uint8Array.from(part)
  }))
}

/** Big-endian. */
export function bytesOf32(value: number): readonly number[] {
  return [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
}

/** Pieces of at most this many bytes. */
export function* sliced(bytes: Uint8Array, pieceBytes: number): Generator<Uint8Array> {
  for (let start = 0; start < bytes.byteLength; start += pieceBytes) yield bytes.subarray(start, start + pieceBytes)
}
