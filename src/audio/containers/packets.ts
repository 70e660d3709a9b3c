/**
 * The longest packet that is accepted, by codec. A decoder takes a packet as a whole, so nothing but its length limits
 * the samples that it decodes into before the limits are checked. The limits here are far above what encoders write,
 * and allow about 10⁶ samples (10⁷ with lacing, by which a block has up to 256 packets).
 */
import { MAX_FRAME_BYTES } from './flac.js'
import { unreadable } from '../probe.js'
import type { AdpcmCodec, Codec } from '../../domain/codecs.js'

const KIBIBYTE = 1_024
/**
 * Frames of AAC have at most 768 bytes per channel, those of MP3 1,441, packets of Opus 61,200. The shortest frames of
 * MP3 have 24 bytes: 64 KiB of them are three million samples.
 */
const LOSSY_BYTES = 64 * KIBIBYTE
/** Packets of 3GP have up to 15 frames of 61 bytes. Frames may have one byte: 4 KiB are 1.3 million samples. */
const AMR_BYTES = 4 * KIBIBYTE
/** 16,384 samples of 32 bits in eight channels have half as many. */
const ALAC_BYTES = KIBIBYTE * KIBIBYTE
/** Uncompressed: at most one sample for each byte. */
const PCM_BYTES = 4 * KIBIBYTE * KIBIBYTE

/** Codecs of MP4 and Matroska, which store packets. WAV, AIFF and CAF store ADPCM and GSM in blocks. */
export type PacketCodec = Exclude<Codec, AdpcmCodec | 'gsm'>

const MAX_PACKET_BYTES: Readonly<Record<PacketCodec, number>> = {
  opus: LOSSY_BYTES, vorbis: LOSSY_BYTES, aac: LOSSY_BYTES, mp3: LOSSY_BYTES,
  amr_nb: AMR_BYTES, amr_wb: AMR_BYTES, alac: ALAC_BYTES, flac: MAX_FRAME_BYTES,
  pcm_u8: PCM_BYTES, pcm_s8: PCM_BYTES, pcm_s16: PCM_BYTES, pcm_s24: PCM_BYTES, pcm_s32: PCM_BYTES,
  pcm_f32: PCM_BYTES, pcm_f64: PCM_BYTES, alaw: PCM_BYTES, mulaw: PCM_BYTES,
}

/** Throws AUDIO_UNREADABLE. */
export function checkPacket(codec: PacketCodec, bytes: number): void {
  const limit = MAX_PACKET_BYTES[codec]
  if (bytes > limit) throw unreadable(`a packet of ${codec} with ${bytes} bytes; at most ${limit} are read`)
}
