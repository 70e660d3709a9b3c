/** Boxes of the ISO base media file format (ISO/IEC 14496-12, 4.2), read and written. */
import { bytesOf32, fourCharacters, joined, u32be, u64be } from './bytes.js'
import { unreadable } from '../probe.js'

export interface Box {
  readonly type: string
  readonly start: number
  readonly bodyAt: number
  /** May be after the end of the parent. */
  readonly end: number
}

/** In one list. An hour in fragments of 100 ms has 72,000. */
const MAX_BOXES = 200_000
/** In all lists that are read in one pass, with their ends. An hour of video in fragments of 100 ms has 576,000. */
const MAX_BOXES_SEEN = 600_000

/** One pass over a file. It is limited as a whole, because lists are nested and each may be as long as its limit. */
export class BoxReader {
  readonly bytes: Uint8Array
  #seen = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** Boxes from `start` to `end`; the last may be incomplete. Throws AUDIO_UNREADABLE when the pass has too many. */
  *boxesIn(start: number, end: number): Generator<Box> {
    let box = this.#readBox(start, end)
    for (let count = 0; box !== undefined && count < MAX_BOXES; count++) {
      yield box
      box = this.#readBox(box.end, end)
    }
  }

  /** The first box at the end of a path, if it is complete. */
  find(parent: Box, ...path: readonly string[]): Box | undefined {
    let box: Box | undefined = parent
    for (const type of path) {
      if (box === undefined) return undefined
      box = this.childrenOf(box).find((child) => child.type === type)
    }
    return box
  }

  /** All complete children, of one type or of any. */
  childrenOf(parent: Box, type?: string): readonly Box[] {
    const end = Math.min(parent.end, this.bytes.byteLength)
    const bodyAt = parent.type === 'meta' ? parent.bodyAt + 4 : parent.bodyAt
    const children: Box[] = []
    let box = this.#readBox(bodyAt, end) // hot, so the generator above is not used
    for (let count = 0; box !== undefined && count < MAX_BOXES; count++) {
      if (box.end <= end && (type === undefined || box.type === type)) children.push(box)
      box = this.#readBox(box.end, end)
    }
    return children
  }

  #readBox(at: number, end: number): Box | undefined {
    if (++this.#seen > MAX_BOXES_SEEN) throw unreadable(`more than ${MAX_BOXES_SEEN} boxes`)
    if (at + 8 > end) return undefined
    const size = u32be(this.bytes, at)
    const bodyAt = at + (size === 1 ? 16 : 8)
    const boxEnd = size === 0 ? end : at + (size === 1 ? u64be(this.bytes, at + 8) : size)
    return boxEnd < bodyAt ? undefined : { type: fourCharacters(this.bytes, at + 4), start: at, bodyAt, end: boxEnd }
  }
}

export function makeBox(type: string, ...parts: readonly (Uint8Array | readonly number[] | string)[]): Uint8Array {
  const body = joined(...parts)
  return joined(bytesOf32(8 + body.byteLength), type, body)
}
