/**
 * Sun and NeXT audio (`.au`, `.snd`; Sun, au(4)): six numbers, an annotation of any length, the samples. Big-endian;
 * files of little-endian DEC machines have all numbers in the other order, the first of them included.
 */
import { textAt, u32be, u32le } from './bytes.js'
import { secondsOfPackets, type PacketLayout } from './ima.js'
import { isPlaceholder } from './placeholders.js'
import { checkShape, MAX_CHANNELS, unreadable, unsupported, type AudioProbe } from '../probe.js'
import type { PcmCodec } from '../../domain/codecs.js'

const BIG_MAGIC = '.snd'
/** The same turned round, and what DEC and SoX write. */
const LITTLE_MAGICS = ['dns.', '\0ds.']
const HEADER_BYTES = 24

const CODECS: Readonly<Record<number, PcmCodec>> = {
  1: 'mulaw', 2: 'pcm_s8', 3: 'pcm_s16', 4: 'pcm_s24', 5: 'pcm_s32', 6: 'pcm_f32', 7: 'pcm_f64', 27: 'alaw',
}
/** Encodings with names for error messages. */
const KNOWN_ENCODINGS: Readonly<Record<number, string>> = {
  23: 'G.721 ADPCM', 24: 'G.722 ADPCM', 25: 'G.723 ADPCM of 3 bits', 26: 'G.723 ADPCM of 5 bits',
}

export function matchesAu(bytes: Uint8Array): boolean {
  return textAt(bytes, 0, BIG_MAGIC) || isLittle(bytes)
}

export function probeAu(bytes: Uint8Array): AudioProbe {
  const layout = readAuLayout(bytes)
  const { codec, sampleRate, channels, truncated } = layout
  return { container: 'au', codec, sampleRate, channels, seconds: secondsOfPackets(layout), declared: true, truncated }
}

/** Throws AUDIO_UNREADABLE or AUDIO_UNSUPPORTED. */
export function readAuLayout(bytes: Uint8Array): PacketLayout {
  const littleEndian = isLittle(bytes)
  const word = (index: number): number => littleEndian ? u32le(bytes, 4 * index) : u32be(bytes, 4 * index)
  const [dataOffset, size, encoding, sampleRate, channels] = [word(1), word(2), word(3), word(4), word(5)]
  if (dataOffset < HEADER_BYTES || dataOffset > bytes.byteLength) {
    const place = `the header says that the samples begin at byte ${dataOffset}`
    throw unreadable(`${place}; expected ${HEADER_BYTES} to ${bytes.byteLength}, the length of the file`)
  }
  const codec = CODECS[encoding]
  if (codec === undefined) {
    const name = KNOWN_ENCODINGS[encoding] ?? `of the unknown encoding ${encoding}`
    throw unsupported(`the samples of this Sun AU file are ${name}; supported: PCM, floating point, A-law and mu-law`)
  }
  checkShape({ sampleRate, channels }, MAX_CHANNELS)
  const present = bytes.byteLength - dataOffset
  const declared = isPlaceholder(size, present) ? present : size
  const dataBytes = Math.min(declared, present)
  return { codec, littleEndian, channels, sampleRate, dataOffset, dataBytes, truncated: declared > present }
}

function isLittle(bytes: Uint8Array): boolean {
  return LITTLE_MAGICS.some((magic) => textAt(bytes, 0, magic))
}
