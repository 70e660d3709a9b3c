/** 16-bit WAV files to samples and back, apart from the decoder that is measured. Source: see src/audio/containers/riff.ts. */
import { blankWav, WAV_HEADER_BYTES } from '../../fixtures/wav.js'
import { readWavLayout } from '../../src/audio/containers/riff.js'
import type { Waveform } from '../../src/domain/audio.js'

const FULL_SCALE = 0x8000

export function readPcm(wav: Uint8Array): Waveform {
  const { dataOffset, dataBytes, sampleRate } = readWavLayout(wav)
  const view = new DataView(wav.buffer, wav.byteOffset + dataOffset, dataBytes)
  return { samples: Float32Array.from({ length: dataBytes / 2 }, (_, index) => view.getInt16(index * 2, true) / FULL_SCALE), sampleRate }
}

/** Channels of the same length, interleaved. What lies outside [-1, 1) is cut off, as a sound card does. */
export function writePcm(channels: readonly Float32Array[], sampleRate: number): Buffer {
  const frames = channels[0]!.length
  const file = blankWav(frames * channels.length * 2, { channels: channels.length, sampleRate })
  for (let frame = 0, offset = WAV_HEADER_BYTES; frame < frames; frame++) {
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
