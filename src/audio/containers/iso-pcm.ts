/** Uncompressed samples in QuickTime ("QuickTime File Format", sound sample descriptions) and MP4 (ISO/IEC 23003-5). */
import type { Box, BoxReader } from './boxes.js'
import { u16be, u32be, u8 } from './bytes.js'
import { floatCodec, signedCodec } from './pcm.js'
import type { PcmCodec } from '../../domain/codecs.js'

export interface IsoPcm {
  readonly codec: PcmCodec
  readonly littleEndian: boolean
  /** Hz */
  readonly sampleRate: number
  readonly channels: number
}

/** Flags of `lpcm`. */
const FLOAT = 1
const BIG_ENDIAN = 2
const SIGNED = 4

/**
 * Undefined for a description of compressed samples. `find` finds a box in the description. Throws AUDIO_UNSUPPORTED
 * for samples of an unusual width.
 */
export function readIsoPcm(
  { bytes }: BoxReader, { type, start }: Box, find: (type: string) => Box | undefined,
): IsoPcm | undefined {
  const isWide = u16be(bytes, start + 16) === 2
  const shape = isWide
    ? { sampleRate: Math.round(doubleAt(bytes, start + 40)), channels: u32be(bytes, start + 48) }
    : { sampleRate: u16be(bytes, start + 32), channels: u16be(bytes, start + 24) }
  const bits = isWide ? u32be(bytes, start + 56) : u16be(bytes, start + 26)
  const encoding = encodingOf(bytes, { type, start, bits }, find)
  return encoding === undefined ? undefined : { ...encoding, ...shape }
}

function encodingOf(
  bytes: Uint8Array, { type, start, bits }: { type: string; start: number; bits: number },
  find: (type: string) => Box | undefined,
): Pick<IsoPcm, 'codec' | 'littleEndian'> | undefined {
  // Integers and floating point of QuickTime are big-endian unless a box says otherwise.
  const turned = (): boolean => {
    const order = find('enda')
    return order !== undefined && u16be(bytes, order.bodyAt) === 1
  }
  switch (type) {
    case 'twos': return { codec: signedCodec(bits), littleEndian: false }
    case 'sowt': return { codec: signedCodec(bits), littleEndian: true }
    case 'raw ': case 'NONE': return { codec: bits === 8 ? 'pcm_u8' : signedCodec(bits), littleEndian: false }
    case 'in24': return { codec: 'pcm_s24', littleEndian: turned() }
    case 'in32': return { codec: 'pcm_s32', littleEndian: turned() }
    case 'fl32': return { codec: 'pcm_f32', littleEndian: turned() }
    case 'fl64': return { codec: 'pcm_f64', littleEndian: turned() }
    case 'alaw': return { codec: 'alaw', littleEndian: false }
    case 'ulaw': return { codec: 'mulaw', littleEndian: false }
    case 'lpcm': return linear(u32be(bytes, start + 60), bits)
    case 'ipcm': case 'fpcm': {
      const config = find('pcmC')
      if (config === undefined) return undefined
      const width = u8(bytes, config.bodyAt + 5)
      const littleEndian = (u8(bytes, config.bodyAt + 4) & 1) !== 0
      return { codec: type === 'fpcm' ? floatCodec(width) : signedCodec(width), littleEndian }
    }
    default: return undefined
  }
}

function linear(flags: number, bits: number): Pick<IsoPcm, 'codec' | 'littleEndian'> {
  const littleEndian = (flags & BIG_ENDIAN) === 0
  if ((flags & FLOAT) !== 0) return { codec: floatCodec(bits), littleEndian }
  return { codec: bits === 8 && (flags & SIGNED) === 0 ? 'pcm_u8' : signedCodec(bits), littleEndian }
}

function doubleAt(bytes: Uint8Array, at: number): number {
  if (at + 8 > bytes.byteLength) return 0
  return new DataView(bytes.buffer, bytes.byteOffset + at, 8).getFloat64(0)
}
