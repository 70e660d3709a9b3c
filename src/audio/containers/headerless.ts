/**
 * Samples without a container: PCM, A-law and mu-law as telephony and browsers' own code send them. Nothing in the
 * bytes tells what they are, so the media type of the request has to: `audio/l16` and `audio/l24` (RFC 2586, RFC 3190),
 * `audio/pcm`, `audio/pcmu`, `audio/pcma`, `audio/basic` (RFC 3551, RFC 2046).
 *
 * The catch is l16: the standard says big-endian, most clients send little-endian. When the parameter `endianness` does
 * not say, both readings are compared: speech changes slowly from sample to sample, with swapped bytes it is noise.
 */
import { SpeechError } from '../../domain/errors.js'
import type { HeaderlessFormat } from '../../domain/audio.js'
import type { Block } from '../signal/downmix.js'
import { bytesPerFrame, frameCount, readPcm, type PcmLayout } from './pcm.js'
import { MAX_CHANNELS, MAX_RATE_HZ, MIN_RATE_HZ, type AudioProbe } from '../probe.js'

/** Hz of `audio/basic`, `audio/pcmu` and `audio/pcma` without a rate. */
const TELEPHONE_RATE_HZ = 8_000
/** This many samples from the middle decide on the byte order. */
const COMPARED_BYTES = 64 * 1024

interface Kind {
  readonly codec: HeaderlessFormat['codec'] | 'pcm'
  readonly byteOrder: HeaderlessFormat['byteOrder']
  readonly defaultRate?: number
}

const KINDS: Readonly<Record<string, Kind>> = {
  'audio/l16': { codec: 'pcm_s16', byteOrder: 'detect' },
  'audio/l24': { codec: 'pcm_s24', byteOrder: 'detect' },
  'audio/pcm': { codec: 'pcm', byteOrder: 'little' },
  ...Object.fromEntries(['audio/pcmu', 'audio/x-mulaw', 'audio/mulaw', 'audio/basic'].map((name) => [name, { codec: 'mulaw', byteOrder: 'little', defaultRate: TELEPHONE_RATE_HZ }])),
  ...Object.fromEntries(['audio/pcma', 'audio/x-alaw', 'audio/alaw'].map((name) => [name, { codec: 'alaw', byteOrder: 'little', defaultRate: TELEPHONE_RATE_HZ }])),
}
const ORDERS: Readonly<Record<string, HeaderlessFormat['byteOrder']>> = { 'big-endian': 'big', 'little-endian': 'little' }

/** Undefined for any media type but those of headerless samples. Throws REQUEST_INVALID naming the parameter at fault. */
export function readHeaderlessType(mediaType: string): HeaderlessFormat | undefined {
  const [name = '', ...rest] = mediaType.split(';').map((part) => part.trim())
  const kind = Object.hasOwn(KINDS, name.toLowerCase()) ? KINDS[name.toLowerCase()]! : undefined
  if (kind === undefined) return undefined
  const parameters = new Map(rest.map((part) => part.split('=', 2)).map(([key = '', value = '']) => [key.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1').toLowerCase()]))
  const sampleRate = wholeNumber(parameters, 'rate', kind.defaultRate, MIN_RATE_HZ, MAX_RATE_HZ)
  const channels = wholeNumber(parameters, 'channels', 1, 1, MAX_CHANNELS)
  const order = parameters.get('endianness')
  if (order !== undefined && !Object.hasOwn(ORDERS, order)) throw invalid(`endianness must be big-endian or little-endian, not "${order.slice(0, 20)}"`)
  return { codec: kind.codec === 'pcm' ? integerCodec(parameters.get('bits') ?? '16') : kind.codec, sampleRate, channels, byteOrder: order === undefined ? kind.byteOrder : ORDERS[order]! }
}

export function probeHeaderless(bytes: Uint8Array, format: HeaderlessFormat): AudioProbe {
  const { codec, sampleRate, channels } = format
  const truncated = bytes.byteLength % bytesPerFrame(format) !== 0
  return { container: 'none', codec, sampleRate, channels, seconds: frameCount(layoutOf(bytes, format, true)) / sampleRate, declared: true, truncated }
}

export function readHeaderless(bytes: Uint8Array, format: HeaderlessFormat): Block {
  return readPcm(bytes, layoutOf(bytes, format, format.byteOrder === 'detect' ? isLittleEndian(bytes, format) : format.byteOrder === 'little'))
}

function layoutOf(bytes: Uint8Array, { codec, sampleRate, channels }: HeaderlessFormat, littleEndian: boolean): PcmLayout {
  return { codec, sampleRate, channels, littleEndian, dataOffset: 0, dataBytes: bytes.byteLength }
}

/**
 * The order in which the differences from each sample to the next have less energy, each relative to the energy of the
 * samples. Silence and a tie are little-endian, as most senders are.
 */
function isLittleEndian(bytes: Uint8Array, format: HeaderlessFormat): boolean {
  const frame = bytesPerFrame(format)
  const start = Math.max(0, Math.floor((bytes.byteLength - COMPARED_BYTES) / 2 / frame) * frame)
  const middle = bytes.subarray(start, start + COMPARED_BYTES)
  const roughness = (littleEndian: boolean): number => roughnessOf(readPcm(middle, layoutOf(middle, format, littleEndian))[0]!)
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
  if (bits !== '16' && bits !== '24' && bits !== '32') throw invalid(`bits must be 16, 24 or 32, not "${bits.slice(0, 20)}"`)
  return `pcm_s${bits}`
}

function wholeNumber(parameters: ReadonlyMap<string, string>, name: string, fallback: number | undefined, minimum: number, maximum: number): number {
  const text = parameters.get(name)
  if (text === undefined && fallback !== undefined) return fallback
  const value = text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : NaN
  if (value >= minimum && value <= maximum) return value
  throw invalid(`the media type of headerless audio needs ${name} from ${minimum} to ${maximum}, as in "audio/l16;rate=16000;channels=1"; ${text === undefined ? 'it is missing' : `it is "${text.slice(0, 20)}"`}`)
}

function invalid(detail: string): SpeechError {
  return new SpeechError('REQUEST_INVALID', detail, { parameter: 'content-type' })
}
