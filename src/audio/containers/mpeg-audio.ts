/**
 * MPEG audio without a container: MP3 (ISO/IEC 11172-3, 13818-3) and AAC in ADTS (ISO/IEC 13818-7). Both are sequences
 * of frames, each with a header. An MP3 file may declare its length in a first frame without audio (Xing, VBRI); the
 * frames of ADTS are counted.
 */
import { AAC_RATES_HZ } from './aac-config.js'
import { sliced, textAt, u16be, u32be, u8 } from './bytes.js'
import { checkShape, unreadable, unsupported, type AudioProbe } from '../probe.js'

/** The first frame may follow some padding. */
const SEARCH_BYTES = 64 * 1024
const MAX_COUNTED_FRAMES = 200_000
const AAC_FRAME_SAMPLES = 1_024
/** kbit/s of layer III by index, of MPEG 1 and of MPEG 2 and 2.5. */
const MPEG1_BIT_RATES = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
const MPEG2_BIT_RATES = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
/** Of MPEG 1, by index. MPEG 2 has half, MPEG 2.5 a quarter of it. */
const MP3_RATES_HZ = [44_100, 48_000, 32_000]
const MP3_PIECE_BYTES = 16 * 1024
/** A frame of 9 bytes may decode into 2,048 samples. */
const AAC_PIECE_BYTES = 4 * 1024

interface Frame {
  /** Hz */
  readonly sampleRate: number
  readonly channels: number
  /** Of one channel. */
  readonly samples: number
  readonly bytes: number
}

export function matchesMp3(bytes: Uint8Array): boolean {
  return textAt(bytes, 0, 'ID3') || readMp3Frame(bytes, 0) !== undefined
}

/** Two frames, or one that ends with the file, perhaps after an ID3 tag. */
export function matchesAdts(bytes: Uint8Array): boolean {
  const start = afterId3(bytes)
  const first = readAdtsFrame(bytes, start)
  if (first === undefined) return false
  const next = start + first.bytes
  return next <= bytes.byteLength && (next + 7 > bytes.byteLength || readAdtsFrame(bytes, next) !== undefined)
}

export function probeMp3(bytes: Uint8Array): AudioProbe {
  const { at, frame } = findMp3(bytes)
  const { sampleRate, channels, samples } = frame
  const counted = declaredFrames(bytes, at, frame)
  const hasMore = readMp3Frame(bytes, at + frame.bytes) !== undefined
  const frames = counted === 0 && hasMore ? undefined : counted // 0 is wrong when there is a second frame
  const seconds = (frames ?? (bytes.byteLength - at) / frame.bytes) * samples / sampleRate
  checkShape({ sampleRate, channels })
  const declared = frames !== undefined
  return { container: 'mp3', codec: 'mp3', sampleRate, channels, seconds, declared, truncated: false }
}

export function mp3Pieces(bytes: Uint8Array): Iterable<Uint8Array> {
  return sliced(bytes.subarray(findMp3(bytes).at), MP3_PIECE_BYTES)
}

export function probeAdts(bytes: Uint8Array): AudioProbe {
  const start = afterId3(bytes)
  const first = readAdtsFrame(bytes, start)
  if (first === undefined) throw unreadable('there is no ADTS frame at the beginning')
  let at = start
  let count = 0
  let frame: Frame | undefined = first
  while (frame !== undefined && count < MAX_COUNTED_FRAMES) {
    at += frame.bytes
    count++
    frame = readAdtsFrame(bytes, at)
  }
  checkShape(first)
  const wholeFrames = at > bytes.byteLength ? count - 1 : count
  const walkedAll = count < MAX_COUNTED_FRAMES && at >= bytes.byteLength - 128 // an ID3v1 tag may follow
  const share = walkedAll ? 1 : (bytes.byteLength - start) / (at - start)
  return {
    container: 'adts',
    codec: 'aac',
    sampleRate: first.sampleRate,
    channels: first.channels,
    seconds: wholeFrames * share * AAC_FRAME_SAMPLES / first.sampleRate,
    declared: walkedAll,
    truncated: at > bytes.byteLength,
  }
}

export function adtsPieces(bytes: Uint8Array): Iterable<Uint8Array> {
  return sliced(bytes.subarray(afterId3(bytes)), AAC_PIECE_BYTES)
}

/** Offset after the ID3v2 tags, which may contain large pictures. */
function afterId3(bytes: Uint8Array): number {
  let at = 0
  for (let tags = 0; tags < 4 && textAt(bytes, at, 'ID3'); tags++) {
    const size = [6, 7, 8, 9].reduce((sum, i) => sum * 128 + (u8(bytes, at + i) & 0x7f), 0)
    at += 10 + size + ((u8(bytes, at + 5) & 0x10) === 0 ? 0 : 10)
  }
  return at
}

/** The first frame that is followed by another or by the end. Throws AUDIO_UNREADABLE. */
function findMp3(bytes: Uint8Array): { at: number; frame: Frame } {
  const start = afterId3(bytes)
  for (let at = start; at < Math.min(bytes.byteLength, start + SEARCH_BYTES); at++) {
    const frame = bytes[at] === 0xff ? readMp3Frame(bytes, at) : undefined
    if (frame === undefined) continue
    const next = at + frame.bytes
    const isLast = next <= bytes.byteLength && next + 4 > bytes.byteLength
    if (isLast || readMp3Frame(bytes, next) !== undefined) return { at, frame }
  }
  const layer = (u8(bytes, start + 1) >> 1) & 3
  if (bytes[start] === 0xff && layer > 1) {
    throw unsupported(`MPEG audio of layer ${layer === 2 ? 'II' : 'I'}; supported is layer III`)
  }
  throw unreadable('there is no MP3 frame near the beginning')
}

function readMp3Frame(bytes: Uint8Array, at: number): Frame | undefined {
  // Eleven bits of sync, layer III.
  if (at + 4 > bytes.byteLength || bytes[at] !== 0xff || (u8(bytes, at + 1) & 0xe6) !== 0xe2) return undefined
  const version = (u8(bytes, at + 1) >> 3) & 3 // 3 is MPEG 1, 2 is MPEG 2, 0 is MPEG 2.5
  const bitRate = (version === 3 ? MPEG1_BIT_RATES : MPEG2_BIT_RATES)[u8(bytes, at + 2) >> 4]
  const baseRate = MP3_RATES_HZ[(u8(bytes, at + 2) >> 2) & 3]
  if (version === 1 || baseRate === undefined || bitRate === undefined || bitRate === 0) return undefined
  const sampleRate = baseRate / (version === 3 ? 1 : version === 2 ? 2 : 4)
  const samples = version === 3 ? 1_152 : 576
  const padding = (u8(bytes, at + 2) >> 1) & 1
  const frameBytes = Math.floor(samples / 8 * bitRate * 1_000 / sampleRate) + padding
  return { sampleRate, channels: u8(bytes, at + 3) >> 6 === 3 ? 1 : 2, samples, bytes: frameBytes }
}

/** Number of audio frames by a Xing, Info or VBRI tag. */
function declaredFrames(bytes: Uint8Array, at: number, { channels, samples }: Frame): number | undefined {
  const sideBytes = samples === 1_152 ? (channels === 1 ? 17 : 32) : channels === 1 ? 9 : 17
  const tagAt = at + 4 + sideBytes
  const hasTag = textAt(bytes, tagAt, 'Xing') || textAt(bytes, tagAt, 'Info')
  if (hasTag && (u8(bytes, tagAt + 7) & 1) !== 0) return u32be(bytes, tagAt + 8)
  return textAt(bytes, at + 36, 'VBRI') ? u32be(bytes, at + 50) : undefined
}

function readAdtsFrame(bytes: Uint8Array, at: number): Frame | undefined {
  if (at + 7 > bytes.byteLength || (u16be(bytes, at) & 0xfff6) !== 0xfff0) return undefined
  const sampleRate = AAC_RATES_HZ[(u8(bytes, at + 2) >> 2) & 15]
  const configuration = ((u8(bytes, at + 2) & 1) << 2) | (u8(bytes, at + 3) >> 6)
  const frameBytes = ((u8(bytes, at + 3) & 3) << 11) | (u16be(bytes, at + 4) >> 5)
  if (sampleRate === undefined || frameBytes < 8) return undefined
  const channels = configuration === 7 ? 8 : Math.max(1, configuration)
  return { sampleRate, channels, samples: AAC_FRAME_SAMPLES, bytes: frameBytes }
}
