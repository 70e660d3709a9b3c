/** EBML (RFC 8794), on which Matroska is based: nested elements of an identifier, a size and a body. */

import { u8 } from './bytes.js'

/** Identifiers of the elements that are read (RFC 9559). */
export const ID = {
  ebml: 0x1a45dfa3, segment: 0x18538067, info: 0x1549a966, timestampScale: 0x2ad7b1, duration: 0x4489,
  tracks: 0x1654ae6b, trackEntry: 0xae, trackNumber: 0xd7, trackType: 0x83, codecId: 0x86, codecPrivate: 0x63a2,
  contentEncodings: 0x6d80,
  audio: 0xe1, samplingFrequency: 0xb5, channels: 0x9f, bitDepth: 0x6264,
  cluster: 0x1f43b675, timestamp: 0xe7, simpleBlock: 0xa3, blockGroup: 0xa0, block: 0xa1,
} as const

export interface Element {
  readonly id: number
  readonly start: number
  readonly bodyAt: number
  /** May be after the end of the file; the end of the file when the size is unknown. */
  readonly end: number
}

/** All elements in order. The walk enters segments and clusters, and skips the body of any other element. */
export function* elementsOf(bytes: Uint8Array): Generator<Element> {
  for (let at = 0; at < bytes.byteLength;) {
    const element = readElement(bytes, at)
    if (element === undefined) return
    yield element
    at = nextAfter(element)
  }
}

/** Start of the next element of the walk: inside a segment or a cluster, after any other. */
export function nextAfter({ id, bodyAt, end }: Element): number {
  return id === ID.segment || id === ID.cluster ? bodyAt : end
}

/** More than any header has. */
const MAX_CHILDREN = 1_024

/** Children that end within their parent. */
export function* childrenOf(bytes: Uint8Array, parent: Element): Generator<Element> {
  const end = Math.min(parent.end, bytes.byteLength)
  for (let at = parent.bodyAt, count = 0; at < end && count < MAX_CHILDREN; count++) {
    const element = readElement(bytes, at)
    if (element === undefined || element.end > end) return
    yield element
    at = element.end
  }
}

export function readUnsigned(bytes: Uint8Array, { bodyAt, end }: Element): number {
  let value = 0
  for (let i = bodyAt; i < Math.min(end, bodyAt + 8); i++) value = value * 256 + u8(bytes, i)
  return value
}

/** A float of 4 or 8 bytes; NaN for any other size. */
export function readFloat(bytes: Uint8Array, { bodyAt, end }: Element): number {
  if (end > bytes.byteLength) return NaN
  const view = new DataView(bytes.buffer, bytes.byteOffset + bodyAt, end - bodyAt)
  return view.byteLength === 4 ? view.getFloat32(0) : view.byteLength === 8 ? view.getFloat64(0) : NaN
}

function readElement(bytes: Uint8Array, start: number): Element | undefined {
  const idBytes = Math.clz32(u8(bytes, start)) - 23
  if (idBytes > 4) return undefined
  let id = 0
  for (let i = 0; i < idBytes; i++) id = id * 256 + u8(bytes, start + i)
  const sizeAt = start + idBytes
  const sizeBytes = Math.clz32(u8(bytes, sizeAt)) - 23
  if (sizeBytes > 8) return undefined
  let size = u8(bytes, sizeAt) & (0xff >> sizeBytes)
  let isUnknown = size === 0xff >> sizeBytes
  for (let i = 1; i < sizeBytes; i++) {
    const byte = u8(bytes, sizeAt + i)
    size = size * 256 + byte
    isUnknown &&= byte === 255
  }
  const bodyAt = sizeAt + sizeBytes
  return { id, start, bodyAt, end: isUnknown ? Math.max(bodyAt, bytes.byteLength) : bodyAt + size }
}
