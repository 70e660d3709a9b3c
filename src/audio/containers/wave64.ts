/**
 * Wave64 (Sony Pictures Digital, "Wave64 File Format", 1999; `.w64`): WAV whose chunks have names of 16 bytes and sizes
 * of 64 bits, each with its header of 24 bytes, and begin at multiples of eight.
 */
import { u64le } from './bytes.js'
import { isPlaceholder } from './placeholders.js'
import { unreadable, unsupported } from '../probe.js'
import type { WavLayout } from './riff.js'
import { readFormat, type WavFormat } from './wav-format.js'

const RIFF = '726966662e91cf11a5d628db04c10000'
/** The names of chunks are those of WAV before this. */
const NAME_TAIL = 'f3acd3118cd100c04f8edb8a'
const HEADER_BYTES = 24
const FILE_HEADER_BYTES = 40
const MAX_CHUNKS = 1_024

export function matchesWave64(bytes: Uint8Array): boolean {
  return hexAt(bytes, 0, 16) === RIFF
}

/** Throws AUDIO_UNREADABLE or AUDIO_UNSUPPORTED. */
export function readWave64Layout(bytes: Uint8Array): WavLayout {
  if (nameAt(bytes, HEADER_BYTES) !== 'wave') throw unsupported('a Wave64 file without sound')
  let format: WavFormat | undefined
  let at = FILE_HEADER_BYTES
  for (let count = 0; at + HEADER_BYTES <= bytes.byteLength && count < MAX_CHUNKS; count++) {
    const [name, size] = [nameAt(bytes, at), u64le(bytes, at + 16)]
    const offset = at + HEADER_BYTES
    if (name === 'data') {
      if (format === undefined) throw unreadable('the "fmt " chunk is missing before the samples')
      return layoutOf(format, offset, size, bytes.byteLength - offset)
    }
    if (size < HEADER_BYTES || at + size > bytes.byteLength) {
      throw unreadable(`the chunk "${name}" declares ${size} bytes, ${bytes.byteLength - at} are left in the file`)
    }
    if (name === 'fmt ') {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      format = readFormat(view, { id: name, offset, size: size - HEADER_BYTES })
    }
    at += Math.ceil(size / 8) * 8
  }
  throw unreadable('there is no "data" chunk')
}

/** A size that is too small even for the header was never written, and one too large for any file never known. */
function layoutOf(format: WavFormat, dataOffset: number, size: number, present: number): WavLayout {
  const declared = size < HEADER_BYTES || isPlaceholder(size, present) ? present : size - HEADER_BYTES
  const available = Math.min(declared, present)
  const dataBytes = available - available % format.blockAlign
  if (dataBytes === 0 && declared > present) throw unreadable('the file ends before its first sample')
  const seconds = dataBytes / format.blockAlign * format.blockSamples / format.sampleRate
  return { ...format, dataOffset, dataBytes, truncated: declared > present, seconds }
}

/** The name that a chunk has in WAV; its bytes in hexadecimal where it has none. */
function nameAt(bytes: Uint8Array, at: number): string {
  const name = hexAt(bytes, at, 16)
  return name.endsWith(NAME_TAIL) ? Buffer.from(bytes.subarray(at, at + 4)).toString('latin1') : name
}

function hexAt(bytes: Uint8Array, at: number, length: number): string {
  return Buffer.from(bytes.subarray(at, at + length)).toString('hex')
}
