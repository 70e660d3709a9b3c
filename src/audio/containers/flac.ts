/**
 * FLAC (RFC 9639): STREAMINFO, and pieces that end where a frame begins.
 *
 * Frames do not declare their length in bytes, so a reader finds the end of each by the header of the next: sync code,
 * valid values, a CRC-8. Pieces are split there because the decoder does not detect a header that is split, and loses
 * its frame; and because a frame of constant samples has 12 bytes for up to 65,535 samples. A piece decodes into a
 * million samples at most.
 */
import { joined, textAt, u16be, u24be, u32be, u8 } from './bytes.js'
import { checkShape, unreadable, type AudioProbe } from '../probe.js'

const MAGIC = 'fLaC'
export const STREAM_INFO_BYTES = 34
const MAX_METADATA_BLOCKS = 1_024
/** Size of encoded speech relative to its samples, about. */
const COMPRESSION_RATIO = 0.5
/** Frames at the beginning by which a length is estimated. */
const ESTIMATED_BYTES = 256 * 1024
/** Of a frame of constant samples, rounded down; and the most samples of one channel that a frame may have. */
const SMALLEST_FRAME_BYTES = 10
const LONGEST_FRAME = 65_535
const PIECE_BYTES = 16 * 1024
/** Samples of all channels; the longest frame has half as many. */
export const MAX_PIECE_SAMPLES = 1_000_000
/** More bytes than this without a frame header are no frame: 65,535 samples of eight channels have half as many. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024

export interface StreamInfo {
  /** Hz */
  readonly sampleRate: number
  readonly channels: number
  readonly bitsPerSample: number
  /** Of one channel, as declared; 0 when the encoder did not know the number. */
  readonly totalSamples: number
  /** Most samples of a frame, of one channel, and fewest bytes; 0 when the encoder did not know. */
  readonly longestFrame: number
  readonly smallestFrame: number
}

export function matchesFlac(bytes: Uint8Array): boolean {
  return textAt(bytes, 0, MAGIC)
}

export function probeFlac(bytes: Uint8Array): AudioProbe {
  const { info, framesAt } = findFrames(bytes)
  if (framesAt === bytes.byteLength) throw unreadable('the file ends before the first FLAC frame')
  const { sampleRate, channels } = info
  const declared = isPossibleTotal(info, bytes.byteLength - framesAt)
  const seconds = declared ? info.totalSamples / sampleRate : estimate(bytes, framesAt, info)
  return { container: 'flac', codec: 'flac', sampleRate, channels, seconds, declared, truncated: false }
}

/** Whether a number of samples was declared that so many bytes of frames can have: recorders write 0, or all ones. */
export function isPossibleTotal({ totalSamples, longestFrame, smallestFrame }: StreamInfo, bytes: number): boolean {
  const most = Math.ceil(bytes / Math.max(SMALLEST_FRAME_BYTES, smallestFrame)) * (longestFrame || LONGEST_FRAME)
  return totalSamples > 0 && totalSamples <= most
}

/** Seconds, by the lengths of the first frames relative to their bytes; by a usual ratio where there are none. */
function estimate(bytes: Uint8Array, framesAt: number, { sampleRate, channels, bitsPerSample }: StreamInfo): number {
  const all = bytes.byteLength - framesAt
  const looked = Math.min(all, ESTIMATED_BYTES)
  const samples = flacSamples(bytes, framesAt, framesAt + looked) / channels
  const usual = looked * 8 / (channels * bitsPerSample * COMPRESSION_RATIO)
  return (samples || usual) * (all / looked) / sampleRate
}

/** STREAMINFO and the frames, without other metadata. */
export function* flacPieces(bytes: Uint8Array): Generator<Uint8Array> {
  const { infoAt, framesAt } = findFrames(bytes)
  yield flacStream(bytes.subarray(infoAt, infoAt + STREAM_INFO_BYTES), [])
  let start = framesAt
  let samples = 0
  for (let at = framesAt; at < bytes.byteLength; at++) {
    const next = bytes.indexOf(0xff, at)
    at = next < 0 ? bytes.byteLength : next
    const added = frameSamples(bytes, at)
    const isFull = at - start > PIECE_BYTES || samples + added > MAX_PIECE_SAMPLES
    if ((added > 0 && isFull && at > start) || at - start > MAX_FRAME_BYTES) {
      yield bytes.subarray(start, at)
      start = at
      samples = 0
    }
    samples += added
  }
  yield bytes.subarray(start)
}

/** A FLAC file of a STREAMINFO and frames. */
export function flacStream(info: Uint8Array, frames: readonly Uint8Array[]): Uint8Array {
  return joined(MAGIC, [0x80, 0, 0, STREAM_INFO_BYTES], info, ...frames)
}

/** Throws AUDIO_UNREADABLE. */
export function readStreamInfo(bytes: Uint8Array, at: number): StreamInfo {
  if (at + STREAM_INFO_BYTES > bytes.byteLength) {
    throw unreadable('a FLAC stream begins with 34 bytes of STREAMINFO; the file ends before their end')
  }
  const packed = u32be(bytes, at + 10)
  const info = {
    sampleRate: packed >>> 12,
    channels: ((packed >>> 9) & 7) + 1,
    bitsPerSample: ((packed >>> 4) & 31) + 1,
    totalSamples: (packed & 15) * 2 ** 32 + u32be(bytes, at + 14),
    longestFrame: u16be(bytes, at + 2),
    smallestFrame: u24be(bytes, at + 4),
  }
  checkShape(info)
  return info
}

function findFrames(bytes: Uint8Array): { info: StreamInfo; infoAt: number; framesAt: number } {
  if ((u8(bytes, 4) & 0x7f) !== 0) throw unreadable('the first metadata block of a FLAC file must be STREAMINFO')
  const info = readStreamInfo(bytes, 8)
  let at = 4
  for (let count = 0; count < MAX_METADATA_BLOCKS; count++) {
    const isLast = (u8(bytes, at) & 0x80) !== 0
    at += 4 + u24be(bytes, at + 1)
    if (at > bytes.byteLength) throw unreadable('the file ends before the first FLAC frame')
    if (isLast) return { info, infoAt: 8, framesAt: at }
  }
  throw unreadable(`more than ${MAX_METADATA_BLOCKS} blocks of metadata`)
}

/** Samples of all channels in the frames that begin in this range. */
export function flacSamples(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0
  for (let at = bytes.indexOf(0xff, start); at >= 0 && at < end; at = bytes.indexOf(0xff, at + 1)) {
    sum += frameSamples(bytes, at)
  }
  return sum
}

/** Samples of all channels in the frame that begins here, by its header; 0 when no frame begins here. */
export function frameSamples(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== 0xff || (u8(bytes, at + 1) & 0xfe) !== 0xf8) return 0
  const blockCode = u8(bytes, at + 2) >> 4
  const rateCode = u8(bytes, at + 2) & 15
  if (blockCode === 0 || rateCode === 15 || u8(bytes, at + 3) >> 4 > 10 || (u8(bytes, at + 3) & 1) !== 0) return 0
  const firstByte = u8(bytes, at + 4) // of the frame number, coded as UTF-8 is
  const moreBytes = firstByte < 0x80 ? 0 : Math.min(6, Math.max(1, Math.clz32(~(firstByte << 24)) - 1))
  const blockAt = at + 5 + moreBytes
  const rateAt = blockAt + (blockCode === 6 ? 1 : blockCode === 7 ? 2 : 0)
  const crcAt = rateAt + (rateCode === 12 ? 1 : rateCode > 12 ? 2 : 0)
  if (crcAt >= bytes.byteLength || crc8(bytes, at, crcAt) !== bytes[crcAt]) return 0
  const channelCode = u8(bytes, at + 3) >> 4 // from 8 on: three kinds of joint stereo
  return blockSamples(bytes, blockCode, blockAt) * (channelCode < 8 ? channelCode + 1 : 2)
}

function blockSamples(bytes: Uint8Array, blockCode: number, blockAt: number): number {
  if (blockCode === 1) return 192
  if (blockCode < 6) return 144 << blockCode
  if (blockCode === 6) return u8(bytes, blockAt) + 1
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
