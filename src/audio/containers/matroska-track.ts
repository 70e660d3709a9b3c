/** The first audio track of a Matroska file. */
import { readAacConfig, type AacConfig } from './aac-config.js'
import { readOpusHead, OPUS_RATE_HZ } from './opus.js'
import { childrenOf, ID, readFloat, readUnsigned, type Element } from './ebml.js'
import type { PacketCodec } from './packets.js'
import { bytesPerFrame, floatCodec, signedCodec } from './pcm.js'
import type { PcmCodec } from '../../domain/codecs.js'
import { checkShape, unreadable, unsupported } from '../probe.js'

export interface Track {
  readonly number: number
  readonly entry: Element
  readonly codec: PacketCodec
  /** Hz */
  readonly sampleRate: number
  readonly channels: number
  /** Bytes of one sample of all channels; 0 for compressed audio. */
  readonly frameBytes: number
  /** The header of AAC, and where it is. */
  readonly aac?: { readonly at: number; readonly end: number; readonly config: AacConfig } | undefined
}

/** Track types. */
const VIDEO = 1
const AUDIO = 2

/** Undefined when there is none. Throws AUDIO_UNSUPPORTED or AUDIO_UNREADABLE. */
export function readTrack(bytes: Uint8Array, tracks: Element): Track | undefined {
  let hasVideo = false
  for (const entry of childrenOf(bytes, tracks)) {
    if (entry.id !== ID.trackEntry) continue
    const fields = fieldsOf(bytes, entry)
    const type = fields.get(ID.trackType)
    if (type !== undefined && readUnsigned(bytes, type) === AUDIO) return describe(bytes, entry, fields)
    hasVideo ||= type !== undefined && readUnsigned(bytes, type) === VIDEO
  }
  if (hasVideo) throw unsupported('this is a video without an audio track')
  return undefined
}

/** The fields of a track and of its audio settings. */
function fieldsOf(bytes: Uint8Array, entry: Element): ReadonlyMap<number, Element> {
  const own = [...childrenOf(bytes, entry)]
  const audio = own.find(({ id }) => id === ID.audio)
  const settings = audio === undefined ? [] : childrenOf(bytes, audio)
  return new Map([...own, ...settings].map((element) => [element.id, element]))
}

function describe(bytes: Uint8Array, entry: Element, fields: ReadonlyMap<number, Element>): Track {
  const number = (id: number, fallback: number): number => {
    const field = fields.get(id)
    return field === undefined ? fallback : readUnsigned(bytes, field)
  }
  if (fields.has(ID.contentEncodings)) throw unsupported('a Matroska track with additional compression or encryption')
  const rateField = fields.get(ID.samplingFrequency)
  const declaredRate = Math.round(rateField === undefined ? 8_000 : readFloat(bytes, rateField))
  const bits = number(ID.bitDepth, 16)
  const name = codecId(bytes, fields.get(ID.codecId))
  const { codec, frameCodec } = codecOf(name, bits)
  const codecHeader = fields.get(ID.codecPrivate)
  if (frameCodec === undefined && codec !== 'mp3' && codecHeader === undefined) {
    throw unreadable(`the ${codec} track has no codec header`)
  }
  const opus = codec === 'opus' && codecHeader !== undefined ? readOpusHead(bytes, codecHeader.bodyAt) : undefined
  const aac = codec === 'aac' && codecHeader !== undefined
    ? readAac(bytes, codecHeader)
    : undefined
  const channels = opus?.channels ?? number(ID.channels, 1)
  const sampleRate = opus === undefined ? declaredRate : OPUS_RATE_HZ
  checkShape({ sampleRate, channels })
  const frameBytes = frameCodec === undefined ? 0 : bytesPerFrame({ codec: frameCodec, channels })
  return { number: number(ID.trackNumber, 0), entry, codec, sampleRate, channels, frameBytes, aac }
}

function readAac(bytes: Uint8Array, { bodyAt, end }: Element): Track['aac'] {
  return { at: bodyAt, end, config: readAacConfig(bytes, bodyAt, end) }
}

function codecId(bytes: Uint8Array, field: Element | undefined): string {
  if (field === undefined) return ''
  const text = Buffer.from(bytes.subarray(field.bodyAt, Math.min(field.end, field.bodyAt + 40))).toString('latin1')
  return text.replace(/\0.*$/s, '').replace(/[^ -~]/g, '.')
}

/** `frameCodec` is set for uncompressed samples. */
function codecOf(name: string, bits: number): { codec: PacketCodec; frameCodec?: PcmCodec } {
  if (name === 'A_OPUS') return { codec: 'opus' }
  if (name === 'A_VORBIS') return { codec: 'vorbis' }
  if (name === 'A_FLAC') return { codec: 'flac' }
  if (name === 'A_MPEG/L3') return { codec: 'mp3' }
  if (name.startsWith('A_AAC')) return { codec: 'aac' }
  const pcm = pcmCodecOf(name, bits)
  if (pcm !== undefined) return { codec: pcm, frameCodec: pcm }
  throw unsupported(`the Matroska track is "${name}"; supported: Opus, Vorbis, AAC, MP3, FLAC and PCM`)
}

function pcmCodecOf(name: string, bits: number): PcmCodec | undefined {
  if (name === 'A_PCM/FLOAT/IEEE') return floatCodec(bits)
  if (!name.startsWith('A_PCM/INT/')) return undefined
  return bits === 8 ? 'pcm_u8' : signedCodec(bits)
}
