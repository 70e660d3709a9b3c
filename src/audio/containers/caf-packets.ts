/**
 * AAC, ALAC and Opus in CAF, as iPhones store voice messages. The packets lie in `data` without any header. The table
 * `pakt` has the size of each, and how many samples the encoder put before the sound (priming) and after it; the magic
 * cookie `kuki` is the header of the codec. The packets are decoded within a new MP4 file, as they are.
 */
import { readAacConfig, type AacConfig } from './aac-config.js'
import { ALAC_CONFIG_BYTES, checkAlacFrame, readAlacConfig, type AlacConfig } from './alac.js'
import { makeBox } from './boxes.js'
import { bytesOf32, fourCharacters, joined, textAt, u32be, u64be, u8 } from './bytes.js'
import { readDescriptors } from './iso-track.js'
import type { Sample } from './iso-samples.js'
import { clockBox, isoPieces, mpeg4Entry, soundEntry, type IsoParts } from './iso-writer.js'
import { OPUS_RATE_HZ } from './opus.js'
import { checkPacket } from './packets.js'
import { checkShape, unreadable, unsupported, type AudioProbe } from '../probe.js'
import { decodeStream, type Decoded, type StreamLimits } from '../stream.js'
import { SpeechError } from '../../domain/errors.js'

/** The body of a chunk. Its end may be after that of the file. */
export interface CafChunk { readonly at: number; readonly end: number }

export interface CafChunks {
  readonly description: CafChunk
  readonly data: CafChunk
  readonly table: CafChunk | undefined
  readonly cookie: CafChunk | undefined
}

type PacketCodec = 'aac' | 'alac' | 'opus'

interface Header {
  readonly codec: PacketCodec
  /** Hz, by which the table counts samples. */
  readonly sampleRate: number
  readonly channels: number
  /** 0: in the table, for each packet. */
  readonly packetBytes: number
  readonly packetSamples: number
}

interface Table {
  readonly packets: number
  /** Samples of one channel: of the sound, before it, and of all packets. */
  readonly valid: number
  readonly priming: number
  readonly total: number
  readonly sizesAt: number
}

const CODECS: ReadonlyMap<string, PacketCodec> =
  new Map([['aac ', 'aac'], ['aach', 'aac'], ['aacp', 'aac'], ['alac', 'alac'], ['opus', 'opus']])
const TABLE_HEADER_BYTES = 24
/** The shortest packets are those of Opus, 2.5 ms; and some more for both ends. */
const MAX_PACKETS_PER_SECOND = 400
const SPARE_PACKETS = 1_000
/** More channels need a table of streams, for which this container has no place. */
const MAX_OPUS_CHANNELS = 2
/** Before the ALACSpecificConfig in a cookie of the older kind, which consists of two boxes. */
const OLD_COOKIE_BYTES = 24

export function hasPackets(bytes: Uint8Array, { description }: CafChunks): boolean {
  return CODECS.has(fourCharacters(bytes, description.at + 8))
}

export function cafRate(bytes: Uint8Array, descriptionAt: number): number {
  return Math.round(new DataView(bytes.buffer, bytes.byteOffset + descriptionAt, 8).getFloat64(0))
}

export function probeCafPackets(bytes: Uint8Array, chunks: CafChunks): AudioProbe {
  const header = readHeader(bytes, chunks)
  const table = readTable(bytes, chunks, header)
  const { codec, sampleRate: counted, channels } = header
  const sampleRate = codec === 'opus' ? OPUS_RATE_HZ : counted
  // Some encoders do not count how many samples the last packet of ALAC lacks.
  const declared = codec !== 'alac' || table.priming + table.valid < table.total
  return {
    container: 'caf', codec, sampleRate, channels, seconds: table.valid / counted, declared,
    truncated: chunks.data.end > bytes.byteLength,
  }
}

/** Throws AUDIO_TOO_LONG, also for more packets than `limits.maxSeconds` can have. */
export async function readCafPackets(bytes: Uint8Array, chunks: CafChunks, limits: StreamLimits): Promise<Decoded> {
  const header = readHeader(bytes, chunks)
  const table = readTable(bytes, chunks, header)
  const { entry, rateRatio, alac } = describe(bytes, chunks, header)
  const timescale = header.sampleRate / rateRatio
  const parts: IsoParts = {
    entry,
    mediaHeader: clockBox('mdhd', timescale),
    movieHeader: clockBox('mvhd', timescale),
    edits: makeBox('edts', makeBox(
      'elst', bytesOf32(0), bytesOf32(1), bytesOf32(table.valid), bytesOf32(table.priming), [0, 1, 0, 0],
    )),
    tags: new Uint8Array(0),
    duration: table.total,
  }
  const samples: Sample[] = []
  for (const sample of packetsOf(bytes, chunks, header, table)) {
    if (samples.length > limits.maxSeconds * MAX_PACKETS_PER_SECOND + SPARE_PACKETS) {
      throw new SpeechError('AUDIO_TOO_LONG', `more packets than ${limits.maxSeconds} s can have`)
    }
    checkPacket(header.codec, sample.bytes)
    if (alac !== undefined) checkAlacFrame(bytes, sample.offset, alac)
    samples.push(sample)
  }
  const decoded = await decodeStream('m4a', isoPieces(bytes, parts, samples), limits)
  return { ...decoded, sampleRate: Math.round(decoded.sampleRate * rateRatio) }
}

function readHeader(bytes: Uint8Array, { description: { at } }: CafChunks): Header {
  const codec = CODECS.get(fourCharacters(bytes, at + 8))!
  const [packetBytes, packetSamples, channels] = [u32be(bytes, at + 16), u32be(bytes, at + 20), u32be(bytes, at + 24)]
  const sampleRate = cafRate(bytes, at)
  checkShape({ sampleRate, channels })
  return { codec, sampleRate, channels, packetBytes, packetSamples }
}

/** Throws AUDIO_UNREADABLE for a missing table, or one that declares more packets than it has room for. */
function readTable(bytes: Uint8Array, { data, table }: CafChunks, header: Header): Table {
  const { packetBytes, packetSamples } = header
  if (table === undefined) {
    if (packetBytes === 0 || packetSamples === 0) throw unreadable('there is no table of packets ("pakt")')
    const packets = Math.max(0, Math.floor((Math.min(data.end, bytes.byteLength) - data.at - 4) / packetBytes))
    return { packets, valid: packets * packetSamples, priming: 0, total: packets * packetSamples, sizesAt: 0 }
  }
  const [packets, declared] = [u64be(bytes, table.at), u64be(bytes, table.at + 8)]
  const [priming, remainder] = [u32be(bytes, table.at + 16), u32be(bytes, table.at + 20)]
  const sizesAt = table.at + TABLE_HEADER_BYTES
  const fields = (packetBytes === 0 ? 1 : 0) + (packetSamples === 0 ? 1 : 0)
  const room = fields === 0
    ? Math.floor(bytes.byteLength / packetBytes)
    : Math.floor((Math.min(table.end, bytes.byteLength) - sizesAt) / fields)
  if (packets > room) {
    throw unreadable(`the table of packets declares ${packets} rows and has room for ${Math.max(0, room)}`)
  }
  const total = packetSamples === 0 ? declared + priming + remainder : packets * packetSamples
  if (priming > total || total >= 2 ** 31) {
    throw unreadable(`the table of packets declares ${total} samples, ${priming} of them before the sound`)
  }
  const valid = Math.min(total - priming, declared === 0 ? Infinity : declared)
  return { packets, valid, priming, total, sizesAt }
}

/** Packets that were sent whole, one behind the other. */
function* packetsOf(
  bytes: Uint8Array, { data, table }: CafChunks, { packetBytes, packetSamples }: Header, { packets, sizesAt }: Table,
): Generator<Sample> {
  const dataEnd = Math.min(data.end, bytes.byteLength)
  const tableEnd = Math.min(table?.end ?? 0, bytes.byteLength)
  const number = (from: number): { value: number; next: number } => {
    let [value, next] = [0, from]
    for (let more = true; more && next < tableEnd; next++) {
      value = Math.min(2 ** 31, value * 128 + (u8(bytes, next) & 0x7f))
      more = (u8(bytes, next) & 0x80) !== 0
    }
    return { value, next }
  }
  let offset = data.at + 4
  let at = sizesAt
  for (let packet = 0; packet < packets; packet++) {
    let size = packetBytes
    if (packetBytes === 0) ({ value: size, next: at } = number(at))
    if (packetSamples === 0) ({ next: at } = number(at))
    if (offset + size > dataEnd) return
    if (size > 0) yield { offset, bytes: size }
    offset += size
  }
}

interface Description {
  readonly entry: Uint8Array
  /** The true rate relative to the one that the decoder reports. */
  readonly rateRatio: number
  readonly alac?: AlacConfig
}

/** The sample description of the new file. */
function describe(bytes: Uint8Array, { cookie }: CafChunks, { codec, sampleRate, channels }: Header): Description {
  if (codec === 'opus') {
    if (channels > MAX_OPUS_CHANNELS) throw unsupported(`Opus with ${channels} channels in CAF; supported: 1 and 2`)
    const header = joined([0, channels, 0, 0], bytesOf32(sampleRate), [0, 0, 0])
    return { entry: soundEntry('Opus', channels, OPUS_RATE_HZ, makeBox('dOps', header)), rateRatio: 1 }
  }
  if (cookie === undefined || cookie.end > bytes.byteLength) {
    throw unreadable(`there is no header of the codec ${codec} ("kuki")`)
  }
  if (codec === 'aac') {
    const aac = readCookie(bytes, cookie)
    const coded = Math.round(aac.sampleRate / aac.rateRatio)
    return { entry: mpeg4Entry(aac.channels, coded, aac.decoded), rateRatio: aac.rateRatio }
  }
  const at = cookie.at + (textAt(bytes, cookie.at + 4, 'frmaalac') ? OLD_COOKIE_BYTES : 0)
  if (at + ALAC_CONFIG_BYTES > cookie.end) throw unreadable('the header of ALAC ("kuki") is too short')
  const alac = readAlacConfig(bytes, at)
  const box = makeBox('alac', bytesOf32(0), bytes.subarray(at, at + ALAC_CONFIG_BYTES))
  return { entry: soundEntry('alac', alac.channels, alac.sampleRate, box), rateRatio: 1, alac }
}

/** The cookie of AAC is the descriptor that MP4 has in its `esds`. */
function readCookie(bytes: Uint8Array, { at, end }: CafChunk): AacConfig {
  const found = readDescriptors(bytes, at, end)
  if (found.config === 0) throw unreadable('the header of AAC ("kuki") has no AudioSpecificConfig')
  return readAacConfig(bytes, found.config, found.end)
}
