/** The audio track of an MP4 file: its codec, timescale and boxes (ISO/IEC 14496-12, -14, -1; QuickTime). */
import { readAacConfig, type AacConfig } from './aac-config.js'
import { ALAC_CONFIG_BYTES, readAlacConfig } from './alac.js'
import type { Box, BoxReader } from './boxes.js'
import { fourCharacters, u16be, u32be, u8 } from './bytes.js'
import { readStreamInfo } from './flac.js'
import { readIsoPcm, type IsoPcm } from './iso-pcm.js'
import { OPUS_RATE_HZ } from './opus.js'
import { checkShape, MAX_CHANNELS, MAX_CODED_CHANNELS, unreadable, unsupported } from '../probe.js'
import type { PacketCodec } from './packets.js'
import type { SpeechError } from '../../domain/errors.js'

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
  /** Of uncompressed samples. */
  readonly pcm?: IsoPcm | undefined
  readonly aac?: AacConfig
  /** Offset of STREAMINFO; 0 except for FLAC. */
  readonly headerAt: number
}

interface CodecParameters extends Omit<IsoTrack, 'id' | 'trak' | 'entry' | 'timescale'> {}

/** Types of sample descriptions with names for error messages. */
const NAMES: Readonly<Record<string, string>> = {
  'ac-3': 'AC-3', 'ec-3': 'E-AC-3', 'ac-4': 'AC-4', dtsc: 'DTS', dtsh: 'DTS', dtsl: 'DTS', dtse: 'DTS', mlpa: 'TrueHD',
  agsm: 'GSM 6.10', QDM2: 'QDesign Music', QDMC: 'QDesign Music', Qclp: 'QCELP', sqcp: 'QCELP', sevc: 'EVRC',
  MAC3: 'MACE', MAC6: 'MACE', ima4: 'IMA ADPCM', 'dvi ': 'IMA ADPCM', enca: 'encrypted audio', drms: 'encrypted audio',
  mha1: 'MPEG-H', mhm1: 'MPEG-H', 'ms.1': 'GSM 6.10', spex: 'Speex', wma: 'Windows Media Audio',
}
/** Object types of MPEG-4 systems with names for error messages (mp4ra.org). */
const MPEG4_NAMES: Readonly<Record<number, string>> = {
  0xa5: 'AC-3', 0xa6: 'E-AC-3', 0xa9: 'DTS', 0xdd: 'Vorbis', 0xe1: 'QCELP', 0xad: 'Opus',
}
/** Bytes of a sample description before its boxes, by version; QuickTime has three. */
const ENTRY_BYTES = [36, 52, 72]
/** Enough for audio and subtitles in many languages. */
const MAX_TRACKS = 64

/** The first audio track in a `moov`. Throws AUDIO_UNREADABLE or AUDIO_UNSUPPORTED. */
export function readIsoTrack(file: BoxReader, moov: Box): IsoTrack {
  const { bytes } = file
  const trak = file.childrenOf(moov, 'trak').slice(0, MAX_TRACKS).find((candidate) => {
    const handler = file.find(candidate, 'mdia', 'hdlr')
    return handler !== undefined && fourCharacters(bytes, handler.bodyAt + 8) === 'soun'
  })
  if (trak === undefined) throw withoutAudio(file, moov)
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
  checkShape(codec, codec.pcm === undefined ? MAX_CODED_CHANNELS : MAX_CHANNELS)
  const id = u32be(bytes, header.bodyAt + (bytes[header.bodyAt] === 1 ? 20 : 12))
  return { id, trak, entry, timescale, ...codec }
}

/** A valid video is told apart from a file without tracks. */
function withoutAudio(file: BoxReader, moov: Box): SpeechError {
  const isVideo = file.childrenOf(moov, 'trak').slice(0, MAX_TRACKS).some((trak) => {
    const handler = file.find(trak, 'mdia', 'hdlr')
    return handler !== undefined && fourCharacters(file.bytes, handler.bodyAt + 8) === 'vide'
  })
  return isVideo ? unsupported('this is a video without an audio track') : unreadable('there is no audio track')
}

function readCodec(file: BoxReader, entry: Box): CodecParameters {
  const { bytes } = file
  const [sampleRate, channels] = [u16be(bytes, entry.start + 32), u16be(bytes, entry.start + 24)]
  const declared = { sampleRate, channels, frameSamples: 0, headerAt: 0 }
  switch (entry.type) {
    case 'mp4a': return readMpeg4(file, entry, declared)
    case 'alac': return readAlac(file, entry)
    case 'Opus': return readOpus(file, entry)
    case 'fLaC': return readFlac(file, entry)
    case 'samr': return { ...declared, codec: 'amr_nb', sampleRate: 8_000, channels: 1 }
    case 'sawb': return { ...declared, codec: 'amr_wb', sampleRate: 16_000, channels: 1 }
    case '.mp3': return { ...declared, codec: 'mp3', channels: 1 } // the description says 2 even for mono
  }
  const pcm = readIsoPcm(file, entry, (type) => inEntry(file, entry, type))
  if (pcm !== undefined) return { ...pcm, frameSamples: 0, headerAt: 0, pcm }
  const name = NAMES[entry.type] ?? `"${entry.type}"`
  throw unsupported(`the audio track is ${name}; supported: AAC, ALAC, Opus, AMR, MP3, FLAC and PCM`)
}

function readOpus(file: BoxReader, entry: Box): CodecParameters {
  const header = required(inEntry(file, entry, 'dOps'), 'dOps')
  const channels = u8(file.bytes, header.bodyAt + 1)
  return { codec: 'opus', sampleRate: OPUS_RATE_HZ, channels, frameSamples: 0, headerAt: 0 }
}

/** `dfLa` has the metadata blocks of a FLAC file, STREAMINFO first ("Encapsulation of FLAC in ISOBMFF", 3.3.2). */
function readFlac(file: BoxReader, entry: Box): CodecParameters {
  const header = required(inEntry(file, entry, 'dfLa'), 'dfLa')
  const headerAt = header.bodyAt + 8
  const hasInfo = (u8(file.bytes, header.bodyAt + 4) & 0x7f) === 0
  if (!hasInfo) throw unreadable('the header of the FLAC track has no STREAMINFO')
  const { sampleRate, channels } = readStreamInfo(file.bytes, headerAt)
  return { codec: 'flac', sampleRate, channels, frameSamples: 0, headerAt }
}

function readMpeg4(file: BoxReader, entry: Box, declared: Omit<CodecParameters, 'codec'>): CodecParameters {
  const { bytes } = file
  const box = required(inEntry(file, entry, 'esds'), 'esds')
  const { objectType, config, end } = readDescriptors(bytes, box.bodyAt + 4, box.end)
  if (objectType === 0x69 || objectType === 0x6b) return { ...declared, codec: 'mp3', channels: 1 }
  if (![0x40, 0x66, 0x67, 0x68].includes(objectType)) {
    const name = MPEG4_NAMES[objectType] ?? `of the type 0x${objectType.toString(16)}`
    throw unsupported(`the MPEG-4 audio is ${name}; supported: AAC and MP3`)
  }
  if (config === 0) throw unreadable('the AAC track has no AudioSpecificConfig')
  const aac = readAacConfig(bytes, config, end)
  return { codec: 'aac', sampleRate: aac.sampleRate, channels: aac.channels, frameSamples: 1_024, headerAt: 0, aac }
}

/**
 * Descriptors of MPEG-4 (ISO/IEC 14496-1, 7.2.6): the type, and where the header of the codec begins and ends; 0
 * without one.
 */
export function readDescriptors(
  bytes: Uint8Array, start: number, end: number,
): { readonly objectType: number; readonly config: number; readonly end: number } {
  let objectType = 0
  for (let at = start; at < end;) {
    const tag = u8(bytes, at++)
    let size = 0
    for (let more = true; more && at < end;) {
      size = (size << 7) | (u8(bytes, at) & 0x7f)
      more = (u8(bytes, at++) & 0x80) !== 0
    }
    if (tag === 5) return { objectType, config: at, end: Math.min(end, at + Math.max(0, size)) }
    if (tag === 4) objectType = u8(bytes, at)
    at += tag === 3 ? 3 : tag === 4 ? 13 : Math.max(0, size)
  }
  return { objectType, config: 0, end: 0 }
}

function readAlac(file: BoxReader, entry: Box): CodecParameters {
  const cookie = required(inEntry(file, entry, 'alac'), 'alac')
  const at = cookie.end - ALAC_CONFIG_BYTES
  if (at < cookie.bodyAt) throw unreadable('the header of the ALAC track is too short')
  return { codec: 'alac', ...readAlacConfig(file.bytes, at), headerAt: 0 }
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
