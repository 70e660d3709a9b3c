/** Boxes of the ISO base media file format (ISO/IEC 14496-12, 4.2), read and written. */
import { bytesOf32, fourCharacters, joined, u32be, u64be } from './bytes.js'

export interface Box {
  readonly type: string
  readonly start: number
  readonly bodyAt: number
  /** May lie behind the end of what it is in. */
  readonly end: number
}

/** Fragments of 100 ms make an hour of 72,000. */
const MAX_BOXES = 200_000

/** The boxes from `start` to `end`, the last one perhaps cut off. */
export function* boxesIn(bytes: Uint8Array, start: number, end: number): Generator<Box> {
  for (let at = start, count = 0; at + 8 <= end && count < MAX_BOXES; count++) {
    const size = u32be(bytes, at)
    const type = fourCharacters(bytes, at + 4)
    const bodyAt = at + (size === 1 ? 16 : 8)
    const boxEnd = size === 0 ? end : at + (size === 1 ? u64be(bytes, at + 8) : size)
    if (boxEnd < bodyAt) return
    yield { type, start: at, bodyAt, end: boxEnd }
    at = boxEnd
  }
}

/** The first box at the end of a path, if all of it is there. */
export function findBox(bytes: Uint8Array, parent: Box, ...path: readonly string[]): Box | undefined {
  let box: Box | undefined = parent
  for (const type of path) {
    if (box === undefined) return undefined
    box = childrenOf(bytes, box).find((child) => child.type === type)
  }
  return box
}

/** All of one type that are wholly there. */
export function childrenOf(bytes: Uint8Array, parent: Box, type?: string): readonly Box[] {
  const end = Math.min(parent.end, bytes.byteLength)
  const bodyAt = parent.type === 'meta' ? parent.bodyAt + 4 : parent.bodyAt
  return [...boxesIn(bytes, bodyAt, end)].filter((box) => box.end <= end && (type === undefined || box.type === type))
}

export function makeBox(type: string, ...parts: readonly (Uint8Array | readonly number[] | string)[]): Uint8Array {
  const body = joined(...parts)
  return joined(bytesOf32(8 + body.byteLength), type, body)
}
