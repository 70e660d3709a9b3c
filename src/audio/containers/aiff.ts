/**
 * AIFF and AIFF-C ("Audio Interchange File Format", Apple 1989 and 1991): COMM describes the samples, SSND contains
 * them. PCM and G.711 are read here; IMA ADPCM is decoded as CAF, which has the same packets. The reader of the library
 * is not used, because it takes 8-bit samples for unsigned.
 */
import { fourCharacters, textAt, u16be, u32be } from './bytes.js'
import { bytesPerPacket, secondsOfPackets, type PacketLayout } from './ima.js'
import { floatCodec, signedCodec } from './pcm.js'
import { isPlaceholder } from './placeholders.js'
import { checkShape, MAX_CHANNELS, MAX_CODED_CHANNELS, unreadable, unsupported, type AudioProbe } from '../probe.js'

const MAX_CHUNKS = 1_024

interface Common extends Pick<PacketLayout, 'codec' | 'littleEndian' | 'channels' | 'sampleRate'> {
  /** Frames, or packets of IMA ADPCM. */
  readonly frames: number
}

export function matchesAiff(bytes: Uint8Array): boolean {
  return textAt(bytes, 0, 'FORM') && (textAt(bytes, 8, 'AIFF') || textAt(bytes, 8, 'AIFC'))
}

export function probeAiff(bytes: Uint8Array): AudioProbe {
  const layout = readAiffLayout(bytes)
  const { codec, sampleRate, channels, truncated } = layout
  const seconds = secondsOfPackets(layout)
  return { container: 'aiff', codec, sampleRate, channels, seconds, declared: true, truncated }
}

/** Throws AUDIO_UNREADABLE or AUDIO_UNSUPPORTED. */
export function readAiffLayout(bytes: Uint8Array): PacketLayout {
  let common: Common | undefined
  let sound: { readonly at: number; readonly size: number } | undefined
  for (let at = 12, count = 0; at + 8 <= bytes.byteLength && count < MAX_CHUNKS; count++) {
    if (common !== undefined && sound !== undefined) break
    const size = u32be(bytes, at + 4)
    if (textAt(bytes, at, 'COMM')) common = readCommon(bytes, at + 8, size)
    if (textAt(bytes, at, 'SSND')) sound = { at: at + 8, size }
    at += 8 + size + (size & 1)
  }
  if (common === undefined) throw unreadable('there is no COMM chunk, which describes the samples')
  if (sound === undefined) throw unreadable('there is no SSND chunk, which contains the samples')
  const { frames, ...format } = common
  const dataOffset = sound.at + 8 + u32be(bytes, sound.at)
  const present = Math.max(0, bytes.byteLength - dataOffset)
  const declared = bytesOf(frames * bytesPerPacket(format), sound.size - 8, present)
  return {
    ...format,
    dataOffset: Math.min(dataOffset, bytes.byteLength),
    dataBytes: Math.min(declared, present),
    truncated: declared > present,
  }
}

/** Bytes of samples, by their number or else by the size of their chunk; all that follow where neither is known. */
function bytesOf(counted: number, chunk: number, present: number): number {
  const isKnown = (size: number): boolean => size > 0 && !isPlaceholder(size, present)
  return isKnown(counted) ? counted : isKnown(chunk) || (counted === 0 && chunk === 0) ? chunk : present
}

function readCommon(bytes: Uint8Array, at: number, size: number): Common {
  if (size < 18 || at + 18 > bytes.byteLength) throw unreadable(`a COMM chunk has at least 18 bytes, this one ${size}`)
  const bits = u16be(bytes, at + 6)
  const compression = textAt(bytes, 8, 'AIFC') && size >= 22 ? fourCharacters(bytes, at + 18) : 'NONE'
  const format = {
    channels: u16be(bytes, at),
    frames: u32be(bytes, at + 2),
    sampleRate: Math.round(extended(bytes, at + 8)),
    ...encodingOf(compression, bits),
  }
  checkShape(format, format.codec === 'adpcm_ima' ? MAX_CODED_CHANNELS : MAX_CHANNELS)
  return format
}

function encodingOf(compression: string, bits: number): Pick<PacketLayout, 'codec' | 'littleEndian'> {
  const wholeBytes = Math.ceil(bits / 8) * 8 // 12 bits are the upper ones of 16
  switch (compression) {
    case 'NONE': case 'twos': return { codec: signedCodec(wholeBytes), littleEndian: false }
    case 'sowt': return { codec: signedCodec(wholeBytes), littleEndian: true }
    case 'in24': return { codec: 'pcm_s24', littleEndian: false }
    case 'in32': return { codec: 'pcm_s32', littleEndian: false }
    case 'raw ': return { codec: 'pcm_u8', littleEndian: false }
    case 'fl32': case 'FL32': return { codec: floatCodec(32), littleEndian: false }
    case 'fl64': case 'FL64': return { codec: floatCodec(64), littleEndian: false }
    case 'alaw': case 'ALAW': return { codec: 'alaw', littleEndian: false }
    case 'ulaw': case 'ULAW': return { codec: 'mulaw', littleEndian: false }
    case 'ima4': return { codec: 'adpcm_ima', littleEndian: false }
    default: throw unsupported(`the AIFF-C compression "${compression}" is not supported`)
  }
}

/** A positive 80-bit floating-point number, IEEE 754 extended. */
function extended(bytes: Uint8Array, at: number): number {
  return u32be(bytes, at + 2) * 2 ** ((u16be(bytes, at) & 0x7fff) - 16_383 - 31)
}
