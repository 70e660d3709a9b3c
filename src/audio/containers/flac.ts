/**
 * FLAC (RFC 9639): what STREAMINFO says, and pieces that end where a frame begins.
 *
 * Frames do not say how many bytes they have, so a reader finds each by the header of the next: sync code, values that
 * exist, a CRC-8. The pieces are cut there because the decoder overlooks a header that is cut in two, and loses its
 * frame; and because a frame of a constant takes 12 bytes for up to 65,535 samples: a piece holds a million at most.
 */
import { joined, textAt, u16be, u24be, u32be } from './bytes.js'
import { checkShape, unreadable, type AudioProbe } from '../probe.js'

const MAGIC = 'fLaC'
const STREAM_INFO_BYTES = 34
const MAX_METADATA_BLOCKS = 1_024
/** Of 16-bit samples; speech takes about this share. */
const USUAL_RATIO = 0.5
const PIECE_BYTES = 16 * 1024
/** Of all channels; the longest frame has half of it. */
export const MAX_PIECE_SAMPLES = 1_000_000
/** So much without the header of a frame is no frame: 65,535 samples of eight channels have half of it. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024

export interface StreamInfo {
  /** Hz */
  readonly sampleRate: number
  readonly channels: number
  readonly bitsPerSample: number
  /** Of one channel; 0 when the encoder did not know. */
  readonly totalSamples: number
}

export function matchesFlac(bytes: Uint8Array): boolean {
  return textAt(bytes, 0, MAGIC)
}

export function probeFlac(bytes: Uint8Array): AudioProbe {
  const { info, framesAt } = findFrames(bytes)
  if (framesAt === bytes.byteLength) throw unreadable('the file ends before the first FLAC frame')
  const { sampleRate, channels, bitsPerSample, totalSamples } = info
  const bitsPerSecond = sampleRate * channels * bitsPerSample * USUAL_RATIO
  const declared = totalSamples > 0
  const seconds = declared ? totalSamples / sampleRate : (bytes.byteLength - framesAt) * 8 / bitsPerSecond
  return { container: 'flac', codec: 'flac', sampleRate, channels, seconds, declared, truncated: false }
}

/** STREAMINFO and the frames, without pictures and tags. */
export function* flacPieces(bytes: Uint8Array): Generator<Uint8Array> {
  const { infoAt, framesAt } = findFrames(bytes)
  yield joined(MAGIC, [0x80, 0, 0, STREAM_INFO_BYTES], bytes.subarray(infoAt, infoAt + STREAM_INFO_BYTES))
  let start = framesAt
  let samples = 0
  for (let at = framesAt; at < bytes.byteLength; at++) {
    const next = bytes.indexOf(0xff, at)
    at = next < 0 ? bytes.byteLength : next
    const more = frameSamples(bytes, at)
    const isFull = at - start > PIECE_BYTES || samples + more > MAX_PIECE_SAMPLES
    if ((more > 0 && isFull && at > start) || at - start > MAX_FRAME_BYTES) {
      yield bytes.subarray(start, at)
      start = at
      samples = 0
    }
    samples += more
  }
  yield bytes.subarray(start)
}

/** Throws AUDIO_UNREADABLE. */
export function readStreamInfo(bytes: Uint8Array, at: number): StreamInfo {
  if (at + STREAM_INFO_BYTES > bytes.byteLength) throw unreadable('a FLAC stream begins with 34 bytes of STREAMINFO; the file ends before')
  const packed = u32be(bytes, at + 10)
  const info = {
    sampleRate: packed >>> 12,
    channels: ((packed >>> 9) & 7) + 1,
    bitsPerSample: ((packed >>> 4) & 31) + 1,
    totalSamples: (packed & 15) * 2 ** 32 + u32be(bytes, at + 14),
  }
  checkShape(info)
  return info
}

function findFrames(bytes: Uint8Array): { info: StreamInfo; infoAt: number; framesAt: number } {
  if ((bytes[4]! & 0x7f) !== 0) throw unreadable('a FLAC file begins with STREAMINFO; this one does not')
  const info = readStreamInfo(bytes, 8)
  let at = 4
  for (let count = 0; count < MAX_METADATA_BLOCKS; count++) {
    const isLast = (bytes[at]! & 0x80) !== 0
    at += 4 + u24be(bytes, at + 1)
    if (at > bytes.byteLength) throw unreadable('the file ends before the first FLAC frame')
    if (isLast) return { info, infoAt: 8, framesAt: at }
  }
  throw unreadable(`more than ${MAX_METADATA_BLOCKS} blocks of metadata`)
}

/** What the frames that begin within a stretch unfold into: samples of all channels. */
export function flacSamples(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0
  for (let at = bytes.indexOf(0xff, start); at >= 0 && at < end; at = bytes.indexOf(0xff, at + 1)) sum += frameSamples(bytes, at)
  return sum
}

/** Samples of all channels that the frame beginning here has, by its own header; 0 when none begins here. */
function frameSamples(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== 0xff || (bytes[at + 1]! & 0xfe) !== 0xf8) return 0
  const blockCode = bytes[at + 2]! >> 4
  const rateCode = bytes[at + 2]! & 15
  if (blockCode === 0 || rateCode === 15 || bytes[at + 3]! >> 4 > 10 || (bytes[at + 3]! & 1) !== 0) return 0
  const lead = bytes[at + 4]!
  const blockAt = at + 5 + (lead < 0x80 ? 0 : Math.min(6, Math.max(1, Math.clz32(~(lead << 24)) - 1))) // a number as in UTF-8
  const rateAt = blockAt + (blockCode === 6 ? 1 : blockCode === 7 ? 2 : 0)
  const crcAt = rateAt + (rateCode === 12 ? 1 : rateCode > 12 ? 2 : 0)
  if (crcAt >= bytes.byteLength || crc8(bytes, at, crcAt) !== bytes[crcAt]) return 0
  const channelCode = bytes[at + 3]! >> 4 // from 8 on stereo, in three other ways
  return blockSamples(bytes, blockCode, blockAt) * (channelCode < 8 ? channelCode + 1 : 2)
}

function blockSamples(bytes: Uint8Array, blockCode: number, blockAt: number): number {
  if (blockCode === 1) return 192
  if (blockCode < 6) return 144 << blockCode
  if (blockCode === 6) return bytes[blockAt]! + 1
  return blockCode === 7 ? u16be(bytes, blockAt) + 1 : 1 << blockCode
}

function crc8(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0
  for (let i = start; i < end; i++) {
    crc ^= bytes[i]!
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? ((crc << 1) ^ 7) & 255 : (crc << 1) & 255
  }
  return crc
}
