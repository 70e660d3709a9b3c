/**
 * Ogg (RFC 3533) with Opus (RFC 7845), Vorbis or FLAC: the header of a stream is its first packet, its length the
 * granule position of its last page. Pages of other streams are left out, and each page is a piece: it has at most 255
 * packets. FLAC pages may have 255 frames of 65,535 samples, so their packets are split as a FLAC file is.
 *
 * A recorder sets the flag "end of stream" on the last page; without it, or with an incomplete page, the file is
 * truncated.
 */
import { textAt, u32le, u64le, u8 } from './bytes.js'
import { flacPieces, readStreamInfo } from './flac.js'
import { OPUS_RATE_HZ, opusPacketSamples, readOpusHead } from './opus.js'
import { checkShape, unreadable, unsupported, type AudioProbe } from '../probe.js'
import type { DecoderName } from '../stream.js'
import type { Codec } from '../../domain/codecs.js'

const MAGIC = 'OggS'
const HEADER_BYTES = 27
const BEGIN_OF_STREAM = 2
const END_OF_STREAM = 4
/** 10 hours of pages of one second. */
const MAX_PAGES = 36_000
/** Granule position of a page on which no packet ends. */
const NO_POSITION = 2 ** 64
/** Bytes of the first packet before the FLAC signature (RFC 9639, 10.1). */
const FLAC_MAPPING_BYTES = 9
/** Streams at the beginning of a file: audio, video, a skeleton. */
const MAX_STREAMS = 16

interface Page {
  readonly start: number
  readonly flags: number
  readonly granule: number
  readonly serial: number
  readonly bodyAt: number
  /** As declared; may be after the end of the file. */
  readonly end: number
}

interface OggStream extends Pick<AudioProbe, 'sampleRate' | 'channels'> {
  readonly codec: OggCodec
  readonly serial: number
  /** Decoded samples to discard at the start. */
  readonly preSkip: number
}

type OggCodec = Extract<Codec, 'opus' | 'vorbis' | 'flac'>
const DECODERS: Readonly<Record<OggCodec, DecoderName>> = { opus: 'opus', vorbis: 'oga', flac: 'flac' }
const UNSUPPORTED: readonly (readonly [magic: string, name: string])[] =
  [['Speex   ', 'Speex'], ['\x80theora', 'Theora'], ['PCM     ', 'PCM'], ['\x01video', 'video']]

export function matchesOgg(bytes: Uint8Array): boolean {
  return textAt(bytes, 0, MAGIC)
}

export function probeOgg(bytes: Uint8Array): AudioProbe {
  const stream = findStream(bytes)
  const { codec, sampleRate, channels, preSkip } = stream
  let first: Page | undefined
  let last: Page | undefined
  let count = 0
  for (const page of pagesOf(bytes, stream.serial)) {
    if (count++ >= MAX_PAGES) break
    if (page.granule > 0 && page.granule < NO_POSITION && page.end <= bytes.byteLength) first ??= page
    if (page.granule < NO_POSITION || last === undefined) last = page
  }
  const start = first === undefined ? 0 : startOf(bytes, first, codec)
  const positions = last === undefined || first === undefined ? 0 : last.granule - start - preSkip
  const truncated = last === undefined || last.end > bytes.byteLength || (last.flags & END_OF_STREAM) === 0
  const seconds = Math.max(0, positions) / sampleRate
  return { container: 'ogg', codec, sampleRate, channels, seconds, declared: count <= MAX_PAGES, truncated }
}

export function oggDecoder(bytes: Uint8Array): DecoderName {
  return DECODERS[findStream(bytes).codec]
}

export function* oggPieces(bytes: Uint8Array): Generator<Uint8Array> {
  const { codec, serial } = findStream(bytes)
  if (codec === 'flac') yield* flacPieces(packetsOf(bytes, serial).subarray(FLAC_MAPPING_BYTES))
  else for (const page of pagesOf(bytes, serial)) yield bytes.subarray(page.start, page.end)
}

/** The packets of a stream, concatenated. */
function packetsOf(bytes: Uint8Array, serial: number): Uint8Array {
  const packets = new Uint8Array(bytes.byteLength)
  let size = 0
  for (const { bodyAt, end } of pagesOf(bytes, serial)) {
    const body = bytes.subarray(bodyAt, end)
    packets.set(body, size)
    size += body.byteLength
  }
  return packets.subarray(0, size)
}

/** Pages of one stream, or of all; bytes between pages are skipped. */
function* pagesOf(bytes: Uint8Array, serial?: number): Generator<Page> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = buffer.indexOf(MAGIC, 0, 'latin1'); at >= 0 && at + HEADER_BYTES <= bytes.byteLength;) {
    const page = readPage(bytes, at)
    if (serial === undefined || page.serial === serial) yield page
    at = textAt(bytes, page.end, MAGIC) ? page.end : buffer.indexOf(MAGIC, page.end, 'latin1')
  }
}

function readPage(bytes: Uint8Array, start: number): Page {
  const segments = u8(bytes, start + 26)
  const bodyAt = start + HEADER_BYTES + segments
  let end = bodyAt
  for (let i = start + HEADER_BYTES; i < bodyAt; i++) end += u8(bytes, i)
  const [granule, serial] = [u64le(bytes, start + 6), u32le(bytes, start + 14)]
  return { start, flags: u8(bytes, start + 5), granule, serial, bodyAt, end }
}

/** The first supported stream. Headers of all streams come first. Throws AUDIO_UNSUPPORTED or AUDIO_UNREADABLE. */
function findStream(bytes: Uint8Array): OggStream {
  const others: string[] = []
  let count = 0
  for (const page of pagesOf(bytes)) {
    if ((page.flags & BEGIN_OF_STREAM) === 0 || count++ > MAX_STREAMS) break
    const stream = readHeader(bytes, page)
    if (stream !== undefined) {
      checkShape(stream)
      return stream
    }
    others.push(UNSUPPORTED.find(([magic]) => textAt(bytes, page.bodyAt, magic))?.[1] ?? 'of an unknown type')
  }
  if (others.length === 0) throw unreadable('an Ogg file must begin with the header of a stream')
  throw unsupported(`the Ogg stream is ${others.join(', ')}; read are Opus, Vorbis and FLAC`)
}

function readHeader(bytes: Uint8Array, { bodyAt: at, serial }: Page): OggStream | undefined {
  if (textAt(bytes, at, 'OpusHead')) {
    const { channels, preSkip } = readOpusHead(bytes, at)
    return { serial, codec: 'opus', sampleRate: OPUS_RATE_HZ, channels, preSkip }
  }
  if (textAt(bytes, at, '\x01vorbis')) {
    return { serial, codec: 'vorbis', sampleRate: u32le(bytes, at + 12), channels: u8(bytes, at + 11), preSkip: 0 }
  }
  if (textAt(bytes, at, '\x7fFLAC')) {
    return { serial, codec: 'flac', ...readStreamInfo(bytes, at + FLAC_MAPPING_BYTES + 8), preSkip: 0 }
  }
  return undefined
}

/** Granule position before the first audio page; not 0 when a recording starts within a stream (RFC 7845, 4.5). */
function startOf(bytes: Uint8Array, { start, bodyAt, granule }: Page, codec: OggCodec): number {
  if (codec !== 'opus') return 0
  let samples = 0
  let packetAt = bodyAt
  for (let i = start + HEADER_BYTES, at = bodyAt; i < bodyAt; i++) {
    const lacing = u8(bytes, i)
    at += lacing
    if (lacing === 255) continue
    samples += opusPacketSamples(bytes, packetAt, at)
    packetAt = at
  }
  return Math.max(0, granule - samples)
}
