/** The audio track of an MP4 file: its codec, timescale and boxes (ISO/IEC 14496-12, -14, -1; QuickTime). */
import { MAX_ALAC_CHANNELS } from './alac.js'
import type { Box, BoxReader } from './boxes.js'
import { fourCharacters, u16be, u32be, u8 } from './bytes.js'
import { AAC_RATES_HZ } from './mpeg-frames.js'
import { OPUS_RATE_HZ } from './opus.js'
import { checkShape, unreadable, unsupported } from '../probe.js'
import type { PacketCodec } from './packets.js'

export interface IsoTrack {
  readonly id: number
  readonly trak: Box
  /** The sample description, which contains the header of the codec. */
  readonly entry: Box
  readonly codec: PacketCodec
  /** Hz */
  readonly sampleRate: number
  readonly channels: number
  /** Units of time per second. */
  readonly timescale: number
  /** Decoded samples of a frame; 0 where that is not fixed. */
  readonly frameSamples: number
}

interface CodecParameters extends Pick<IsoTrack, 'codec' | 'sampleRate' | 'channels' | 'frameSamples'> {}

const AAC_CHANNELS = [2, 1, 2, 3, 4, 5, 6, 8] // 0: defined elsewhere, mostly stereo
/** Bytes of a sample description before its boxes, by version; QuickTime has three. */
const ENTRY_BYTES = [36, 52, 72]
/** Enough for audio and subtitles in many languages. */
const MAX_TRACKS = 64
/** Apple's encoder writes 4,096. */
const MAX_ALAC_FRAME = 16_384

/** The first audio track in a `moov`. Throws AUDIO_UNREADABLE or AUDIO_UNSUPPORTED. */
export function readIsoTrack(file: BoxReader, moov: Box): IsoTrack {
  const { bytes } = file
  const trak = file.childrenOf(moov, 'trak').slice(0, MAX_TRACKS).find((candidate) => {
    const handler = file.find(candidate, 'mdia', 'hdlr')
    return handler !== undefined && fourCharacters(bytes, handler.bodyAt + 8) === 'soun'
  })
  if (trak === undefined) throw unreadable('there is no audio track')
  const header = file.find(trak, 'tkhd')
  const clock = file.find(trak, 'mdia', 'mdhd')
  const descriptions = file.find(trak, 'mdia', 'minf', 'stbl', 'stsd')
  if (header === undefined || clock === undefined || descriptions === undefined) {
    throw unreadable('the audio track has no header or no description')
  }
  const [entry] = file.childrenOf({ ...descriptions, bodyAt: descriptions.bodyAt + 8 })
  if (entry === undefined) throw unreadable('the audio track has no description')
  const timescale = u32be(bytes, clock.bodyAt + (bytes[clock.bodyAt] === 1 ? 20 : 12))
  if (timescale === 0) throw unreadable('the timescale of the track is 0')
  const codec = readCodec(file, entry)
  checkShape(codec)
  const id = u32be(bytes, header.bodyAt + (bytes[header.bodyAt] === 1 ? 20 : 12))
  return { id, trak, entry, timescale, ...codec }
}

function readCodec(file: BoxReader, entry: Box): CodecParameters {
  const { bytes } = file
  const [sampleRate, channels] = [u16be(bytes, entry.start + 32), u16be(bytes, entry.start + 24)]
  const declared = { sampleRate, channels, frameSamples: 0 }
  switch (entry.type) {
    case 'mp4a': return readMpeg4(file, entry, declared)
    case 'alac': return readAlac(file, entry)
    case 'Opus': return readOpus(file, entry)
    case 'samr': return { codec: 'amr_nb', sampleRate: 8_000, channels: 1, frameSamples: 0 }
    case 'sawb': return { codec: 'amr_wb', sampleRate: 16_000, channels: 1, frameSamples: 0 }
    case '.mp3': return { codec: 'mp3', ...declared, channels: 1 } // the description says 2 even for mono
    default: throw unsupported(`the audio track is "${entry.type}"; read are AAC, ALAC, Opus, AMR and MP3`)
  }
}

function readOpus(file: BoxReader, entry: Box): CodecParameters {
  const header = required(inEntry(file, entry, 'dOps'), 'dOps')
  return { codec: 'opus', sampleRate: OPUS_RATE_HZ, channels: u8(file.bytes, header.bodyAt + 1), frameSamples: 0 }
}

function readMpeg4(file: BoxReader, entry: Box, declared: Omit<CodecParameters, 'codec'>): CodecParameters {
  const { bytes } = file
  const { objectType, config } = readDescriptors(bytes, required(inEntry(file, entry, 'esds'), 'esds'))
  if (objectType === 0x69 || objectType === 0x6b) return { codec: 'mp3', ...declared, channels: 1 }
  if (![0x40, 0x66, 0x67, 0x68].includes(objectType)) {
    throw unsupported(`MPEG-4 audio of the type 0x${objectType.toString(16)}; read are AAC and MP3`)
  }
  if (config === 0) throw unreadable('the AAC track has no AudioSpecificConfig')
  const bits = u32be(bytes, config)
  const rateIndex = (bits >>> 23) & 15
  // Object types from 32 on and explicit rates are rare: for these the description of the track is used.
  const isExtended = bits >>> 27 === 31
  const sampleRate = isExtended ? declared.sampleRate : AAC_RATES_HZ[rateIndex] ?? declared.sampleRate
  const channels = isExtended || rateIndex === 15 ? declared.channels : AAC_CHANNELS[(bits >>> 19) & 15] ?? 0
  return { codec: 'aac', sampleRate, channels, frameSamples: 1_024 }
}

/** Descriptors of an `esds` (ISO/IEC 14496-1, 7.2.6): the type, and the offset of the codec header; 0 without one. */
function readDescriptors(bytes: Uint8Array, { bodyAt, end }: Box): { objectType: number; config: number } {
  let objectType = 0
  for (let at = bodyAt + 4; at < end;) {
    const tag = u8(bytes, at++)
    let size = 0
    for (let more = true; more && at < end;) {
      size = (size << 7) | (u8(bytes, at) & 0x7f)
      more = (u8(bytes, at++) & 0x80) !== 0
    }
    if (tag === 5) return { objectType, config: at }
    if (tag === 4) objectType = u8(bytes, at)
    at += tag === 3 ? 3 : tag === 4 ? 13 : Math.max(0, size)
  }
  return { objectType, config: 0 }
}

function readAlac(file: BoxReader, entry: Box): CodecParameters {
  const { bytes } = file
  const cookie = required(inEntry(file, entry, 'alac'), 'alac')
  const at = cookie.end - 24
  if (at < cookie.bodyAt) throw unreadable('the header of the ALAC track is too short')
  const frameSamples = u32be(bytes, at)
  if (frameSamples < 1 || frameSamples > MAX_ALAC_FRAME) {
    throw unreadable(`an ALAC frame of ${frameSamples} samples; expected 1 to ${MAX_ALAC_FRAME}`)
  }
  const channels = u8(bytes, at + 9)
  if (channels > MAX_ALAC_CHANNELS) throw unsupported(`ALAC with ${channels} channels; supported are 1 and 2`)
  return { codec: 'alac', channels, sampleRate: u32be(bytes, at + 20), frameSamples }
}

/** A box of the description; QuickTime nests some in a `wave` box. */
function inEntry(file: BoxReader, entry: Box, type: string): Box | undefined {
  const version = u16be(file.bytes, entry.start + 16)
  const boxes = { ...entry, bodyAt: entry.start + (ENTRY_BYTES[version] ?? 36) }
  return file.find(boxes, type) ?? file.find(boxes, 'wave', type)
}

function required(box: Box | undefined, type: string): Box {
  if (box === undefined) throw unreadable(`the description of the track has no "${type}"`)
  return box
}
