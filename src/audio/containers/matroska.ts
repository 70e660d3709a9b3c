/**
 * Matroska and WebM (RFC 8794, RFC 9559): the audio track and its blocks. The length is the sum of the blocks that are
 * there: recordings of browsers declare none, their clock starts when the page was opened, and a page that stores the
 * first block and sends later ones leaves a gap. The declared duration is not used: it may include all of that.
 *
 * The decoder gets a new file: the header of the track and its blocks, without video, indexes and attachments, in
 * pieces of about a kilobyte, or of a million samples of FLAC. All sizes in it have been checked here.
 */
import { joined, u16be, u8 } from './bytes.js'
import { flacSamples, MAX_PIECE_SAMPLES } from './flac.js'
import { OPUS_RATE_HZ, opusPacketSamples } from './opus.js'
import { checkPacket } from './packets.js'
import { unreadable, type AudioProbe } from '../probe.js'
import { childrenOf, elementsOf, ID, nextAfter, readUnsigned, type Element } from './ebml.js'
import { readTrack, type Track } from './matroska-track.js'
import { decodeStream, type Decoded, type StreamLimits } from '../stream.js'

/** Limit of a probe; with blocks of 20 ms it is more than an hour. */
const MAX_PROBED_ELEMENTS = 200_000
const MAX_TRACK_BYTES = 256 * 1024
/** Of the flags of a block: several packets in it. */
const LACING_FLAGS = 6
const FIXED_LACING = 4
const PIECE_BYTES = 1_024
/** EBML header of version 1 with the type "webm"; a segment and a cluster of unknown size. */
const EBML_HEADER = joined([0x1a, 0x45, 0xdf, 0xa3, 0x87, 0x42, 0x82, 0x84], 'webm')
const SEGMENT_START = [0x18, 0x53, 0x80, 0x67, 0x01, 255, 255, 255, 255, 255, 255, 255]
const CLUSTER_START = [0x1f, 0x43, 0xb6, 0x75, 0x01, 255, 255, 255, 255, 255, 255, 255]
const DEFAULT_SCALE_NANOSECONDS = 1_000_000
/** One second; in a coarser unit most blocks have the same time. */
const MAX_SCALE_NANOSECONDS = 1_000_000_000
/** No codec has shorter ones, so a file with a block never has a length of 0. */
const SHORTEST_BLOCK_SECONDS = 0.0025
/** A block lasts less: 20 ms of Opus, 128 ms of AAC at 8 kHz, several of them with lacing. More is a gap. */
const LONGEST_BLOCK_SECONDS = 1

interface Block {
  readonly element: Element
  readonly payloadAt: number
  /** Time at which it starts. */
  readonly seconds: number
  /** Flags: 0 for one packet. */
  readonly lacing: number
}

export function matchesMatroska(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1a && bytes[1] === 0x45 && bytes[2] === 0xdf && bytes[3] === 0xa3
}

export function probeMatroska(bytes: Uint8Array): AudioProbe {
  const walk = new Walk(bytes)
  const length = new Length()
  let end = 0
  for (const block of walk.blocks(MAX_PROBED_ELEMENTS)) {
    length.add(block.seconds, secondsOfBlock(bytes, block, walk.track))
    end = block.element.end
  }
  const { codec, sampleRate, channels } = walk.track
  const container = walk.isWebm ? 'webm' : 'matroska'
  const share = walk.isComplete || end === 0 ? 1 : bytes.byteLength / end
  const seconds = length.seconds * share
  return { container, codec, sampleRate, channels, seconds, declared: walk.isComplete, truncated: walk.isTruncated }
}

/** Sum of the lengths of blocks. One without a length of its own lasts up to the next, or, before a gap, as usual. */
class Length {
  #sum = 0
  #usual = 0
  #open: number | undefined
  #count = 0

  get seconds(): number {
    const last = this.#open === undefined ? 0 : this.#usual
    return this.#count === 0 ? 0 : Math.max(SHORTEST_BLOCK_SECONDS, this.#sum + last)
  }

  add(start: number, seconds: number): void {
    this.#count++
    if (this.#open !== undefined) {
      const step = start - this.#open
      if (step > 0 && step <= LONGEST_BLOCK_SECONDS) this.#usual = step
      this.#sum += step >= 0 && step <= LONGEST_BLOCK_SECONDS ? step : this.#usual
    }
    this.#sum += seconds
    this.#open = seconds > 0 ? undefined : start
  }
}

/** The library's "mkv" returns one channel where its decoders of MP3 and AAC return two equal ones. */
export async function readMatroska(bytes: Uint8Array, { codec }: AudioProbe, limits: StreamLimits): Promise<Decoded> {
  const name = codec === 'mp3' || codec === 'aac' ? 'mkv' : 'webm'
  const walk = new Walk(bytes)
  const decoded = await decodeStream(name, matroskaPieces(bytes, walk), limits)
  const ratio = walk.track.aac?.config.rateRatio ?? 1
  return { ...decoded, sampleRate: Math.round(decoded.sampleRate * ratio) }
}

function* matroskaPieces(bytes: Uint8Array, walk: Walk): Generator<Uint8Array> {
  let parts: Uint8Array[] = []
  let size = 0
  let samples = 0
  let isFirst = true
  for (const { element } of walk.blocks(Infinity)) {
    if (isFirst) yield header(bytes, walk.track)
    isFirst = false
    checkPacket(walk.track.codec, element.end - element.start)
    const added = samplesOfFlac(bytes, walk.track, element)
    if (size >= PIECE_BYTES || samples + added > MAX_PIECE_SAMPLES) {
      yield joined(...parts)
      parts = []
      size = 0
      samples = 0
    }
    parts.push(bytes.subarray(element.start, element.end))
    size += element.end - element.start
    samples += added
  }
  if (parts.length > 0) yield joined(...parts)
}

/**
 * Samples in an element of FLAC, whose frames may decode into 10⁵ times their bytes; 0 for other codecs, which are
 * limited by bytes.
 */
function samplesOfFlac(bytes: Uint8Array, { codec }: Track, { start, end }: Element): number {
  const samples = codec === 'flac' ? flacSamples(bytes, start, end) : 0
  if (samples <= MAX_PIECE_SAMPLES) return samples
  throw unreadable(`a FLAC block of ${samples} samples; at most ${MAX_PIECE_SAMPLES} are read`)
}

function header(bytes: Uint8Array, track: Track): Uint8Array {
  const { entry } = track
  samplesOfFlac(bytes, track, entry)
  const size = entry.end - entry.start
  if (size > MAX_TRACK_BYTES) {
    throw unreadable(`the header of the track has ${size} bytes, at most ${MAX_TRACK_BYTES} are read`)
  }
  const body = bytes.slice(entry.start, entry.end)
  // What the decoder gets instead is as long, or shorter, and a header may end with zeros.
  if (track.aac !== undefined && track.aac.config.rateRatio !== 1) {
    const at = track.aac.at - entry.start
    body.fill(0, at, track.aac.end - entry.start).set(track.aac.config.decoded, at)
  }
  const tracksSize = [0x08, 0, 0, 0, 0].map((first, i) => i === 0 ? first : (body.byteLength >>> (8 * (4 - i))) & 255)
  return joined(EBML_HEADER, SEGMENT_START, [0x16, 0x54, 0xae, 0x6b], tracksSize, body, CLUSTER_START)
}

/** One pass over a file. */
class Walk {
  readonly isWebm: boolean
  /** The walk reached the end of the file. */
  isComplete = false
  isTruncated = false
  readonly #bytes: Uint8Array
  #scaleNanoseconds = DEFAULT_SCALE_NANOSECONDS
  #track: Track | undefined

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.isWebm = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(64, bytes.byteLength)).includes('webm')
  }

  get track(): Track {
    if (this.#track === undefined) throw unreadable('there is no audio track')
    return this.#track
  }

  *blocks(maxElements: number): Generator<Block> {
    let clusterSeconds = 0
    let count = 0
    let reached = 0
    for (const element of elementsOf(this.#bytes)) {
      if (count++ >= maxElements) return
      reached = nextAfter(element)
      if (element.end > this.#bytes.byteLength) this.isTruncated = true
      if (element.id === ID.info) this.#readInfo(element)
      else if (element.id === ID.tracks) this.#track ??= readTrack(this.#bytes, element)
      else if (element.id === ID.timestamp) {
        clusterSeconds = readUnsigned(this.#bytes, element) * this.#scaleNanoseconds / 1e9
      } else if (element.id === ID.simpleBlock || element.id === ID.blockGroup) {
        const block = this.#readBlock(element, clusterSeconds)
        if (block !== undefined) yield block
      }
    }
    this.isComplete = reached >= this.#bytes.byteLength
    if (!this.isComplete) this.isTruncated = true // no element follows
    void this.track // throws when there is no audio track
  }

  #readInfo(info: Element): void {
    for (const child of childrenOf(this.#bytes, info)) {
      if (child.id === ID.timestampScale) this.#scaleNanoseconds = readScale(this.#bytes, child)
    }
  }

  /** Undefined for blocks of another track, and for incomplete ones. */
  #readBlock(element: Element, clusterSeconds: number): Block | undefined {
    if (element.end > this.#bytes.byteLength) return undefined
    const block = element.id === ID.simpleBlock ? element : blockOfGroup(this.#bytes, element)
    if (block === undefined) return undefined
    const first = u8(this.#bytes, block.bodyAt)
    const numberBytes = Math.clz32(first) - 23
    const number = numberBytes === 1 ? first & 0x7f : u16be(this.#bytes, block.bodyAt) & 0x3fff
    if (numberBytes > 2 || number !== this.track.number) return undefined
    const offset = (u16be(this.#bytes, block.bodyAt + numberBytes) << 16) >> 16
    const seconds = clusterSeconds + offset * this.#scaleNanoseconds / 1e9
    const lacing = u8(this.#bytes, block.bodyAt + numberBytes + 2) & LACING_FLAGS
    return { element, payloadAt: block.bodyAt + numberBytes + 3, seconds, lacing }
  }
}

/** Throws AUDIO_UNREADABLE. */
function readScale(bytes: Uint8Array, field: Element): number {
  const nanoseconds = readUnsigned(bytes, field) || DEFAULT_SCALE_NANOSECONDS
  if (nanoseconds > MAX_SCALE_NANOSECONDS) {
    throw unreadable(`a clock of ${nanoseconds} ns; at most ${MAX_SCALE_NANOSECONDS} ns are read`)
  }
  return nanoseconds
}

/** A group has one block (RFC 9559, 5.1.3.5). Throws AUDIO_UNREADABLE for several, which the decoder would accept. */
function blockOfGroup(bytes: Uint8Array, group: Element): Element | undefined {
  const children = [...childrenOf(bytes, group)]
  const [block, ...others] = children.filter(({ id }) => id === ID.block)
  const end = children.at(-1)?.end ?? group.bodyAt
  if (others.length === 0 && end === group.end) return block
  throw unreadable('a block group contains something else than one block and its data')
}

/** By the payload, where that is known; 0 otherwise. */
function secondsOfBlock(
  bytes: Uint8Array, { element, payloadAt, lacing }: Block, { codec, sampleRate, frameBytes }: Track,
): number {
  if (codec === 'opus' && lacing === 0) return opusPacketSamples(bytes, payloadAt, element.end) / OPUS_RATE_HZ
  if (codec === 'opus') { // as many packets as the first byte says and one, of one size if the lacing is fixed
    const packets = lacing === FIXED_LACING ? u8(bytes, payloadAt) + 1 : 0
    return packets * opusPacketSamples(bytes, payloadAt + 1, element.end) / OPUS_RATE_HZ
  }
  return frameBytes === 0 ? 0 : Math.max(0, element.end - payloadAt) / frameBytes / sampleRate
}
