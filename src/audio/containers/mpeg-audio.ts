/**
 * MPEG audio without a container: MP3 and AAC in ADTS, sequences of frames that mpeg-frames.ts finds. Their length is
 * that of the frames that are there. An MP3 file may declare another in a first frame without audio (Xing, Info, VBRI);
 * it tells only whether the upload ends early, and nothing where it cannot be true.
 *
 * The decoder gets the frames without what lies between them.
 */
import { AAC_RATES_HZ, tableIndexOf } from './aac-config.js'
import { textAt, u24be, u32be, u8 } from './bytes.js'
import {
  beginsStream, firstFrame, framesFrom, readAdtsFrame, readMp3Frame, readMpegFrame, type Frame, type PlacedFrame,
  type ReadFrame,
} from './mpeg-frames.js'
import { checkShape, unreadable, unsupported, type AudioProbe } from '../probe.js'
import { decodeStream, type Decoded, type StreamLimits } from '../stream.js'

const MAX_COUNTED_FRAMES = 200_000
const MP3_PIECE_BYTES = 16 * 1024
/** A frame of 9 bytes may decode into 2,048 samples. */
const AAC_PIECE_BYTES = 4 * 1024
/** Encoders count the frame of the tag or not, and add some at the end. */
const TOLERATED_FRAMES = 4

export function matchesMp3(bytes: Uint8Array): boolean {
  return textAt(bytes, 0, 'ID3') || beginsStream(bytes, 0, readMp3Frame)
}

export function matchesAdts(bytes: Uint8Array): boolean {
  return beginsStream(bytes, 0, readAdtsFrame)
}

/** MPEG audio of a layer that is not read. */
function matchesLayer12(bytes: Uint8Array): boolean {
  return beginsStream(bytes, 0, readMpegFrame)
}

/** Whether frames begin after some other bytes: half a frame of a stream that was cut, or zeros. */
export function containsMp3(bytes: Uint8Array): boolean {
  return firstFrame(bytes, readMp3Frame) !== undefined
}

export function containsAdts(bytes: Uint8Array): boolean {
  return firstFrame(bytes, readAdtsFrame) !== undefined
}

export function probeMp3(bytes: Uint8Array): AudioProbe {
  const { at, frame } = findMp3(bytes)
  const { sampleRate, channels } = frame
  checkShape({ sampleRate, channels })
  const tag = readTag(bytes, at, frame)
  const { count, seconds, isComplete } = measure(bytes, at, readMp3Frame)
  const audioFrames = tag === undefined ? count : count - 1
  const missing = tag === undefined || tag.frames === 0 || !isComplete ? 0 : tag.frames - audioFrames
  const declared = tag !== undefined && tag.frames > 0 && isComplete && Math.abs(missing) <= TOLERATED_FRAMES
  const trimmed = declared ? tag.trimmedSamples / sampleRate : 0
  return {
    container: 'mp3', codec: 'mp3', sampleRate, channels, declared,
    seconds: Math.max(0, seconds * audioFrames / count - trimmed),
    truncated: missing > TOLERATED_FRAMES,
  }
}

export function mp3Pieces(bytes: Uint8Array): Iterable<Uint8Array> {
  return framePieces(bytes, findMp3(bytes).at, readMp3Frame, MP3_PIECE_BYTES)
}

export function probeAdts(bytes: Uint8Array): AudioProbe {
  const { at, frame: { sampleRate, channels } } = findAdts(bytes)
  checkShape({ sampleRate, channels })
  const { seconds, end, isWhole, isComplete } = measure(bytes, at, readAdtsFrame)
  const rest = isComplete ? readAdtsFrame(bytes, end) : undefined
  return {
    container: 'adts', codec: 'aac', sampleRate, channels, seconds,
    declared: at === 0 && isWhole && isComplete, truncated: rest !== undefined,
  }
}

/** Of 7,350 Hz, which the decoder refuses, under the rate whose tables it has. */
export async function readAdts(bytes: Uint8Array, limits: StreamLimits): Promise<Decoded> {
  const { at, frame: { sampleRate } } = findAdts(bytes)
  const pieces = framePieces(bytes, at, readAdtsFrame, AAC_PIECE_BYTES)
  const index = tableIndexOf(sampleRate)
  if (sampleRate >= AAC_RATES_HZ[index]!) return decodeStream('aac', pieces, limits)
  const decoded = await decodeStream('aac', withRate(pieces, index), limits)
  return { ...decoded, sampleRate: Math.round(decoded.sampleRate * sampleRate / AAC_RATES_HZ[index]!) }
}

/** Pieces of whole frames, in whose headers the rate is replaced by that of this index. */
function* withRate(pieces: Iterable<Uint8Array>, index: number): Generator<Uint8Array> {
  for (const piece of pieces) {
    const changed = Uint8Array.from(piece)
    for (const { at } of framesFrom(piece, 0, readAdtsFrame, Infinity)) {
      changed[at + 2] = (u8(piece, at + 2) & 0xc3) | (index << 2)
    }
    yield changed
  }
}

interface Measured {
  readonly count: number
  /** Of all frames; estimated from the size where there are more than MAX_COUNTED_FRAMES. */
  readonly seconds: number
  /** After the last frame. */
  readonly end: number
  /** Nothing lies between the frames. */
  readonly isWhole: boolean
  /** All frames were counted. */
  readonly isComplete: boolean
}

function measure(bytes: Uint8Array, first: number, read: ReadFrame): Measured {
  let [count, seconds, end, isWhole] = [0, 0, first, true]
  for (const { at, frame } of framesFrom(bytes, first, read, MAX_COUNTED_FRAMES)) {
    isWhole &&= at === end
    count++
    seconds += frame.samples / frame.sampleRate
    end = at + frame.bytes
  }
  const isComplete = count < MAX_COUNTED_FRAMES
  const share = isComplete ? 1 : (bytes.byteLength - first) / (end - first)
  return { count, seconds: seconds * share, end, isWhole, isComplete }
}

/** Frames that follow each other without a gap, in pieces. */
function* framePieces(bytes: Uint8Array, first: number, read: ReadFrame, pieceBytes: number): Generator<Uint8Array> {
  let [start, end] = [first, first]
  for (const { at, frame } of framesFrom(bytes, first, read, Infinity)) {
    if (end > start && (at !== end || end - start >= pieceBytes)) {
      yield bytes.subarray(start, end)
      start = at
    }
    if (end === start) start = at
    end = at + frame.bytes
  }
  if (end > start) yield bytes.subarray(start, end)
}

/** Throws AUDIO_UNREADABLE or AUDIO_UNSUPPORTED. */
function findMp3(bytes: Uint8Array): PlacedFrame {
  const found = firstFrame(bytes, readMp3Frame)
  if (found !== undefined) return found
  if (matchesLayer12(bytes)) {
    const layer = readMpegFrame(bytes, 0)?.layer === 2 ? 'II' : 'I'
    throw unsupported(`MPEG audio of layer ${layer}; supported is layer III`)
  }
  throw unreadable('there is no MP3 frame near the beginning')
}

function findAdts(bytes: Uint8Array): PlacedFrame {
  const found = firstFrame(bytes, readAdtsFrame)
  if (found === undefined) throw unreadable('there is no ADTS frame near the beginning')
  return found
}

interface Tag {
  /** Further frames; 0 where the tag says none, or so many that they cannot be true. */
  readonly frames: number
  /** Samples that the encoder added at both ends, which the decoder leaves out. */
  readonly trimmedSamples: number
}

/**
 * A Xing, Info or VBRI tag in the first frame; undefined without one. Its number of frames cannot be true where the
 * smallest ones would be longer than the tag says, or than the file if it says nothing.
 */
function readTag(bytes: Uint8Array, at: number, { channels, samples, fewestBytes }: Frame): Tag | undefined {
  const sideBytes = samples === 1_152 ? (channels === 1 ? 17 : 32) : channels === 1 ? 9 : 17
  const xingAt = at + 4 + sideBytes
  const isXing = textAt(bytes, xingAt, 'Xing') || textAt(bytes, xingAt, 'Info')
  const flags = isXing ? u8(bytes, xingAt + 7) : 0
  const isVbri = textAt(bytes, at + 36, 'VBRI')
  const frames = isVbri ? u32be(bytes, at + 50) : (flags & 1) !== 0 ? u32be(bytes, xingAt + 8) : 0
  const size = isVbri ? u32be(bytes, at + 46) : (flags & 3) === 3 ? u32be(bytes, xingAt + 12) : 0
  if (!isXing && !isVbri) return undefined
  const isPossible = frames * fewestBytes <= Math.max(size, bytes.byteLength)
  return { frames: isPossible ? frames : 0, trimmedSamples: isXing ? trimmedByTag(bytes, xingAt, flags) : 0 }
}

/** By the extension of LAME ("Mp3 Info Tag rev 1"): 12 bits of delay and 12 of padding, behind the fields of Xing. */
function trimmedByTag(bytes: Uint8Array, xingAt: number, flags: number): number {
  const fields = ((flags & 1) + ((flags >> 1) & 1) + ((flags >> 3) & 1)) * 4 + (flags & 4) * 25
  const encoderAt = xingAt + 8 + fields
  if (!['LAME', 'Lavf', 'Lavc'].some((name) => textAt(bytes, encoderAt, name))) return 0
  const both = u24be(bytes, encoderAt + 21)
  return (both >> 12) + (both & 0xfff)
}
