/** A new MP4 file of one track, its index first and its frames in sequence, in pieces for a decoder. */
import { makeBox } from './boxes.js'
import { bytesOf32, joined } from './bytes.js'
import type { Sample } from './iso-samples.js'

const PIECE_BYTES = 1_024

export interface IsoParts {
  /** The sample description. */
  readonly entry: Uint8Array
  /** Boxes: `mdhd`, `mvhd`, and an `edts` and an `ilst` or nothing. */
  readonly mediaHeader: Uint8Array
  readonly movieHeader: Uint8Array
  readonly edits: Uint8Array
  readonly tags: Uint8Array
  /** Of the track, in units of its clock. */
  readonly duration: number
}

/** `ftyp`, `moov` and `mdat` with these frames of `bytes`, which lie within it. */
export function* isoPieces(
  bytes: Uint8Array, parts: IsoParts, samples: readonly Sample[],
): Generator<Uint8Array> {
  yield header(parts, samples)
  let piece: Uint8Array[] = []
  let size = 0
  for (const sample of samples) {
    piece.push(bytes.subarray(sample.offset, sample.offset + sample.bytes))
    size += sample.bytes
    if (size < PIECE_BYTES) continue
    yield joined(...piece)
    piece = []
    size = 0
  }
  if (size > 0) yield joined(...piece)
}

/** `mdhd` or `mvhd` of version 0, with nothing but units of time per second. */
export function clockBox(type: 'mdhd' | 'mvhd', timescale: number): Uint8Array {
  return makeBox(type, new Uint8Array(12), bytesOf32(Math.round(timescale)), new Uint8Array(8))
}

/** A sample description of MPEG-4 audio with this AudioSpecificConfig (ISO/IEC 14496-14, 5.6; -1, 7.2.6). */
export function mpeg4Entry(channels: number, sampleRate: number, config: Uint8Array): Uint8Array {
  const specific = descriptor(5, config)
  const decoder = descriptor(4, joined([0x40, 0x15, 0, 0, 0], new Uint8Array(8), specific))
  const esds = makeBox('esds', [0, 0, 0, 0], descriptor(3, joined([0, 0, 0], decoder, descriptor(6, Uint8Array.of(2)))))
  return soundEntry('mp4a', channels, sampleRate, esds)
}

/** A sample description of version 0; rates above 65,535 Hz are left to the header of the codec. */
export function soundEntry(type: string, channels: number, sampleRate: number, header: Uint8Array): Uint8Array {
  const rate = sampleRate > 0xffff ? 0 : sampleRate
  return makeBox(
    type, [0, 0, 0, 0, 0, 0, 0, 1], new Uint8Array(8), [0, channels, 0, 16, 0, 0, 0, 0, rate >> 8, rate & 255, 0, 0],
    header,
  )
}

function descriptor(tag: number, body: Uint8Array): Uint8Array {
  return joined([tag, body.byteLength], body)
}

function header(parts: IsoParts, samples: readonly Sample[]): Uint8Array {
  const { entry, mediaHeader, movieHeader, edits, tags, duration } = parts
  const sizes = new Uint8Array(samples.length * 4)
  const view = new DataView(sizes.buffer)
  for (const [index, sample] of samples.entries()) view.setUint32(index * 4, sample.bytes)
  const total = samples.reduce((sum, sample) => sum + sample.bytes, 0)
  const build = (dataAt: number): Uint8Array => {
    const table = makeBox('stbl',
      makeBox('stsd', [0, 0, 0, 0, 0, 0, 0, 1], entry),
      makeBox('stts', [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1], bytesOf32(Math.min(duration, 2 ** 32 - 1))),
      makeBox('stsz', [0, 0, 0, 0, 0, 0, 0, 0], bytesOf32(samples.length), sizes),
      makeBox('stsc', [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1], bytesOf32(samples.length), [0, 0, 0, 1]),
      makeBox('stco', [0, 0, 0, 0, 0, 0, 0, 1], bytesOf32(dataAt)))
    const handler = makeBox('hdlr', new Uint8Array(8), 'soun', new Uint8Array(12))
    const media = makeBox('mdia', mediaHeader, handler, makeBox('minf', table))
    const trak = makeBox('trak', makeBox('tkhd', new Uint8Array(12), bytesOf32(1)), edits, media)
    const index = makeBox('moov', movieHeader, tags, trak)
    return joined(makeBox('ftyp', 'M4A ', [0, 0, 0, 0]), index, bytesOf32(8 + total), 'mdat')
  }
  return build(build(0).byteLength)
}
