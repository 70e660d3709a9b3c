/**
 * A WAV header (RIFF; Microsoft, "Multiple Channel Audio Data and WAVE Files") before samples that came without a
 * container. The samples stay as they are; those in big-endian order are turned, since WAV knows only the other one.
 */
import type { HeaderlessFormat } from '../../domain/audio.js'
import { isLittleEndian } from './headerless.js'
import { bytesPerFrame } from './pcm.js'

const HEADER_BYTES = 44
const FORMAT_CHUNK_BYTES = 16
/** Registered format tags (RFC 2361). */
const TAGS: Readonly<Record<HeaderlessFormat['codec'], number>> = {
  pcm_s16: 1, pcm_s24: 1, pcm_s32: 1, alaw: 6, mulaw: 7,
}

/** An incomplete last frame is left out. */
export function wrapHeaderless(bytes: Uint8Array, format: HeaderlessFormat): Buffer {
  const { codec, sampleRate, channels } = format
  const frameBytes = bytesPerFrame(format)
  const width = frameBytes / channels
  const dataBytes = bytes.byteLength - bytes.byteLength % frameBytes
  const file = Buffer.alloc(HEADER_BYTES + dataBytes + dataBytes % 2)
  file.write('RIFF', 0, 'latin1')
  file.writeUInt32LE(file.length - 8, 4)
  file.write('WAVEfmt ', 8, 'latin1')
  file.writeUInt32LE(FORMAT_CHUNK_BYTES, 16)
  file.writeUInt16LE(TAGS[codec], 20)
  file.writeUInt16LE(channels, 22)
  file.writeUInt32LE(sampleRate, 24)
  file.writeUInt32LE(sampleRate * frameBytes, 28)
  file.writeUInt16LE(frameBytes, 32)
  file.writeUInt16LE(8 * width, 34)
  file.write('data', 36, 'latin1')
  file.writeUInt32LE(dataBytes, 40)
  file.set(bytes.subarray(0, dataBytes), HEADER_BYTES)
  if (width > 1 && !isLittleEndian(bytes, format)) {
    for (let at = HEADER_BYTES; at < HEADER_BYTES + dataBytes; at += width) file.subarray(at, at + width).reverse()
  }
  return file
}
