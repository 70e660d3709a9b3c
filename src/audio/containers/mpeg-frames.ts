/**
 * Frames of MPEG audio (ISO/IEC 11172-3, 13818-3) and of AAC in ADTS (ISO/IEC 13818-7): their headers, and where they
 * begin. A sync code of 11 or 12 bits is in every kilobyte of noise, so a frame counts only where the next begins
 * exactly at its end and has the same fixed fields: two at the beginning of a file, three further on. By chance, three
 * headers follow each other in one of 10⁹ noisy files of 64 KiB.
 *
 * Streams are cut anywhere and joined, so frames may begin late, and other bytes (tags, zeros, half a frame) may lie
 * between them.
 */
import { AAC_RATES_HZ } from './aac-config.js'
import { afterZeros } from './tags.js'
import { textAt, u16be, u8 } from './bytes.js'

/** The first frame may follow half a frame, or what is left of another file. The longest frame has 8,191 bytes. */
const SEARCH_BYTES = 64 * 1024
const FRAMES_AT_START = 2
const FRAMES_FURTHER_ON = 3
/** Zeros that may be left behind the last frame. Few, because the search looks at them again and again. */
const MAX_END_BYTES = 4 * 1024
/**
 * Bytes that could begin a frame and are tried between the frames of one file. In noise that is 25 MB; a file of
 * nothing else takes 10 ms.
 */
const MAX_TRIED = 100_000
const AAC_FRAME_SAMPLES = 1_024
/** kbit/s by index: of MPEG 1 by layer, of MPEG 2 and 2.5 (layers II and III have the same). */
const MPEG1_BIT_RATES = [
  [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
]
const MPEG2_BIT_RATES = [
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
]
/** Of MPEG 1, by index. MPEG 2 has half, MPEG 2.5 a quarter of it. */
const MPEG_RATES_HZ = [44_100, 48_000, 32_000]

export interface Frame {
  /** Hz */
  readonly sampleRate: number
  readonly channels: number
  /** Of one channel. */
  readonly samples: number
  readonly bytes: number
  /** I, II or III; 0 for AAC. */
  readonly layer: number
  /** Fewest bytes of a frame of this sample rate. */
  readonly fewestBytes: number
  /** The fields that all frames of a stream have in common. */
  readonly fixed: number
}

export interface PlacedFrame { readonly at: number; readonly frame: Frame }

/** The frame whose header is at this offset; the frame may end after the file. */
export type ReadFrame = (bytes: Uint8Array, at: number) => Frame | undefined

/** A frame of any layer. */
export function readMpegFrame(bytes: Uint8Array, at: number): Frame | undefined {
  if (at + 4 > bytes.byteLength || bytes[at] !== 0xff || (u8(bytes, at + 1) & 0xe0) !== 0xe0) return undefined
  const version = (u8(bytes, at + 1) >> 3) & 3 // 3 is MPEG 1, 2 is MPEG 2, 0 is MPEG 2.5
  const layer = 4 - ((u8(bytes, at + 1) >> 1) & 3)
  if (version === 1 || layer === 4) return undefined
  const bitRates = version === 3 ? MPEG1_BIT_RATES[layer - 1]! : MPEG2_BIT_RATES[Math.min(1, layer - 1)]!
  const bitRate = bitRates[u8(bytes, at + 2) >> 4]
  const baseRate = MPEG_RATES_HZ[(u8(bytes, at + 2) >> 2) & 3]
  if (baseRate === undefined || bitRate === undefined || bitRate === 0) return undefined
  const sampleRate = baseRate / (version === 3 ? 1 : version === 2 ? 2 : 4)
  const samples = layer === 1 ? 384 : layer === 2 || version === 3 ? 1_152 : 576
  const slotBytes = layer === 1 ? 4 : 1
  const bytesAt = (kilobits: number): number => Math.floor(samples / 8 * kilobits * 1_000 / sampleRate / slotBytes)
  const padding = (u8(bytes, at + 2) >> 1) & 1
  return {
    sampleRate, channels: u8(bytes, at + 3) >> 6 === 3 ? 1 : 2, samples, layer,
    bytes: (bytesAt(bitRate) + padding) * slotBytes, fewestBytes: bytesAt(bitRates[1]!) * slotBytes,
    fixed: (u16be(bytes, at) & 0xfffe) * 4 + ((u8(bytes, at + 2) >> 2) & 3),
  }
}

export function readMp3Frame(bytes: Uint8Array, at: number): Frame | undefined {
  const frame = readMpegFrame(bytes, at)
  return frame?.layer === 3 ? frame : undefined
}

export function readAdtsFrame(bytes: Uint8Array, at: number): Frame | undefined {
  if (at + 7 > bytes.byteLength || (u16be(bytes, at) & 0xfff6) !== 0xfff0) return undefined
  const sampleRate = AAC_RATES_HZ[(u8(bytes, at + 2) >> 2) & 15]
  const configuration = ((u8(bytes, at + 2) & 1) << 2) | (u8(bytes, at + 3) >> 6)
  const frameBytes = ((u8(bytes, at + 3) & 3) << 11) | (u16be(bytes, at + 4) >> 5)
  if (sampleRate === undefined || frameBytes < 8) return undefined
  const channels = configuration === 7 ? 8 : Math.max(1, configuration)
  const blocks = 1 + (u8(bytes, at + 6) & 3)
  // The bit "private" and those after the channels may change.
  const fixed = u16be(bytes, at) * 2 ** 10 + ((u16be(bytes, at + 2) & 0xfdc0) >> 6)
  return {
    sampleRate, channels, samples: blocks * AAC_FRAME_SAMPLES, layer: 0, bytes: frameBytes, fewestBytes: 8, fixed,
  }
}

/** The first frame of a stream: at the beginning, or, after zeros, in the next SEARCH_BYTES. */
export function firstFrame(bytes: Uint8Array, read: ReadFrame): PlacedFrame | undefined {
  if (beginsStream(bytes, 0, read)) return { at: 0, frame: read(bytes, 0)! }
  const from = afterZeros(bytes, 0)
  return nextStream(bytes, from, Math.min(bytes.byteLength, from + SEARCH_BYTES), read, { left: MAX_TRIED })
}

/** Whether frames begin at the beginning: two, or one that ends with the file. */
export function beginsStream(bytes: Uint8Array, at: number, read: ReadFrame): boolean {
  return isStream(bytes, at, read, FRAMES_AT_START, 1)
}

/**
 * All whole frames from this one on. Bytes between frames are skipped, up to the next that begin a stream. At most
 * `maxFrames` are returned, and the walk ends where MAX_TRIED bytes between frames have begun none.
 */
export function* framesFrom(
  bytes: Uint8Array, first: number, read: ReadFrame, maxFrames: number,
): Generator<PlacedFrame> {
  const tries: Tries = { left: MAX_TRIED }
  let at = first
  for (let count = 0; count < maxFrames; count++) {
    let frame = read(bytes, at)
    if (frame === undefined || at + frame.bytes > bytes.byteLength) {
      const next = nextStream(bytes, at + 1, bytes.byteLength, read, tries)
      if (next === undefined) return
      at = next.at
      frame = next.frame
    }
    yield { at, frame }
    at += frame.bytes
  }
}

interface Tries { left: number }

function nextStream(
  bytes: Uint8Array, from: number, end: number, read: ReadFrame, tries: Tries,
): PlacedFrame | undefined {
  for (let at = bytes.indexOf(0xff, from); at >= 0 && at < end; at = bytes.indexOf(0xff, at + 1)) {
    if (tries.left-- <= 0) return undefined
    if (isStream(bytes, at, read, FRAMES_FURTHER_ON, 2)) return { at, frame: read(bytes, at)! }
  }
  return undefined
}

/** Whether so many frames with the same fixed fields follow each other, or `atEnd` of them up to the end. */
function isStream(bytes: Uint8Array, from: number, read: ReadFrame, needed: number, atEnd: number): boolean {
  let at = from
  let fixed: number | undefined
  for (let count = 0; count < needed; count++) {
    const frame = read(bytes, at)
    if (frame === undefined || frame.fixed !== (fixed ?? frame.fixed)) return count >= atEnd && isEnd(bytes, at)
    if (at + frame.bytes > bytes.byteLength) return count >= Math.max(2, atEnd)
    fixed = frame.fixed
    at += frame.bytes
  }
  return true
}

/** Whether less than a header is left, or a tag that stands at the end (ID3v1, APEv2, Lyrics3), or zeros. */
function isEnd(bytes: Uint8Array, at: number): boolean {
  const isTag = ['TAG', 'APETAGEX', 'LYRICSBEGIN', 'ID3'].some((mark) => textAt(bytes, at, mark))
  const left = bytes.byteLength - at
  return isTag || left < 4 || (left <= MAX_END_BYTES && afterZeros(bytes, at) === bytes.byteLength)
}
