/**
 * The AudioSpecificConfig of an AAC track (ISO/IEC 14496-3, 1.6.2.1): its rate and channels.
 *
 * The decoder (FAAD2) refuses the rate of index 12, 7,350 Hz, and every rate that has no index. The decoding of AAC
 * depends on the rate only by its tables of scale factor bands, which are chosen by ranges of rates (table 4.82): those
 * of 7,350 Hz are those of 8,000 Hz. So such a track is decoded under the rate of its tables, and its samples are
 * reported with their own.
 */
import { u8 } from './bytes.js'
import { unreadable, unsupported } from '../probe.js'

/** By the index in headers of AAC, in ADTS and MP4 (ISO/IEC 14496-3, 1.6.3.4). */
export const AAC_RATES_HZ = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
]
/** Lowest rates of the ranges; all below have the tables of 8,000 Hz. */
const TABLE_LIMITS_HZ = [92_017, 75_132, 55_426, 46_009, 37_566, 27_713, 23_004, 18_783, 13_856, 11_502, 9_391]
/** Index 12 and the one before an explicit rate. */
const LAST_DECODED_INDEX = 11
const EXPLICIT = 15
const CHANNELS = [2, 1, 2, 3, 4, 5, 6, 8] // 0: defined elsewhere, mostly stereo
/** Object types. */
const ESCAPE = 31
const SBR = 5
const PARAMETRIC_STEREO = 29
const NAMES: ReadonlyMap<number, string> = new Map([[39, 'AAC-ELD'], [42, 'xHE-AAC (USAC)']])
/** Configurations have 2 to 30 bytes. */
const MAX_CONFIG_BYTES = 64

export interface AacConfig {
  /** Hz, of the core: HE-AAC decodes to twice as many. */
  readonly sampleRate: number
  readonly channels: number
  /** What the decoder gets. */
  readonly decoded: Uint8Array
  /** The true rate relative to the one that the decoder reports. */
  readonly rateRatio: number
}

interface Rate { readonly hertz: number; readonly index: number }

/** Throws AUDIO_UNREADABLE or AUDIO_UNSUPPORTED. */
export function readAacConfig(bytes: Uint8Array, at: number, end: number): AacConfig {
  const config = bytes.subarray(at, Math.min(end, at + MAX_CONFIG_BYTES))
  if (config.byteLength < 2) throw unreadable('the AudioSpecificConfig of the AAC track is too short')
  const bits = new Bits(config)
  let objectType = readObjectType(bits)
  const core = readRate(bits)
  const channelIndex = bits.read(4)
  const channels = CHANNELS[channelIndex]
  if (channels === undefined) throw unsupported(`AAC with the channel configuration ${channelIndex}`)
  const written = new Bits(new Uint8Array(MAX_CONFIG_BYTES + 4))
  writeHead(written, objectType, core, channelIndex)
  if (objectType === SBR || objectType === PARAMETRIC_STEREO) {
    written.write(readRate(bits).index, 4)
    objectType = readObjectType(bits)
    writeObjectType(written, objectType)
  }
  const name = NAMES.get(objectType)
  if (name !== undefined) throw unsupported(`${name} is not read here; supported: AAC-LC and HE-AAC`)
  while (bits.left > 0) written.write(bits.read(1), 1)
  const changed = core.hertz !== AAC_RATES_HZ[core.index]
  const decoded = changed ? written.bytes.subarray(0, Math.ceil(written.at / 8)) : config
  return { sampleRate: core.hertz, channels, decoded, rateRatio: core.hertz / AAC_RATES_HZ[core.index]! }
}

/** The index of the tables of a rate. */
export function tableIndexOf(hertz: number): number {
  const index = TABLE_LIMITS_HZ.findIndex((limit) => hertz >= limit)
  return index < 0 ? LAST_DECODED_INDEX : index
}

function readObjectType(bits: Bits): number {
  const type = bits.read(5)
  return type === ESCAPE ? 32 + bits.read(6) : type
}

function readRate(bits: Bits): Rate {
  const index = bits.read(4)
  const hertz = index === EXPLICIT ? bits.read(24) : AAC_RATES_HZ[index]
  if (hertz === undefined || hertz === 0) throw unreadable(`AAC with the rate of index ${index}, which does not exist`)
  return { hertz, index: index <= LAST_DECODED_INDEX ? index : tableIndexOf(hertz) }
}

function writeObjectType(bits: Bits, objectType: number): void {
  if (objectType >= 32) {
    bits.write(ESCAPE, 5)
    bits.write(objectType - 32, 6)
  } else bits.write(objectType, 5)
}

function writeHead(bits: Bits, objectType: number, rate: Rate, channelIndex: number): void {
  writeObjectType(bits, objectType)
  bits.write(rate.index, 4)
  bits.write(channelIndex, 4)
}

/** Bits in order, the highest first. Those after the end read as zero. */
class Bits {
  readonly bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get left(): number { return Math.max(0, this.bytes.byteLength * 8 - this.at) }

  read(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++, this.at++) {
      value = value * 2 + ((u8(this.bytes, this.at >> 3) >> (7 - (this.at & 7))) & 1)
    }
    return value
  }

  write(value: number, count: number): void {
    for (let i = count - 1; i >= 0; i--, this.at++) {
      if (((value >> i) & 1) !== 0) this.bytes[this.at >> 3]! |= 0x80 >> (this.at & 7)
    }
  }
}
