/**
 * WAV bytes → samples. riff.ts finds and checks the layout, pcm.ts reads PCM samples from the upload itself. wavefile
 * reads the format, from a file that is rebuilt from the checked `fmt ` chunk, since its parser trusts every count. It
 * does not read the samples, because it takes 34 s for 60 MB, and takes WAVE_FORMAT_EXTENSIBLE float for integers; nor
 * ADPCM, of which it supports IMA in mono only, with errors. ADPCM is rebuilt with its samples and decoded by
 * @audio/decode. GSM 6.10 is decoded by gsm.ts.
 */
import wavefile from 'wavefile'
import { sliced, textAt } from './bytes.js'
import { readGsm } from './gsm.js'
import { mp3Pieces, probeMp3 } from './mpeg-audio.js'
import { readPcm } from './pcm.js'
import type { AudioProbe } from '../probe.js'
import { readWavLayout, type WavLayout } from './riff.js'
import { decodeStream, type Decoded, type StreamLimits } from '../stream.js'
import { isAdpcm } from './wav-format.js'
import { matchesWave64, readWave64Layout } from './wave64.js'

/** The part of wavefile's result that is used; its types declare `object`. */
interface WavParts { readonly fmt: { readonly numChannels: number; readonly sampleRate: number } }

const MAGICS = ['RIFF', 'RIFX', 'RF64', 'BW64']
const ADPCM_PIECE_BYTES = 16 * 1024

export function matchesWav(bytes: Uint8Array): boolean {
  return MAGICS.some((magic) => textAt(bytes, 0, magic)) || matchesWave64(bytes)
}

export function probeWav(bytes: Uint8Array): AudioProbe {
  const layout = layoutOf(bytes)
  const { codec, sampleRate, channels, seconds, truncated } = layout
  if (codec === 'mp3') return { ...probeMp3(dataOf(bytes, layout)), container: 'wav', truncated }
  return { container: 'wav', codec, sampleRate, channels, seconds, declared: true, truncated }
}

export async function readWav(bytes: Uint8Array, _probe: AudioProbe, limits: StreamLimits): Promise<Decoded> {
  const layout = layoutOf(bytes)
  const { codec, dataOffset, dataBytes } = layout
  if (codec === 'mp3') return decodeStream('mp3', mp3Pieces(dataOf(bytes, layout)), limits)
  if (codec === 'gsm') return readGsm(bytes, { ...layout, packing: 'wav' }, limits)
  if (isAdpcm(codec)) return decodeStream('wav', sliced(rebuild(bytes, layout), ADPCM_PIECE_BYTES), limits)
  const { fmt } = new wavefile.WaveFile(rebuild(bytes, { ...layout, dataBytes: 0 })) as unknown as WavParts
  const { numChannels: channels, sampleRate } = fmt
  const block = readPcm(bytes, { codec, littleEndian: true, channels, sampleRate, dataOffset, dataBytes })
  return { blocks: [block], sampleRate, broken: false }
}

function dataOf(bytes: Uint8Array, { dataOffset, dataBytes }: WavLayout): Uint8Array {
  return bytes.subarray(dataOffset, dataOffset + dataBytes)
}

function layoutOf(bytes: Uint8Array): WavLayout {
  return matchesWave64(bytes) ? readWave64Layout(bytes) : readWavLayout(bytes)
}

/** RIFF header, `fmt ` and `data`, and nothing else. A Buffer, which wavefile does not copy. */
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
