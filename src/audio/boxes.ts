/** Boxes of the ISO base media file format (ISO/IEC 14496-12, 4.2), read and written. */
import { bytesOf32, fourCharacters, joined, u32be, u64be } from './bytes.js'
import { unreadable } from './probe.js'

export interface Box {
  readonly type: string
  readonly start: number
  readonly bodyAt: number
  /** May lie behind the end of what it is in. */
  readonly end: number
}

/** In one list; fragments of 100 ms make an hour of 72,000. */
const MAX_BOXES = 200_000
/** Of all lists that one pass looks through: about ten for each fragment. A box has 8 bytes, and this takes some 100 ms. */
const MAX_BOXES_SEEN = 1_000_000

/** One pass over a file, which ends when it has seen too many boxes: lists lie in lists, and each may have its most. */
export class BoxReader {
  readonly bytes: Uint8Array
  #seen = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** The boxes from `start` to `end`, the last one perhaps cut off. Throws AUDIO_UNREADABLE when too many were seen. */
  *boxesIn(start: number, end: number): Generator<Box> {
    const { bytes } = this
    for (let at = start, count = 0; at + 8 <= end && count < MAX_BOXES; count++) {
      if (++this.#seen > MAX_BOXES_SEEN) throw unreadable(`more than ${MAX_BOXES_SEEN} boxes`)
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
  find(parent: Box, ...path: readonly string[]): Box | undefined {
    let box: Box | undefined = parent
    for (const type of path) {
      if (box === undefined) return undefined
      box = this.childrenOf(box).find((child) => child.type === type)
    }
    return box
  }

  /** All of one type that are wholly there. */
  childrenOf(parent: Box, type?: string): readonly Box[] {
    const end = Math.min(parent.end, this.bytes.byteLength)
    const bodyAt = parent.type === 'meta' ? parent.bodyAt + 4 : parent.bodyAt
    return [...this.boxesIn(bodyAt, end)].filter((box) => box.end <= end && (type === undefined || box.type === type))
  }
}

export function makeBox(type: string, ...parts: readonly (Uint8Array | readonly number[] | string)[]): Uint8Array {
  const body = joined(...parts)
  return joined(bytesOf32(8 + body.byteLength), type, body)
}
