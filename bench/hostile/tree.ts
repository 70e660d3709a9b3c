/**
 * A file as a tree of its parts (chunks, boxes, elements, pages, frames), so that a mutation can change what a part
 * claims, move it, or nest it, and everything around it stays valid: sizes and checksums are written anew unless the
 * mutation wants them to be wrong.
 */

/** A number in a part, most significant bit first; `little`: whole bytes, least significant byte first. */
export interface Field {
  readonly at: number
  readonly bits: number
  readonly little?: boolean
}

/** Where a part says how many bytes it has: all of its bytes but `outside`. */
export interface SizeField extends Field {
  readonly outside: number
}

export interface Part {
  readonly name: string
  /** Its own first bytes. */
  head: Buffer
  body: Buffer | Part[]
  readonly size?: SizeField
  /** Counts, sizes and values, from the first byte of `head`; in leaves also in the body. */
  readonly fields: readonly Field[]
  /** Writes checksums into the bytes of this part. */
  readonly seal?: (bytes: Buffer) => void
  /** The size stays what it is, whatever is inside. */
  lies?: boolean
}

interface Writing {
  /** Sizes fit what is inside. */
  readonly sized: boolean
  /** Checksums fit. */
  readonly sealed: boolean
}

const HONEST: Writing = { sized: true, sealed: true }

/** A field of whole bytes. */
export function bytesField(at: number, bytes: number, little = false): Field {
  return { at: at * 8, bits: bytes * 8, little }
}

/** Every so many bytes from `from` on, at most `most` fields. */
export function words(from: number, end: number, bytes: number, little = false, most = 16): Field[] {
  const count = Math.max(0, Math.min(most, Math.floor((end - from) / bytes)))
  return Array.from({ length: count }, (_, index) => bytesField(from + index * bytes, bytes, little))
}

export function readField(bytes: Buffer, { at, bits, little = false }: Field): bigint {
  if (little)
    return BigInt(
      `0x${Buffer.from(bytes.subarray(at / 8, (at + bits) / 8))
        .reverse()
        .toString('hex')}`,
    )
  let value = 0n
  for (let bit = at; bit < at + bits; bit++) value = (value << 1n) | BigInt((bytes[bit >> 3]! >> (7 - (bit & 7))) & 1)
  return value
}

/** Writes what fits of a value; fields behind the end of the bytes are left alone. */
export function writeField(bytes: Buffer, { at, bits, little = false }: Field, value: bigint): void {
  if (at + bits > bytes.length * 8) return
  let rest = BigInt.asUintN(bits, value)
  if (little) {
    for (let byte = at / 8; byte < (at + bits) / 8; byte++, rest >>= 8n) bytes[byte] = Number(rest & 255n)
    return
  }
  for (let bit = at + bits - 1; bit >= at; bit--, rest >>= 1n) {
    const mask = 0x80 >> (bit & 7)
    bytes[bit >> 3] = (bytes[bit >> 3]! & ~mask) | (rest & 1n ? mask : 0)
  }
}

export function write(parts: readonly Part[], writing: Writing = HONEST): Buffer {
  return Buffer.concat(parts.map((part) => writePart(part, writing)))
}

function writePart({ head, body, size, seal, lies = false }: Part, writing: Writing): Buffer {
  const bytes = Buffer.concat([head, Buffer.isBuffer(body) ? body : write(body, writing)])
  if (size !== undefined && writing.sized && !lies) writeField(bytes, size, BigInt(bytes.length - size.outside))
  if (writing.sealed) seal?.(bytes)
  return bytes
}

/** A tree of its own; bytes are shared until somebody replaces them. */
export function copy(parts: readonly Part[]): Part[] {
  return parts.map((part) => ({ ...part, body: Buffer.isBuffer(part.body) ? part.body : copy(part.body) }))
}

export interface Placed {
  readonly part: Part
  readonly siblings: Part[]
  readonly depth: number
  readonly start: number
  readonly end: number
}

/** All parts, parents before their children, with where they lie when they are written. */
export function allParts(parts: Part[], depth = 0, start = 0): Placed[] {
  const found: Placed[] = []
  let at = start
  for (const part of parts) {
    const inner = Buffer.isBuffer(part.body) ? [] : allParts(part.body, depth + 1, at + part.head.length)
    const end =
      at +
      part.head.length +
      (Buffer.isBuffer(part.body)
        ? part.body.length
        : inner.filter((one) => one.depth === depth + 1).reduce((sum, one) => sum + one.end - one.start, 0))
    found.push({ part, siblings: parts, depth, start: at, end }, ...inner)
    at = end
  }
  return found
}

export function lengthOf({ head, body }: Part): number {
  return head.length + (Buffer.isBuffer(body) ? body.length : body.reduce((sum, part) => sum + lengthOf(part), 0))
}

/** A part without an inner life. */
export function leaf(
  name: string,
  bytes: Buffer,
  more: Partial<Pick<Part, 'fields' | 'size' | 'seal'>> & { readonly headBytes?: number } = {},
): Part {
  const { headBytes = 0, fields = [], ...rest } = more
  return { name, head: bytes.subarray(0, headBytes), body: bytes.subarray(headBytes), fields, ...rest }
}
