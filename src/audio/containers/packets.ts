/**
 * How long a packet of a container may be. A decoder takes it whole, at once, and what it makes of it is bounded by
 * nothing but its length: so it has to be far longer than any encoder makes it, and too short to unfold into more than
 * some 10⁶ samples before anybody looks (with lacing, which puts 256 packets into one block, 10⁷).
 */
import { MAX_FRAME_BYTES } from './flac.js'
import { unreadable } from '../probe.js'
import type { AdpcmCodec, Codec } from '../../domain/codecs.js'

const KIBIBYTE = 1_024
/**
 * Frames of AAC have 768 bytes per channel, those of MP3 1,441, packets of Opus 61,200. The shortest frames of MP3 have
 * 24 bytes: 64 KiB of them are three million samples.
 */
const LOSSY_BYTES = 64 * KIBIBYTE
/** 3GP packs up to 15 frames, of at most 61 bytes. The shortest have one byte: 4 KiB of them are 1.3 million samples. */
const AMR_BYTES = 4 * KIBIBYTE
/** 16,384 samples of 32 bits on eight channels have half of it. */
const ALAC_BYTES = KIBIBYTE * KIBIBYTE
/** Not compressed: a sample for each byte, at most. */
const PCM_BYTES = 4 * KIBIBYTE * KIBIBYTE

/** Codecs of MP4 and Matroska, which store packets. WAV, AIFF and CAF store ADPCM, in blocks of one length. */
export type PacketCodec = Exclude<Codec, AdpcmCodec>

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
