/**
 * The `fmt ` chunk of WAV and Wave64: the encoding of the samples, with every number checked.
 * Source: Microsoft/IBM "Multimedia Programming Interface and Data Specifications 1.0" (1991), mmreg.h, ksmedia.h.
 */
import { GSM_BLOCK_BYTES, GSM_BLOCK_SAMPLES } from './gsm.js'
import { checkShape, MAX_CHANNELS, unreadable, unsupported } from '../probe.js'
import { CODECS, type AdpcmCodec, type PcmCodec } from '../../domain/codecs.js'

export type WavCodec = PcmCodec | AdpcmCodec | 'gsm' | 'mp3'

export interface WavFormat {
  readonly codec: WavCodec
  readonly channels: number
  /** Hz */
  readonly sampleRate: number
  readonly bitsPerSample: number
  /** Bytes of a block: one sample of all channels, of ADPCM and GSM several. */
  readonly blockAlign: number
  /** Samples of one channel in a block; 0 of MP3, whose frames have their own. */
  readonly blockSamples: number
  /** Offset of the body of the `fmt ` chunk, and its meaningful bytes: 16, 40 when EXTENSIBLE, more of ADPCM. */
  readonly formatOffset: number
  readonly formatBytes: number
}

export interface Chunk {
  readonly id: string
  readonly offset: number
  /** As declared; may reach beyond the end of the file. */
  readonly size: number
}

/** Limit of the decoder. */
const MAX_ADPCM_CHANNELS = 2
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
  0x31: { 0: 'gsm' },
  0x55: { 0: 'mp3', 16: 'mp3' },
}

/** Format tags with names for error messages (mmreg.h). */
const KNOWN_TAGS: Readonly<Record<number, string>> = {
  0x0001: 'PCM', 0x0002: 'Microsoft ADPCM', 0x0003: 'floating point', 0x0006: 'A-law', 0x0007: 'mu-law',
  0x0008: 'DTS', 0x0010: 'OKI ADPCM', 0x0011: 'IMA ADPCM', 0x0014: 'G.723 ADPCM', 0x0017: 'Dialogic OKI ADPCM',
  0x0020: 'Yamaha ADPCM', 0x0022: 'TrueSpeech', 0x0031: 'GSM 6.10', 0x0040: 'G.721 ADPCM', 0x0041: 'G.728',
  0x0042: 'G.723.1', 0x0045: 'G.726 ADPCM', 0x0050: 'MPEG layer 2', 0x0055: 'MP3', 0x0057: 'AMR', 0x0058: 'AMR-WB',
  0x0059: 'G.723.1', 0x0064: 'G.726 ADPCM', 0x0065: 'G.722 ADPCM', 0x0083: 'G.729', 0x0084: 'G.729 A',
  0x0085: 'G.723.1', 0x0092: 'Dolby AC-3', 0x00ff: 'AAC', 0x0130: 'ACELP', 0x0133: 'G.729', 0x0134: 'G.729 A',
  0x0160: 'Windows Media Audio', 0x0161: 'Windows Media Audio', 0x0162: 'Windows Media Audio',
  0x0163: 'Windows Media Audio', 0x0200: 'Creative ADPCM', 0x0270: 'ATRAC3', 0x1600: 'AAC', 0x1602: 'AAC',
  0x1610: 'HE-AAC', 0x2000: 'Dolby AC-3', 0x2001: 'DTS', 0x5756: 'WavPack', 0x674f: 'Ogg Vorbis', 0x704f: 'Opus',
  0xa109: 'Speex', 0xf1ac: 'FLAC',
}

/** Throws AUDIO_UNREADABLE for a broken chunk, AUDIO_UNSUPPORTED for a valid one of an unsupported kind. */
export function readFormat(view: DataView, chunk: Chunk): WavFormat {
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
  if (codec === 'gsm') return { ...format, blockSamples: checkGsm(format) }
  if (codec === 'mp3') return { ...format, blockAlign: 1, blockSamples: 0 } // its frames say more
  checkShape(format, MAX_CHANNELS)
  const expected = (format.channels * bitsPerSample) / 8
  if (format.blockAlign === expected) return { ...format, blockSamples: 1 }
  const block = `a block of ${format.channels} × ${bitsPerSample} bits`
  throw unreadable(`${block} has ${expected} bytes, the header says ${format.blockAlign}`)
}

export function isAdpcm(codec: WavCodec): codec is AdpcmCodec {
  return CODECS[codec].group === 'adpcm'
}

/** Samples of a block, which always has two frames. */
function checkGsm(format: Pick<WavFormat, 'channels' | 'sampleRate' | 'blockAlign'>): number {
  checkShape(format, 1)
  if (format.blockAlign === GSM_BLOCK_BYTES) return GSM_BLOCK_SAMPLES
  throw unreadable(`a block of GSM 6.10 has ${GSM_BLOCK_BYTES} bytes, the header says ${format.blockAlign}`)
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
      'supported: PCM, floating point, A-law, mu-law, GSM 6.10 and ADPCM of IMA and Microsoft')
  }
  const codec = widths[bitsPerSample] ?? widths[0] // 0: the header of this encoding has no width
  if (codec !== undefined) return codec
  throw unsupported(`${name} of ${bitsPerSample} bits; supported: ${Object.keys(widths).join(', ')}`)
}
