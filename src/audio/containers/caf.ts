/**
 * Core Audio Format ("Apple Core Audio Format Specification 1.0", 2011): `desc` describes the samples, `data` contains
 * them, up to the end of the file when its size is −1, as recorders write it, or another placeholder. PCM and G.711 are
 * read here, IMA ADPCM by the library, and codecs with packets of their own (voice messages of phones) by
 * caf-packets.ts.
 */
import { fourCharacters, textAt, u16be, u32be, u64be } from './bytes.js'
import {
  cafRate, hasPackets, probeCafPackets, readCafPackets, type CafChunk, type CafChunks,
} from './caf-packets.js'
import { bytesPerPacket, readPackets, secondsOfPackets, type PacketLayout } from './ima.js'
import { floatCodec, signedCodec } from './pcm.js'
import { isChunkId, isPlaceholder } from './placeholders.js'
import { checkShape, MAX_CHANNELS, MAX_CODED_CHANNELS, unreadable, unsupported, type AudioProbe } from '../probe.js'
import type { Decoded, StreamLimits } from '../stream.js'

const MAX_CHUNKS = 1_024
const FLOAT_FLAG = 1
const LITTLE_ENDIAN_FLAG = 2

/** Codecs with names for error messages, by their type. */
const NAMES: Readonly<Record<string, string>> = {
  aacl: 'AAC-LD', aace: 'AAC-ELD', aacf: 'AAC-ELD', aacg: 'AAC-ELD', usac: 'xHE-AAC (USAC)', '.mp1': 'MPEG layer 1',
  '.mp2': 'MPEG layer 2', '.mp3': 'MP3', samr: 'AMR', sawb: 'AMR-WB', ilbc: 'iLBC', agsm: 'GSM 6.10',
  'ms.1': 'GSM 6.10', MAC3: 'MACE', MAC6: 'MACE', QDM2: 'QDesign Music', Qclp: 'QCELP', flac: 'FLAC', 'ac-3': 'AC-3',
  'ec-3': 'E-AC-3',
}

type CafFormat = Pick<PacketLayout, 'codec' | 'littleEndian' | 'channels' | 'sampleRate'>

export function matchesCaf(bytes: Uint8Array): boolean {
  return textAt(bytes, 0, 'caff')
}

export function probeCaf(bytes: Uint8Array): AudioProbe {
  const chunks = findChunks(bytes)
  if (hasPackets(bytes, chunks)) return probeCafPackets(bytes, chunks)
  const layout = readCafLayout(bytes, chunks)
  const { codec, sampleRate, channels, truncated } = layout
  return { container: 'caf', codec, sampleRate, channels, seconds: secondsOfPackets(layout), declared: true, truncated }
}

/** Throws the errors of `decodeStream`. */
export async function readCaf(bytes: Uint8Array, limits: StreamLimits): Promise<Decoded> {
  const chunks = findChunks(bytes)
  if (hasPackets(bytes, chunks)) return readCafPackets(bytes, chunks, limits)
  const layout = readCafLayout(bytes, chunks)
  return readPackets(bytes, layout, limits)
}

/** The first chunk of each type. Throws AUDIO_UNREADABLE or AUDIO_UNSUPPORTED. */
function findChunks(bytes: Uint8Array): CafChunks {
  if (u16be(bytes, 4) !== 1) throw unsupported(`CAF of version ${u16be(bytes, 4)}; supported: version 1`)
  const found = new Map<string, CafChunk>()
  for (let at = 8, count = 0; at + 12 <= bytes.byteLength && count < MAX_CHUNKS; count++) {
    const [type, size] = [fourCharacters(bytes, at), u64be(bytes, at + 4)]
    const toEnd = type === 'data' && isToEnd(bytes, at + 12, size)
    const end = toEnd ? bytes.byteLength : at + 12 + size
    if (!found.has(type)) found.set(type, { at: at + 12, end })
    at = end
  }
  const description = found.get('desc')
  const data = found.get('data')
  if (description === undefined) throw unreadable('there is no "desc" chunk, which describes the samples')
  if (data === undefined) throw unreadable('there is no "data" chunk')
  if (description.at + 32 > bytes.byteLength) throw unreadable('the file ends within its description')
  return { description, data, table: found.get('pakt'), cookie: found.get('kuki') }
}

/** Whether the size of the samples is unknown: −1 by the standard, 0 or a very large one by others. */
function isToEnd(bytes: Uint8Array, at: number, size: number): boolean {
  return size < 4 ? !isChunkId(bytes, at + size) : isPlaceholder(size, bytes.byteLength - at)
}

function readCafLayout(bytes: Uint8Array, { description, data }: CafChunks): PacketLayout {
  const dataOffset = data.at + 4 // the first four bytes count edits
  const available = Math.max(0, bytes.byteLength - dataOffset)
  const declared = Math.max(0, data.end - dataOffset)
  return {
    ...readDescription(bytes, description.at),
    dataOffset: Math.min(dataOffset, bytes.byteLength),
    dataBytes: Math.min(declared, available),
    truncated: declared > available,
  }
}

function readDescription(bytes: Uint8Array, at: number): CafFormat {
  const sampleRate = cafRate(bytes, at)
  const flags = u32be(bytes, at + 12)
  const [packetBytes, channels, bits] = [u32be(bytes, at + 16), u32be(bytes, at + 24), u32be(bytes, at + 28)]
  const codec = codecOf(fourCharacters(bytes, at + 8), flags, bits)
  checkShape({ sampleRate, channels }, codec === 'adpcm_ima' ? MAX_CODED_CHANNELS : MAX_CHANNELS)
  const expected = bytesPerPacket({ codec, channels })
  if (packetBytes !== expected) {
    const packet = `a packet of ${channels} channels of ${codec}`
    throw unreadable(`${packet} has ${expected} bytes, the header says ${packetBytes}`)
  }
  return { codec, sampleRate, channels, littleEndian: (flags & LITTLE_ENDIAN_FLAG) !== 0 }
}

function codecOf(name: string, flags: number, bits: number): PacketLayout['codec'] {
  if (name === 'lpcm') return (flags & FLOAT_FLAG) === 0 ? signedCodec(bits) : floatCodec(bits)
  if (name === 'alaw') return 'alaw'
  if (name === 'ulaw') return 'mulaw'
  if (name === 'ima4') return 'adpcm_ima'
  const known = NAMES[name] ?? `"${name}"`
  throw unsupported(`${known} in a CAF file; supported: AAC, ALAC, Opus, PCM, A-law, mu-law and IMA ADPCM`)
}
