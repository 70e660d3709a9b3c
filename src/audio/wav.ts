/**
 * WAV bytes → mono Waveform. Format and samples are read by wavefile, from a copy rebuilt of the checked `fmt ` and
 * `data` chunks only: its parser trusts every count it meets, riff.ts none. Its sample API is not used (34 s for
 * 60 MB, and WAVE_FORMAT_EXTENSIBLE float is taken for integers); the conversion is ours, by the checked codec.
 *
 * Samples that are no number (NaN, ±∞ in a float file) become 0. Nothing else is clamped.
 * A-law and mu-law: ITU-T G.711.
 */
import wavefile from 'wavefile'
import type { Recording } from '../types.js'
import type { AudioProbe } from './decode.js'
import { readWavLayout, type WavCodec, type WavLayout } from './riff.js'

/** The part of wavefile's result that is used; its own types say `object`. */
interface WavParts {
  readonly fmt: { readonly numChannels: number; readonly sampleRate: number }
  readonly data: { readonly samples: Uint8Array }
}

/** A mean with less than this share of the loudest channel's power has cancelled it: 10 dB. */
const CANCELLED = 0.1

export function probeWav(bytes: Uint8Array): AudioProbe {
  const { codec, sampleRate, seconds } = readWavLayout(bytes)
  return { container: 'wav', codec, sampleRate, seconds }
}

export function readWav(bytes: Uint8Array): Recording {
  const layout = readWavLayout(bytes)
  const { fmt, data } = new wavefile.WaveFile(rebuild(bytes, layout)) as unknown as WavParts
  const interleaved = decodeSamples(data.samples.subarray(0, layout.dataBytes), layout.codec)
  return {
    waveform: { samples: downmix(interleaved, fmt.numChannels), sampleRate: fmt.sampleRate },
    format: { container: 'wav', codec: layout.codec, sampleRate: fmt.sampleRate, channels: fmt.numChannels, truncated: layout.truncated },
  }
}

/** RIFF header, `fmt ` and `data`, as the standard has them, and nothing else. A Buffer, so that wavefile need not copy it again. */
function rebuild(bytes: Uint8Array, { formatOffset, formatBytes, dataOffset, dataBytes }: WavLayout): Buffer {
  const paddedBytes = dataBytes + (dataBytes & 1)
  const file = Buffer.alloc(12 + 8 + formatBytes + 8 + paddedBytes)
  file.write('RIFF', 0, 'latin1')
  file.writeUInt32LE(file.byteLength - 8, 4)
  file.write('WAVEfmt ', 8, 'latin1')
  file.writeUInt32LE(formatBytes, 16)
  file.set(bytes.subarray(formatOffset, formatOffset + formatBytes), 20)
  file.write('data', 20 + formatBytes, 'latin1')
  file.writeUInt32LE(dataBytes, 24 + formatBytes)
  file.set(bytes.subarray(dataOffset, dataOffset + dataBytes), 28 + formatBytes)
  return file
}

/** Interleaved samples, nominally in [-1, 1). */
function decodeSamples(bytes: Uint8Array, codec: WavCodec): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { width, read } = SAMPLES[codec]
  const samples = new Float32Array(bytes.byteLength / width)
  for (let i = 0; i < samples.length; i++) samples[i] = read(view, i * width)
  return samples
}

/** A double may be finite and still no 32-bit float. */
function finite(sample: number): number {
  return Number.isFinite(Math.fround(sample)) ? sample : 0
}

const A_LAW = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = code ^ 0x55
  const exponent = (bits >> 4) & 7
  const mantissa = bits & 15
  const magnitude = exponent === 0 ? (mantissa << 4) + 8 : ((mantissa << 4) + 0x108) << (exponent - 1)
  return (bits & 0x80 ? magnitude : -magnitude) / 0x8000
})

const MU_LAW = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 0xff
  const magnitude = ((((bits & 15) << 3) + 0x84) << ((bits >> 4) & 7)) - 0x84
  return (bits & 0x80 ? -magnitude : magnitude) / 0x8000
})

/** Bytes of one sample and its value, by codec. */
const SAMPLES: Readonly<Record<WavCodec, { readonly width: number; readonly read: (view: DataView, offset: number) => number }>> = {
  pcm_u8: { width: 1, read: (view, offset) => (view.getUint8(offset) - 128) / 128 },
  pcm_s16: { width: 2, read: (view, offset) => view.getInt16(offset, true) / 0x8000 },
  pcm_s24: { width: 3, read: (view, offset) => (view.getUint16(offset, true) + view.getInt8(offset + 2) * 0x1_0000) / 0x80_0000 },
  pcm_s32: { width: 4, read: (view, offset) => view.getInt32(offset, true) / 0x8000_0000 },
  pcm_f32: { width: 4, read: (view, offset) => finite(view.getFloat32(offset, true)) },
  pcm_f64: { width: 8, read: (view, offset) => finite(view.getFloat64(offset, true)) },
  alaw: { width: 1, read: (view, offset) => A_LAW[view.getUint8(offset)]! },
  mulaw: { width: 1, read: (view, offset) => MU_LAW[view.getUint8(offset)]! },
}

/** Mean of the channels; the loudest one where the mean has lost it (a stereo pair out of phase, one live channel of many). */
function downmix(interleaved: Float32Array, channels: number): Float32Array {
  if (channels === 1) return interleaved
  const mean = meanOfChannels(interleaved, channels)
  const powers = Array.from({ length: channels }, (_, channel) => power(interleaved, channel, channels))
  const loudest = powers.indexOf(Math.max(...powers))
  if (power(mean, 0, 1) >= CANCELLED * powers[loudest]!) return mean
  return mean.map((_, frame) => interleaved[frame * channels + loudest]!)
}

function meanOfChannels(interleaved: Float32Array, channels: number): Float32Array {
  const mean = new Float32Array(interleaved.length / channels)
  for (let frame = 0, i = 0; frame < mean.length; frame++) {
    let sum = 0
    for (let channel = 0; channel < channels; channel++) sum += interleaved[i++]!
    mean[frame] = sum / channels
  }
  return mean
}

/** Variance of every `stride`-th sample: power without a constant offset, which says nothing about a voice. */
function power(samples: Float32Array, first: number, stride: number): number {
  let sum = 0
  let squares = 0
  for (let i = first; i < samples.length; i += stride) {
    sum += samples[i]!
    squares += samples[i]! ** 2
  }
  const count = samples.length / stride
  return count === 0 ? 0 : squares / count - (sum / count) ** 2
}
