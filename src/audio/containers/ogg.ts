/**
 * Ogg (RFC 3533) with Opus (RFC 7845), Vorbis or FLAC: the header of a stream is its first packet; ogg-length.ts adds
 * up its length. Pages of other streams are left out, and each page is a piece: it has at most 255 packets. FLAC pages
 * may have 255 frames of 65,535 samples, so their packets are split as a FLAC file is.
 *
 * A recorder sets the flag "end of stream" on the last page; without it, or with an incomplete page, the file is
 * truncated.
 */
import { textAt, u32le, u64le, u8 } from './bytes.js'
import { flacPieces, readStreamInfo } from './flac.js'
import { OggLength, type MeasuredStream } from './ogg-length.js'
import { OPUS_RATE_HZ, readOpusHead } from './opus.js'
import { checkShape, unreadable, unsupported, type AudioProbe } from '../probe.js'
import type { DecoderName } from '../stream.js'
import type { Codec } from '../../domain/codecs.js'

const MAGIC = 'OggS'
const HEADER_BYTES = 27
const BEGIN_OF_STREAM = 2
const END_OF_STREAM = 4
/** 10 hours of pages of one second. */
const MAX_PAGES = 36_000
/** Packets that a probe measures; with 20 ms each they are more than an hour. */
const MAX_PACKETS = 200_000
/** Bytes between pages that are searched for the next one. */
const MAX_GAP_BYTES = 1024 * 1024
/** Granule position of a page on which no packet ends. */
const NO_POSITION = 2 ** 64
/** Bytes of the first packet before the FLAC signature (RFC 9639, 10.1). */
const FLAC_MAPPING_BYTES = 9
/** Streams at the beginning of a file: audio, video, a skeleton. */
const MAX_STREAMS = 16
/** Titles in a row. */
const MAX_LINKS = 1_000
const LONGEST_OPUS_PACKET = 5_760
const LONGEST_FLAC_FRAME = 65_535

interface Page {
  readonly start: number
  readonly flags: number
  readonly granule: number
  readonly serial: number
  readonly bodyAt: number
  /** As declared; may be after the end of the file. */
  readonly end: number
}

interface OggStream extends MeasuredStream, Pick<AudioProbe, 'sampleRate' | 'channels'> {
  readonly serial: number
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
  const { codec, sampleRate, channels } = stream
  let last: Page | undefined
  let samples = 0
  let pages = 0
  let packets = 0
  for (const link of linksOf(bytes, stream, MAX_PAGES + 1)) {
    const length = new OggLength(bytes, link.stream)
    for (const page of link.pages) {
      if (pages++ >= MAX_PAGES || packets + length.packets > MAX_PACKETS) break
      length.add(page, page.granule < NO_POSITION)
      if (page.granule < NO_POSITION || last === undefined) last = page
    }
    samples += length.samples
    packets += length.packets
  }
  const declared = pages <= MAX_PAGES && packets <= MAX_PACKETS
  const isCut = last === undefined || last.end > bytes.byteLength || (last.flags & END_OF_STREAM) === 0
  const truncated = declared && isCut // otherwise the last page was not looked at
  const share = declared || last === undefined ? 1 : bytes.byteLength / last.end
  const seconds = samples / sampleRate * share
  return { container: 'ogg', codec, sampleRate, channels, seconds, declared, truncated }
}

export function oggDecoder(bytes: Uint8Array): DecoderName {
  return DECODERS[findStream(bytes).codec]
}

export function* oggPieces(bytes: Uint8Array): Generator<Uint8Array> {
  let isFirst = true
  for (const { stream, pages } of linksOf(bytes, findStream(bytes), Infinity)) {
    if (stream.codec === 'flac') yield* flacOf(bytes, pages, isFirst)
    else for (const page of pages) yield bytes.subarray(page.start, page.end)
    isFirst = false
  }
}

/** A FLAC file of the packets of one link, in pieces; without its header behind another one. */
function* flacOf(bytes: Uint8Array, pages: readonly Page[], withHeader: boolean): Generator<Uint8Array> {
  const packets = Buffer.concat(pages.map(({ bodyAt, end }) => bytes.subarray(bodyAt, end)))
  let isHeader = true
  for (const piece of flacPieces(packets.subarray(FLAC_MAPPING_BYTES))) {
    if (withHeader || !isHeader) yield piece
    isHeader = false
  }
}

interface Link { readonly stream: OggStream; readonly pages: readonly Page[] }

/**
 * The links of a chain (RFC 3533, 4), one after the other: a stream begins when the one before has ended, as radio
 * stations do at each title. Usually there is one. A link of another kind ends the chain.
 */
function linksOf(bytes: Uint8Array, first: OggStream, maxPages: number): readonly Link[] {
  const links = [{ stream: first, pages: [] as Page[] }]
  let count = 0
  for (const page of pagesOf(bytes)) {
    if (count++ >= maxPages) break
    const link = links.at(-1)!
    if ((page.flags & BEGIN_OF_STREAM) !== 0 && link.pages.length > 1 && links.length < MAX_LINKS) {
      const stream = readHeader(bytes, page)
      if (stream !== undefined && isSameKind(stream, first)) links.push({ stream, pages: [page] })
    } else if (page.serial === link.stream.serial) link.pages.push(page)
  }
  return links
}

function isSameKind(one: OggStream, other: OggStream): boolean {
  return one.codec === other.codec && one.sampleRate === other.sampleRate && one.channels === other.channels
}

/** Pages of all streams; bytes between pages are skipped, up to MAX_GAP_BYTES. */
function* pagesOf(bytes: Uint8Array): Generator<Page> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = buffer.indexOf(MAGIC, 0, 'latin1'); at >= 0 && at + HEADER_BYTES <= bytes.byteLength;) {
    const page = readPage(bytes, at)
    yield page
    const gap = buffer.subarray(page.end, page.end + MAX_GAP_BYTES)
    const next = gap.indexOf(MAGIC, 0, 'latin1')
    at = next < 0 ? -1 : page.end + next
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
  throw unsupported(`the Ogg stream is ${others.join(', ')}; supported: Opus, Vorbis and FLAC`)
}

function readHeader(bytes: Uint8Array, { bodyAt: at, serial }: Page): OggStream | undefined {
  if (textAt(bytes, at, 'OpusHead')) {
    const { channels, preSkip } = readOpusHead(bytes, at)
    return { serial, codec: 'opus', sampleRate: OPUS_RATE_HZ, channels, preSkip, longestPacket: LONGEST_OPUS_PACKET }
  }
  if (textAt(bytes, at, '\x01vorbis')) {
    const longestPacket = 2 ** (u8(bytes, at + 28) >> 4) / 2 // half of a long block
    const [channels, sampleRate] = [u8(bytes, at + 11), u32le(bytes, at + 12)]
    return { serial, codec: 'vorbis', sampleRate, channels, preSkip: 0, longestPacket }
  }
  if (textAt(bytes, at, '\x7fFLAC')) {
    const { sampleRate, channels } = readStreamInfo(bytes, at + FLAC_MAPPING_BYTES + 8)
    return { serial, codec: 'flac', sampleRate, channels, preSkip: 0, longestPacket: LONGEST_FLAC_FRAME }
  }
  return undefined
}
