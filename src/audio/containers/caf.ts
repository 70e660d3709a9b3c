/**
 * Core Audio Format ("Apple Core Audio Format Specification 1.0", 2011): `desc` describes the samples, `data` contains
 * them, up to the end of the file when its size is a placeholder, −1 by the standard. PCM and G.711 are read here, IMA
 * ADPCM by the library; other codecs are not supported in this container.
 */
import { fourCharacters, textAt, u16be, u32be, u64be } from './bytes.js'
import { bytesPerPacket, secondsOfPackets, type PacketLayout } from './ima.js'
import { floatCodec, signedCodec } from './pcm.js'
import { isPlaceholder } from './placeholders.js'
import { checkShape, MAX_CHANNELS, MAX_CODED_CHANNELS, unreadable, unsupported, type AudioProbe } from '../probe.js'

const MAX_CHUNKS = 1_024
const FLOAT_FLAG = 1
const LITTLE_ENDIAN_FLAG = 2

type CafFormat = Pick<PacketLayout, 'codec' | 'littleEndian' | 'channels' | 'sampleRate'>

export function matchesCaf(bytes: Uint8Array): boolean {
  return textAt(bytes, 0, 'caff')
}

export function probeCaf(bytes: Uint8Array): AudioProbe {
  const layout = readCafLayout(bytes)
  const { codec, sampleRate, channels, truncated } = layout
  return { container: 'caf', codec, sampleRate, channels, seconds: secondsOfPackets(layout), declared: true, truncated }
}

/** Throws AUDIO_UNREADABLE or AUDIO_UNSUPPORTED. */
export function readCafLayout(bytes: Uint8Array): PacketLayout {
  if (u16be(bytes, 4) !== 1) throw unsupported(`CAF of version ${u16be(bytes, 4)}; read is version 1`)
  let format: CafFormat | undefined
  for (let at = 8, count = 0; at + 12 <= bytes.byteLength && count < MAX_CHUNKS; count++) {
    const size = u64be(bytes, at + 4)
    if (textAt(bytes, at, 'desc')) format = readDescription(bytes, at + 12)
    if (textAt(bytes, at, 'data')) {
      if (format === undefined) throw unreadable('the "desc" chunk is missing before the samples')
      return layoutOf(bytes, format, at + 16, size)
    }
    at += 12 + size
  }
  throw unreadable('there is no "data" chunk')
}

function layoutOf(bytes: Uint8Array, format: CafFormat, dataOffset: number, size: number): PacketLayout {
  const present = Math.max(0, bytes.byteLength - dataOffset)
  const sized = Math.max(0, size - 4) // the first four bytes count edits
  const declared = size < 4 || isPlaceholder(sized, present) ? present : sized
  return {
    ...format,
    dataOffset: Math.min(dataOffset, bytes.byteLength),
    dataBytes: Math.min(declared, present),
    truncated: declared > present,
  }
}

function readDescription(bytes: Uint8Array, at: number): CafFormat {
  if (at + 32 > bytes.byteLength) throw unreadable('the file ends within its description')
  const sampleRate = Math.round(new DataView(bytes.buffer, bytes.byteOffset + at, 8).getFloat64(0))
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
  throw unsupported(`"${name}" in a CAF file; read are PCM, A-law, mu-law and IMA ADPCM`)
}
