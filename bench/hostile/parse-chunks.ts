/** RIFF/WAV, AIFF, CAF and the boxes of MP4 as trees. Every byte of a file is in its tree, also what is in no chunk. */
import { bytesField, leaf, words, type Field, type Part, type SizeField } from './tree.js'

interface ChunkRules {
  readonly sizeBytes: number
  readonly little: boolean
  /** Chunks of odd length are followed by a byte. */
  readonly padded: boolean
  /** Of what lies in a chunk, from its first byte. */
  fieldsOf(name: string, bytes: number): readonly Field[]
}

const RIFF: ChunkRules = {
  sizeBytes: 4,
  little: true,
  padded: true,
  fieldsOf: (name, bytes) =>
    name === 'fmt '
      ? [
          ...[8, 10].map((at) => bytesField(at, 2, true)),
          ...[12, 16].map((at) => bytesField(at, 4, true)),
          ...words(20, Math.min(bytes, 32), 2, true),
        ]
      : name === 'data'
        ? []
        : words(8, bytes, 4, true),
}
const AIFF: ChunkRules = {
  sizeBytes: 4,
  little: false,
  padded: true,
  fieldsOf: (name, bytes) =>
    name === 'COMM'
      ? [
          bytesField(8, 2),
          bytesField(10, 4),
          bytesField(14, 2),
          bytesField(16, 2),
          bytesField(18, 8),
          bytesField(26, 4),
        ]
      : words(8, name === 'SSND' ? 16 : bytes, 4),
}
const CAF: ChunkRules = {
  sizeBytes: 8,
  little: false,
  padded: false,
  fieldsOf: (name, bytes) =>
    name === 'desc' ? [bytesField(12, 8), ...words(20, bytes, 4)] : words(12, name === 'data' ? 16 : bytes, 4),
}

export function parseWav(bytes: Buffer): Part[] {
  return [form('RIFF', bytes, 12, { ...bytesField(4, 4, true), outside: 8 }, RIFF)]
}

export function parseAiff(bytes: Buffer): Part[] {
  return [form('FORM', bytes, 12, { ...bytesField(4, 4), outside: 8 }, AIFF)]
}

export function parseCaf(bytes: Buffer): Part[] {
  return [
    leaf('caff', bytes.subarray(0, 8), { headBytes: 8, fields: words(4, 8, 2) }),
    ...chunks(bytes.subarray(8), CAF),
  ]
}

function form(name: string, bytes: Buffer, headBytes: number, size: SizeField, rules: ChunkRules): Part {
  return {
    name,
    head: bytes.subarray(0, headBytes),
    body: chunks(bytes.subarray(headBytes), rules),
    size,
    fields: [size],
  }
}

function chunks(bytes: Buffer, rules: ChunkRules): Part[] {
  const { sizeBytes, little, padded } = rules
  const headBytes = 4 + sizeBytes
  const parts: Part[] = []
  let at = 0
  while (at + headBytes <= bytes.length) {
    const name = bytes.toString('latin1', at, at + 4)
    const claimed = Number(
      little
        ? bytes.readUInt32LE(at + 4)
        : sizeBytes === 8
          ? bytes.readBigUInt64BE(at + 4)
          : bytes.readUInt32BE(at + 4),
    )
    const end = Math.min(bytes.length, at + headBytes + claimed)
    const size = { ...bytesField(4, sizeBytes, little), outside: headBytes }
    parts.push(
      leaf(name, bytes.subarray(at, end), { headBytes, size, fields: [size, ...rules.fieldsOf(name, end - at)] }),
    )
    at = end
    if (padded && claimed % 2 === 1 && at < bytes.length) parts.push(leaf('pad', bytes.subarray(at, ++at)))
  }
  return at < bytes.length ? [...parts, leaf('rest', bytes.subarray(at))] : parts
}

/** Boxes that hold boxes, and the bytes before the first of them. */
const CONTAINERS: Readonly<Record<string, number>> = {
  moov: 8,
  trak: 8,
  mdia: 8,
  minf: 8,
  stbl: 8,
  edts: 8,
  udta: 8,
  dinf: 8,
  moof: 8,
  traf: 8,
  mvex: 8,
  mfra: 8,
  ilst: 8,
  wave: 8,
  meta: 12,
  stsd: 16,
  dref: 16,
  mp4a: 36,
  alac: 36,
  Opus: 36,
  samr: 36,
  sawb: 36,
  '.mp3': 36,
}

export function parseBoxes(bytes: Buffer): Part[] {
  const parts: Part[] = []
  let at = 0
  while (at + 8 <= bytes.length) {
    const claimed = bytes.readUInt32BE(at)
    const wide = claimed === 1 && at + 16 <= bytes.length
    const length = wide ? Number(bytes.readBigUInt64BE(at + 8)) : claimed === 0 ? bytes.length - at : claimed
    if (length < (wide ? 16 : 8) || at + length > bytes.length) break
    parts.push(parseBox(bytes.subarray(at, at + length), wide))
    at += length
  }
  return at < bytes.length ? [...parts, leaf('rest', bytes.subarray(at))] : parts
}

function parseBox(bytes: Buffer, wide: boolean): Part {
  const name = bytes.toString('latin1', 4, 8)
  const size = { ...(wide ? bytesField(8, 8) : bytesField(0, 4)), outside: 0 }
  const headBytes = CONTAINERS[name] ?? (wide ? 16 : 8)
  const inner = name in CONTAINERS && headBytes <= bytes.length ? parseBoxes(bytes.subarray(headBytes)) : []
  // "alac" is the name of an entry and of what describes it within; QuickTime writes entries of other lengths.
  const isContainer = inner.length > 0 && !inner.some((part) => part.name === 'rest')
  const values = name === 'mdat' ? [] : words(8, isContainer ? headBytes : bytes.length, 4)
  if (!isContainer)
    return leaf(name, bytes, {
      headBytes: wide ? 16 : 8,
      size,
      fields: [size, ...values, ...(name === 'mdat' ? [] : words(8, Math.min(48, bytes.length), 2))],
    })
  return { name, head: bytes.subarray(0, headBytes), body: inner, size, fields: [size, ...values] }
}
