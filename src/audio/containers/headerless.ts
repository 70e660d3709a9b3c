/**
 * Samples without a container: PCM, A-law and mu-law as telephony systems and web pages send them. They cannot be
 * detected, so the media type of the request describes them: `audio/l16` and `audio/l24` (RFC 2586, RFC 3190),
 * `audio/pcm`, `audio/pcmu`, `audio/pcma`, `audio/basic` (RFC 3551, RFC 2046).
 *
 * The catch is l16: the standard says big-endian, most clients send little-endian. Without the parameter `endianness`
 * both byte orders are compared: speech changes slowly from sample to sample, and is noise in the wrong order.
 */
import { SpeechError } from '../../domain/errors.js'
import type { HeaderlessFormat } from '../../domain/audio.js'
import type { Block } from '../signal/downmix.js'
import { bytesPerFrame, frameCount, readPcm, type PcmLayout } from './pcm.js'
import { MAX_CHANNELS, MAX_RATE_HZ, MIN_RATE_HZ, type AudioProbe } from '../probe.js'

/** Default rate of `audio/basic`, `audio/pcmu` and `audio/pcma`. */
const TELEPHONE_RATE_HZ = 8_000
/** Bytes in the middle of the upload from which the byte order is detected. */
const COMPARED_BYTES = 64 * 1024

interface Kind {
  readonly codec: HeaderlessFormat['codec'] | 'pcm'
  readonly byteOrder: HeaderlessFormat['byteOrder']
  readonly defaultRate?: number
}

const MULAW: Kind = { codec: 'mulaw', byteOrder: 'little', defaultRate: TELEPHONE_RATE_HZ }
const ALAW: Kind = { codec: 'alaw', byteOrder: 'little', defaultRate: TELEPHONE_RATE_HZ }
const KINDS: ReadonlyMap<string, Kind> = new Map([
  ['audio/l16', { codec: 'pcm_s16', byteOrder: 'detect' }],
  ['audio/l24', { codec: 'pcm_s24', byteOrder: 'detect' }],
  ['audio/pcm', { codec: 'pcm', byteOrder: 'little' }],
  ['audio/pcmu', MULAW], ['audio/x-mulaw', MULAW], ['audio/mulaw', MULAW], ['audio/basic', MULAW],
  ['audio/pcma', ALAW], ['audio/x-alaw', ALAW], ['audio/alaw', ALAW],
])
const BYTE_ORDERS: ReadonlyMap<string, HeaderlessFormat['byteOrder']> =
  new Map([['big-endian', 'big'], ['little-endian', 'little']])

/** Undefined for any other media type. Throws REQUEST_INVALID with the invalid parameter. */
export function readHeaderlessType(mediaType: string): HeaderlessFormat | undefined {
  const [name = '', ...rest] = mediaType.split(';').map((part) => part.trim())
  const kind = KINDS.get(name.toLowerCase())
  if (kind === undefined) return undefined
  const parameters = new Map(rest.map((part) => {
    const [key = '', value = ''] = part.split('=', 2)
    return [key.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1').toLowerCase()]
  }))
  const sampleRate = wholeNumber(parameters, 'rate', kind.defaultRate, MIN_RATE_HZ, MAX_RATE_HZ)
  const channels = wholeNumber(parameters, 'channels', 1, 1, MAX_CHANNELS)
  const codec = kind.codec === 'pcm' ? integerCodec(parameters.get('bits') ?? '16') : kind.codec
  return { codec, sampleRate, channels, byteOrder: byteOrderOf(parameters.get('endianness')) ?? kind.byteOrder }
}

function byteOrderOf(endianness: string | undefined): HeaderlessFormat['byteOrder'] | undefined {
  if (endianness === undefined) return undefined
  const order = BYTE_ORDERS.get(endianness)
  if (order !== undefined) return order
  throw invalid(`endianness must be big-endian or little-endian, not "${endianness.slice(0, 20)}"`)
}

export function probeHeaderless(bytes: Uint8Array, format: HeaderlessFormat): AudioProbe {
  const { codec, sampleRate, channels } = format
  const truncated = bytes.byteLength % bytesPerFrame(format) !== 0
  const seconds = frameCount(layoutOf(bytes, format, true)) / sampleRate
  return { container: 'none', codec, sampleRate, channels, seconds, declared: true, truncated }
}

export function readHeaderless(bytes: Uint8Array, format: HeaderlessFormat): Block {
  return readPcm(bytes, layoutOf(bytes, format, isLittleEndian(bytes, format)))
}

/** The byte order of the samples: as declared, or as it is found in them. */
export function isLittleEndian(bytes: Uint8Array, format: HeaderlessFormat): boolean {
  return format.byteOrder === 'detect' ? soundsLittleEndian(bytes, format) : format.byteOrder === 'little'
}

function layoutOf(
  bytes: Uint8Array, { codec, sampleRate, channels }: HeaderlessFormat, littleEndian: boolean,
): PcmLayout {
  return { codec, sampleRate, channels, littleEndian, dataOffset: 0, dataBytes: bytes.byteLength }
}

/**
 * Compares the energy of the differences between successive samples, relative to the energy of the samples, in both
 * byte orders: the lower one is right. Silence and a tie are little-endian, as most clients are.
 */
function soundsLittleEndian(bytes: Uint8Array, format: HeaderlessFormat): boolean {
  const frame = bytesPerFrame(format)
  const start = Math.max(0, Math.floor((bytes.byteLength - COMPARED_BYTES) / 2 / frame) * frame)
  const middle = bytes.subarray(start, start + COMPARED_BYTES)
  const roughness = (littleEndian: boolean): number => {
    const [samples] = readPcm(middle, layoutOf(middle, format, littleEndian))
    return samples === undefined ? 0 : roughnessOf(samples)
  }
  return roughness(true) <= roughness(false)
}

function roughnessOf(samples: Float32Array): number {
  let differences = 0
  let energy = 0
  for (let i = 1; i < samples.length; i++) {
    differences += (samples[i]! - samples[i - 1]!) ** 2
    energy += samples[i]! ** 2
  }
  return energy === 0 ? 0 : differences / energy
}

function integerCodec(bits: string): HeaderlessFormat['codec'] {
  if (bits === '16' || bits === '24' || bits === '32') return `pcm_s${bits}`
  throw invalid(`bits must be 16, 24 or 32, not "${bits.slice(0, 20)}"`)
}

function wholeNumber(
  parameters: ReadonlyMap<string, string>, name: string, fallback: number | undefined, minimum: number, maximum: number,
): number {
  const text = parameters.get(name)
  if (text === undefined && fallback !== undefined) return fallback
  const value = text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : NaN
  if (value >= minimum && value <= maximum) return value
  const found = text === undefined ? 'it is missing' : `it is "${text.slice(0, 20)}"`
  throw invalid(`the media type of headerless audio needs ${name} from ${minimum} to ${maximum}, ` +
    `as in "audio/l16;rate=16000;channels=1"; ${found}`)
}

function invalid(detail: string): SpeechError {
  return new SpeechError('REQUEST_INVALID', detail, { parameter: 'content-type' })
}
