/** Formats without chunks as trees: pages of Ogg, blocks and frames of FLAC, frames of MP3, ADTS and AMR. */
import { crc8, sealFlacFrame, sealOggPage } from '../../fixtures/checksums.js'
import { bytesField, leaf, words, type Field, type Part } from './tree.js'

export function parseOgg(bytes: Buffer): Part[] {
  const starts = indicesOf(bytes, Buffer.from('OggS'))
  return cutAt(bytes, starts, (page, index) => {
    const segments = page[26] ?? 0
    const headBytes = Math.min(page.length, 27 + segments)
    const fields = [
      bytesField(4, 1),
      bytesField(5, 1),
      bytesField(6, 8, true),
      bytesField(14, 4, true),
      bytesField(18, 4, true),
      bytesField(26, 1),
      ...words(27, headBytes, 1, false, 12),
    ]
    // The first packets of a stream are its headers.
    const header =
      index < 2
        ? [...words(headBytes, page.length, 1, false, 32), ...words(headBytes + 8, page.length, 4, true, 8)]
        : []
    return leaf(index === 0 ? 'head page' : index === 1 ? 'second page' : 'page', page, {
      headBytes,
      fields: [...fields, ...header],
      seal: sealOggPage,
    })
  })
}

const STREAM_INFO: readonly Field[] = [
  [0, 16],
  [16, 16],
  [32, 24],
  [56, 24],
  [80, 20],
  [100, 3],
  [103, 5],
  [108, 36],
].map(([at, bits]) => ({ at: 32 + at!, bits: bits! }))

export function parseFlac(bytes: Buffer): Part[] {
  const parts: Part[] = [leaf('fLaC', bytes.subarray(0, 4), { headBytes: 4 })]
  let at = 4
  for (let isLast = false; !isLast && at + 4 <= bytes.length;) {
    isLast = (bytes[at]! & 0x80) !== 0
    const type = bytes[at]! & 0x7f
    const end = Math.min(bytes.length, at + 4 + bytes.readUIntBE(at + 1, 3))
    const size = { ...bytesField(1, 3), outside: 4 }
    parts.push(
      leaf(`metadata ${type}`, bytes.subarray(at, end), {
        headBytes: 4,
        size,
        fields: [bytesField(0, 1), size, ...(type === 0 ? STREAM_INFO : words(4, end - at, 4))],
      }),
    )
    at = end
  }
  const frames = bytes.subarray(at)
  const starts = [...indicesOf(frames, Buffer.from([0xff, 0xf8])), ...indicesOf(frames, Buffer.from([0xff, 0xf9]))]
    .sort((a, b) => a - b)
    .filter((start) => flacHeaderBytes(frames, start) > 0)
  return [
    ...parts,
    ...cutAt(frames, starts, (frame) => {
      const headBytes = flacHeaderBytes(frame, 0)
      return leaf('frame', frame, {
        headBytes,
        fields: [
          [0, 16],
          [16, 4],
          [20, 4],
          [24, 4],
          [28, 3],
          [32, 8],
          [(headBytes - 1) * 8, 8],
          [headBytes * 8, 8],
        ].map(([from, bits]) => ({ at: from!, bits: bits! })),
        seal: sealFlacFrame(headBytes),
      })
    }),
  ]
}

/** 0 where no header of a frame begins. */
function flacHeaderBytes(bytes: Buffer, at: number): number {
  if (at + 16 > bytes.length) return 0
  const [blockCode, rateCode, lead] = [bytes[at + 2]! >> 4, bytes[at + 2]! & 15, bytes[at + 4]!]
  const numberBytes = lead < 0x80 ? 1 : Math.clz32(~(lead << 24))
  const length =
    4 +
    numberBytes +
    (blockCode === 6 ? 1 : blockCode === 7 ? 2 : 0) +
    (rateCode === 12 ? 1 : rateCode > 12 ? 2 : 0) +
    1
  return blockCode !== 0 && numberBytes <= 7 && crc8(bytes.subarray(at, at + length - 1)) === bytes[at + length - 1]
    ? length
    : 0
}

export function parseAdts(bytes: Buffer): Part[] {
  return byLengths(
    'frame',
    bytes,
    0,
    (at) =>
      bytes[at] === 0xff && (bytes[at + 1]! & 0xf6) === 0xf0
        ? ((bytes[at + 3]! & 3) << 11) | (bytes[at + 4]! << 3) | (bytes[at + 5]! >> 5)
        : 0,
    (frame) => ({
      headBytes: 7,
      size: { at: 30, bits: 13, outside: 0 },
      fields: [
        [0, 16],
        [16, 2],
        [18, 4],
        [23, 3],
        [30, 13],
        [43, 11],
        [54, 2],
        [56, 8],
      ]
        .filter(([at, bits]) => at! + bits! <= frame.length * 8)
        .map(([at, bits]) => ({ at: at!, bits: bits! })),
    }),
  )
}

const MP3_RATES = [[11_025, 12_000, 8_000], [], [22_050, 24_000, 16_000], [44_100, 48_000, 32_000]]
const MP3_KBITS_1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
const MP3_KBITS_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]

export function parseMp3(bytes: Buffer): Part[] {
  const tagBytes =
    bytes.toString('latin1', 0, 3) === 'ID3'
      ? 10 + ((bytes[6]! << 21) | (bytes[7]! << 14) | (bytes[8]! << 7) | bytes[9]!)
      : 0
  const tag =
    tagBytes === 0
      ? []
      : [
          leaf('ID3', bytes.subarray(0, tagBytes), {
            headBytes: 10,
            fields: [bytesField(3, 1), bytesField(5, 1), bytesField(6, 4), ...words(10, tagBytes, 4)],
          }),
        ]
  return [
    ...tag,
    ...byLengths(
      'frame',
      bytes,
      tagBytes,
      (at) => mp3FrameBytes(bytes, at),
      () => ({
        headBytes: 4,
        fields: [
          [0, 11],
          [11, 2],
          [13, 2],
          [15, 1],
          [16, 4],
          [20, 2],
          [22, 1],
          [24, 2],
          [26, 2],
          [32, 9],
          [32, 32],
          [64, 32],
        ].map(([at, bits]) => ({ at: at!, bits: bits! })),
      }),
    ),
  ]
}

function mp3FrameBytes(bytes: Buffer, at: number): number {
  if (bytes[at] !== 0xff || (bytes[at + 1]! & 0xe6) !== 0xe2) return 0
  const version = (bytes[at + 1]! >> 3) & 3
  const rate = MP3_RATES[version]?.[(bytes[at + 2]! >> 2) & 3]
  const kbits = (version === 3 ? MP3_KBITS_1 : MP3_KBITS_2)[bytes[at + 2]! >> 4]
  return rate === undefined || !kbits
    ? 0
    : Math.floor(((version === 3 ? 144 : 72) * kbits * 1000) / rate) + ((bytes[at + 2]! >> 1) & 1)
}

/** Bytes of a frame by its type, its first byte among them (RFC 4867, 5.3). */
const AMR_NB = [13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1]
const AMR_WB = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1]

export function parseAmr(bytes: Buffer): Part[] {
  const wide = bytes.toString('latin1', 0, 9) === '#!AMR-WB\n'
  const magicBytes = wide ? 9 : 6
  return [
    leaf('magic', bytes.subarray(0, magicBytes), { headBytes: magicBytes }),
    ...byLengths(
      'frame',
      bytes,
      magicBytes,
      (at) => (wide ? AMR_WB : AMR_NB)[(bytes[at]! >> 3) & 15]!,
      () => ({
        headBytes: 1,
        fields: [
          { at: 0, bits: 8 },
          { at: 1, bits: 4 },
        ],
      }),
    ),
  ]
}

type More = NonNullable<Parameters<typeof leaf>[2]>

/** Frames one behind the other; what begins with none is one part. */
function byLengths(
  name: string,
  bytes: Buffer,
  from: number,
  lengthAt: (at: number) => number,
  more: (frame: Buffer) => More,
): Part[] {
  const parts: Part[] = []
  let at = from
  while (at + 8 <= bytes.length) {
    const length = lengthAt(at)
    if (length === 0 || at + length > bytes.length) break
    const frame = bytes.subarray(at, (at += length))
    parts.push(leaf(name, frame, more(frame)))
  }
  return at < bytes.length ? [...parts, leaf('rest', bytes.subarray(at))] : parts
}

function cutAt(bytes: Buffer, starts: readonly number[], make: (piece: Buffer, index: number) => Part): Part[] {
  const first = starts[0] ?? bytes.length
  const before = first > 0 ? [leaf('rest', bytes.subarray(0, first))] : []
  return [
    ...before,
    ...starts.map((start, index) => make(bytes.subarray(start, starts[index + 1] ?? bytes.length), index)),
  ]
}

function indicesOf(bytes: Buffer, pattern: Buffer): number[] {
  const found: number[] = []
  for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 1)) found.push(at)
  return found
}
