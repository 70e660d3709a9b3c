/**
 * An image of one byte per pixel and its palette → PNG (W3C PNG, third edition): indexed colour, no filter, zlib of
 * Node.
 */
import { crc32, deflateSync } from 'node:zlib'

export interface IndexedImage {
  readonly width: number
  readonly height: number
  /** Shape [height, width]: rows from the top, indices into `palette`. */
  readonly pixels: Uint8Array
  /** Red, green and blue in [0, 255]; at most 256. */
  readonly palette: readonly (readonly [number, number, number])[]
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const INDEXED = 3

export function encodePng({ width, height, pixels, palette }: IndexedImage): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, INDEXED, 0, 0, 0], 8)
  const rows = Buffer.alloc(height * (width + 1)) // each row begins with its filter: none
  for (let row = 0; row < height; row++) rows.set(
    pixels.subarray(row * width, (row + 1) * width), row * (width + 1) + 1,
  )
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flat())),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, checksum])
}
