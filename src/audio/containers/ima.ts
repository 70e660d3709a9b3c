/**
 * QuickTime's IMA ADPCM, as AIFF-C and CAF store it: packets of 34 bytes per channel, 64 samples each. The library
 * decodes it within CAF, so a CAF header is written from checked values and put before the packets of either container.
 */
import { bytesOf32, joined, sliced } from './bytes.js'
import { bytesPerFrame, readPcm, type PcmLayout } from './pcm.js'
import { decodeStream, type Decoded, type StreamLimits } from '../stream.js'
import type { PcmCodec } from '../../domain/codecs.js'

const IMA_PACKET_BYTES = 34
const IMA_PACKET_SAMPLES = 64
const PIECE_BYTES = 16 * 1024

/** Data of AIFF and CAF: samples of all channels interleaved, or packets, one for each channel in turn. */
export interface PacketLayout extends Omit<PcmLayout, 'codec'> {
  readonly codec: PcmCodec | 'adpcm_ima'
  readonly truncated: boolean
}

/** Bytes of one sample, or packet, of all channels. */
export function bytesPerPacket({ codec, channels }: Pick<PacketLayout, 'codec' | 'channels'>): number {
  return codec === 'adpcm_ima' ? IMA_PACKET_BYTES * channels : bytesPerFrame({ codec, channels })
}

export function secondsOfPackets(layout: PacketLayout): number {
  const packets = Math.floor(layout.dataBytes / bytesPerPacket(layout))
  return packets * (layout.codec === 'adpcm_ima' ? IMA_PACKET_SAMPLES : 1) / layout.sampleRate
}

function* imaPieces(
  bytes: Uint8Array, { channels, sampleRate, dataOffset, dataBytes }: Omit<PacketLayout, 'codec'>,
): Generator<Uint8Array> {
  const rate = Buffer.alloc(8)
  rate.writeDoubleBE(sampleRate)
  const packetBytes = IMA_PACKET_BYTES * channels
  const noFlags = [0, 0, 0, 0]
  const description = joined(
    rate, 'ima4', noFlags, bytesOf32(packetBytes), bytesOf32(IMA_PACKET_SAMPLES), bytesOf32(channels), [0, 0, 0, 0])
  const descriptionSize = [0, 0, 0, 0, 0, 0, 0, description.byteLength]
  const unknownSize = new Uint8Array(8).fill(255)
  yield joined(
    'caff', [0, 1, 0, 0], 'desc', descriptionSize, description, 'data', unknownSize, [0, 0, 0, 0])
  yield* sliced(bytes.subarray(dataOffset, dataOffset + dataBytes - dataBytes % packetBytes), PIECE_BYTES)
}

/** Throws the errors of `decodeStream`. */
export async function readPackets(bytes: Uint8Array, layout: PacketLayout, limits: StreamLimits): Promise<Decoded> {
  const { codec } = layout
  if (codec === 'adpcm_ima') return decodeStream('caf', imaPieces(bytes, layout), limits)
  return { blocks: [readPcm(bytes, { ...layout, codec })], sampleRate: layout.sampleRate, broken: false }
}
