/**
 * The chunks of a WAV file: its format, and the position of its samples. Cheap enough for the HTTP process: it reads
 * headers only, at most MAX_CHUNKS of them, and checks every number.
 *
 * Needed because wavefile validates nothing and loops over counts that a file merely declares: a `cue ` chunk of 32 kB
 * occupies it for seconds. So it is given the checked `fmt ` chunk only.
 * Source: Microsoft/IBM "Multimedia Programming Interface and Data Specifications 1.0" (1991), mmreg.h, ksmedia.h.
 */
import { fourCharacters } from './bytes.js'
import { isChunkId, isPlaceholder } from './placeholders.js'
import { checkShape, MAX_CHANNELS, unreadable, unsupported } from '../probe.js'
import { CODECS, type AdpcmCodec, type PcmCodec } from '../../domain/codecs.js'

export type WavCodec = PcmCodec | AdpcmCodec

export interface WavLayout {
  readonly codec: WavCodec
  readonly channels: number
  /** Hz */
  readonly sampleRate: number
  readonly bitsPerSample: number
  /** Bytes of a block: one sample of all channels, of ADPCM several. */
  readonly blockAlign: number
  /** Samples of one channel in a block. */
  readonly blockSamples: number
  /** Offset of the body of the `fmt ` chunk, and its meaningful bytes: 16, 40 when EXTENSIBLE, more of ADPCM. */
  readonly formatOffset: number
  readonly formatBytes: number
  readonly dataOffset: number
  /** Bytes of samples that the file contains, in whole blocks. */
  readonly dataBytes: number
  /** The header declares more than the file contains. */
  readonly truncated: boolean
  readonly seconds: number
}

interface Chunk {
  readonly id: string
  readonly offset: number
  /** As declared; may reach beyond the end of the file. */
  readonly size: number
}

interface WavFormat extends Omit<WavLayout, 'dataOffset' | 'dataBytes' | 'truncated' | 'seconds'> {}

/** Limit of the decoder. */
const MAX_ADPCM_CHANNELS = 2
/** Broadcast WAV files have a dozen. */
const MAX_CHUNKS = 1_024
/** Chunks by which a missing pad byte is noticed. */
const KNOWN_CHUNKS = ['fmt ', 'data', 'fact', 'LIST', 'bext', 'JUNK', 'cue ', 'id3 ', 'smpl', 'iXML']

const EXTENSIBLE = 0xfffe
/** Last 14 bytes of a sub-format GUID whose first two are a format tag: xxxx0000-0000-0010-8000-00aa00389b71. */
const TAG_GUID_TAIL = '000000001000800000aa00389b71'

const CODECS_BY_TAG: Readonly<Record<number, Readonly<Record<number, WavCodec>>>> = {
  1: { 8: 'pcm_u8', 16: 'pcm_s16', 24: 'pcm_s24', 32: 'pcm_s32' },
  2: { 4: 'adpcm_ms' },
  3: { 32: 'pcm_f32', 64: 'pcm_f64' },
  6: { 8: 'alaw' },
  7: { 8: 'mulaw' },
  0x11: { 4: 'adpcm_ima' },
}

/** Format tags with names for error messages (mmreg.h). */
const KNOWN_TAGS: Readonly<Record<number, string>> = {
  0x0001: 'PCM', 0x0002: 'Microsoft ADPCM', 0x0003: 'floating point', 0x0006: 'A-law', 0x0007: 'mu-law',
  0x0010: 'OKI ADPCM', 0x0011: 'IMA ADPCM', 0x0022: 'TrueSpeech', 0x0031: 'GSM 6.10', 0x0040: 'G.721 ADPCM',
  0x0042: 'G.723.1', 0x0045: 'G.726 ADPCM', 0x0050: 'MPEG layer 2', 0x0055: 'MP3', 0x0064: 'G.726 ADPCM',
  0x0065: 'G.722 ADPCM', 0x0083: 'G.729', 0x0092: 'Dolby AC-3', 0x00ff: 'AAC', 0x0161: 'Windows Media Audio',
  0x1610: 'HE-AAC', 0x2000: 'Dolby AC-3', 0x674f: 'Ogg Vorbis', 0x704f: 'Opus', 0xa109: 'Speex', 0xf1ac: 'FLAC',
}

/** Throws AUDIO_UNREADABLE for a broken file, AUDIO_UNSUPPORTED for a valid one of an unsupported kind. */
export function readWavLayout(bytes: Uint8Array): WavLayout {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const riffBytes = readRiffHeader(bytes, view)
  const { format, data } = findChunks(bytes, view)
  const present = Math.max(0, view.byteLength - data.offset)
  const streamed = isStreamed(bytes, data, riffBytes, present)
  const declared = streamed ? present : data.size
  const dataBytes = wholeBlocks(Math.min(declared, present), format.blockAlign)
  if (dataBytes === 0 && declared > present) {
    throw unreadable(`the file ends after ${view.byteLength} bytes, before its first sample`)
  }
  return {
    ...format,
    dataOffset: data.offset,
    dataBytes,
    truncated: declared > present,
    seconds: dataBytes / format.blockAlign * format.blockSamples / format.sampleRate,
  }
}

/** The size of the file that its header declares, without the first 8 bytes. */
function readRiffHeader(bytes: Uint8Array, view: DataView): number {
  if (view.byteLength < 12) {
    throw unreadable(`a WAV file begins with 12 bytes of header, this one has ${view.byteLength} in all`)
  }
  const magic = fourCharacters(bytes, 0)
  const form = fourCharacters(bytes, 8)
  if (magic === 'RIFX' || magic === 'RF64' || magic === 'BW64') {
    throw unsupported(`a WAV file of the kind ${magic} is not read here, only RIFF`)
  }
  if (magic !== 'RIFF') throw unreadable(`a WAV file begins with "RIFF", this one with "${magic}"`)
  if (form !== 'WAVE') throw unsupported(`a RIFF file of the kind "${form}" is not audio; expected "WAVE"`)
  return view.getUint32(4, true)
}

/** The format and the samples, in any order, although the standard wants the format first. */
function findChunks(bytes: Uint8Array, view: DataView): { format: WavFormat; data: Chunk } {
  let format: WavFormat | undefined
  let data: Chunk | undefined
  let offset = 12
  for (let count = 0; count < MAX_CHUNKS; count++) {
    const chunk = readChunk(bytes, view, offset, data === undefined ? 'data' : 'fmt ')
    if (chunk.id === 'data') data ??= chunk
    if (format !== undefined && data !== undefined) return { format, data }
    if (chunk.offset + chunk.size > view.byteLength) {
      if (data !== undefined) throw unreadable('there is no "fmt " chunk before the samples, nor one behind them')
      const left = view.byteLength - chunk.offset
      throw unreadable(`the chunk "${chunk.id}" declares ${chunk.size} bytes, ${left} are left in the file`)
    }
    if (chunk.id === 'fmt ') {
      if (format !== undefined) throw unreadable('there are two "fmt " chunks; expected one')
      format = readFormat(view, chunk)
      if (data !== undefined) return { format, data }
    }
    offset = nextChunk(bytes, chunk)
  }
  throw unreadable(`no "data" chunk among the first ${MAX_CHUNKS} chunks`)
}

/** Chunks are padded to even length, but some programs leave the byte out. */
function nextChunk(bytes: Uint8Array, { offset, size }: Chunk): number {
  const end = offset + size
  const isKnown = (at: number): boolean => KNOWN_CHUNKS.includes(fourCharacters(bytes, at))
  return (size & 1) === 0 || (isKnown(end) && !isKnown(end + 1)) ? end : end + 1
}

function readChunk(bytes: Uint8Array, view: DataView, offset: number, wanted: string): Chunk {
  if (offset + 8 > view.byteLength) {
    throw unreadable(`the file ends after ${view.byteLength} bytes, before a "${wanted}" chunk`)
  }
  return { id: fourCharacters(bytes, offset), size: view.getUint32(offset + 4, true), offset: offset + 8 }
}

function readFormat(view: DataView, chunk: Chunk): WavFormat {
  if (chunk.size < 16) throw unreadable(`a "fmt " chunk has at least 16 bytes, this one ${chunk.size}`)
  const declaredTag = view.getUint16(chunk.offset, true)
  const bitsPerSample = view.getUint16(chunk.offset + 14, true)
  const tag = declaredTag === EXTENSIBLE ? readSubFormat(view, chunk) : declaredTag
  const codec = codecOf(tag, bitsPerSample)
  const format = {
    codec,
    channels: view.getUint16(chunk.offset + 2, true),
    sampleRate: view.getUint32(chunk.offset + 4, true),
    blockAlign: view.getUint16(chunk.offset + 12, true),
    bitsPerSample,
    formatOffset: chunk.offset,
    formatBytes: declaredTag === EXTENSIBLE ? 40 : 16,
  }
  if (isAdpcm(codec)) return { ...format, ...readAdpcm(view, chunk, format) }
  checkShape(format, MAX_CHANNELS)
  const expected = (format.channels * bitsPerSample) / 8
  if (format.blockAlign === expected) return { ...format, blockSamples: 1 }
  const block = `a block of ${format.channels} × ${bitsPerSample} bits`
  throw unreadable(`${block} has ${expected} bytes, the header says ${format.blockAlign}`)
}

export function isAdpcm(codec: WavCodec): codec is AdpcmCodec {
  return CODECS[codec].group === 'adpcm'
}

/**
 * Each block begins with the state of the decoder for each channel: 4 bytes, with one sample among them, or 7 bytes,
 * with two.
 */
function readAdpcm(
  view: DataView, chunk: Chunk, format: Pick<WavFormat, 'channels' | 'sampleRate' | 'blockAlign' | 'codec'>,
): Pick<WavFormat, 'blockSamples' | 'formatBytes'> {
  const { channels, blockAlign } = format
  checkShape(format, MAX_ADPCM_CHANNELS)
  if (chunk.size < 20) throw unreadable(`a "fmt " chunk of ADPCM has at least 20 bytes, this one ${chunk.size}`)
  const [stateBytes, stateSamples] = format.codec === 'adpcm_ima' ? [4, 1] : [7, 2]
  const maxSamples = stateSamples + Math.floor((blockAlign - stateBytes * channels) * 2 / channels)
  const blockSamples = view.getUint16(chunk.offset + 18, true)
  if (blockSamples < stateSamples || blockSamples > maxSamples) {
    const limit = Math.max(0, maxSamples)
    throw unreadable(`a block of ${blockAlign} bytes has at most ${limit} samples, the header says ${blockSamples}`)
  }
  const coefficients = format.codec === 'adpcm_ms' && chunk.size >= 22 ? view.getUint16(chunk.offset + 20, true) : 0
  const formatBytes = coefficients === 0 ? 20 : 22 + 4 * coefficients
  if (formatBytes > chunk.size) {
    throw unreadable(`${coefficients} pairs of coefficients do not fit into a "fmt " chunk of ${chunk.size} bytes`)
  }
  return { blockSamples, formatBytes }
}

/** The format tag of WAVE_FORMAT_EXTENSIBLE. */
function readSubFormat(view: DataView, chunk: Chunk): number {
  if (chunk.size < 40) throw unreadable(`an EXTENSIBLE "fmt " chunk has at least 40 bytes, this one ${chunk.size}`)
  const bytes = new Uint8Array(view.buffer, view.byteOffset + chunk.offset + 24, 16)
  const guid = Buffer.from(bytes).toString('hex')
  if (guid.slice(4) !== TAG_GUID_TAIL) throw unsupported(`the sub-format ${guid} is not known`)
  return view.getUint16(chunk.offset + 24, true)
}

function codecOf(tag: number, bitsPerSample: number): WavCodec {
  const name = KNOWN_TAGS[tag] ?? `an unknown encoding (0x${tag.toString(16).padStart(4, '0')})`
  const widths = CODECS_BY_TAG[tag]
  if (widths === undefined) {
    throw unsupported(`the samples are ${name}; ` +
      'read are PCM, floating point, A-law, mu-law and ADPCM of IMA and Microsoft')
  }
  const codec = widths[bitsPerSample]
  if (codec !== undefined) return codec
  throw unsupported(`${name} of ${bitsPerSample} bits; read are ${Object.keys(widths).join(', ')}`)
}

/**
 * A program that writes to a pipe does not know the size yet. Zero means "to the end", too, if no other chunk follows;
 * otherwise the file has no samples.
 */
function isStreamed(bytes: Uint8Array, data: Chunk, riffBytes: number, present: number): boolean {
  if (data.size !== 0) return isPlaceholder(data.size, present)
  const isLast = 8 + riffBytes <= data.offset || isPlaceholder(riffBytes, bytes.byteLength)
  return isLast || !isChunkId(bytes, data.offset)
}

function wholeBlocks(byteCount: number, blockAlign: number): number {
  return byteCount - (byteCount % blockAlign)
}
