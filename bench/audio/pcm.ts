/** 16-bit WAV files to samples and back, apart from the decoder that is measured. Source: see src/audio/riff.ts. */
import { readWavLayout } from '../../src/audio/riff.js'
import type { Waveform } from '../../src/types.js'

const FULL_SCALE = 0x8000
const HEADER_BYTES = 44

export function readPcm(wav: Uint8Array): Waveform {
  const { dataOffset, dataBytes, sampleRate } = readWavLayout(wav)
  const view = new DataView(wav.buffer, wav.byteOffset + dataOffset, dataBytes)
  return { samples: Float32Array.from({ length: dataBytes / 2 }, (_, index) => view.getInt16(index * 2, true) / FULL_SCALE), sampleRate }
}

/** Channels of the same length, interleaved. What lies outside [-1, 1) is cut off, as a sound card does. */
export function writePcm(channels: readonly Float32Array[], sampleRate: number): Buffer {
  const frames = channels[0]!.length
  const dataBytes = frames * channels.length * 2
  const file = Buffer.alloc(HEADER_BYTES + dataBytes)
  writeHeader(file, { channels: channels.length, sampleRate, dataBytes })
  for (let frame = 0, offset = HEADER_BYTES; frame < frames; frame++) {
    for (const samples of channels) offset = file.writeInt16LE(quantize(samples[frame]!), offset)
  }
  return file
}

export function writeMono({ samples, sampleRate }: Waveform): Buffer {
  return writePcm([samples], sampleRate)
}

function quantize(sample: number): number {
  return Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, Math.round(sample * FULL_SCALE)))
}

function writeHeader(file: Buffer, { channels, sampleRate, dataBytes }: { channels: number; sampleRate: number; dataBytes: number }): void {
  file.write('RIFF', 0, 'latin1')
  file.writeUInt32LE(HEADER_BYTES - 8 + dataBytes, 4)
  file.write('WAVEfmt ', 8, 'latin1')
  file.writeUInt32LE(16, 16)
  file.writeUInt16LE(1, 20) // PCM
  file.writeUInt16LE(channels, 22)
  file.writeUInt32LE(sampleRate, 24)
  file.writeUInt32LE(sampleRate * channels * 2, 28)
  file.writeUInt16LE(channels * 2, 32)
  file.writeUInt16LE(16, 34)
  file.write('data', 36, 'latin1')
  file.writeUInt32LE(dataBytes, 40)
}
