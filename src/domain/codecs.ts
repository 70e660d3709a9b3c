/**
 * Every codec that uploads are read in: the one list from which settings, metrics, drift features and the readers of
 * `audio/` derive theirs. docs/api.md lists the containers of each and is held against this table by a test.
 *
 * Bounds on the packets of a codec stay in `audio/containers/packets.ts`: they protect its decoders.
 */

/**
 * Groups by which codecs are counted, in the order of the `codec` label of metrics and of the bins of the drift
 * feature. A stored baseline has its bins in this order.
 */
export const CODEC_GROUPS =
  ['pcm', 'adpcm', 'mulaw', 'alaw', 'opus', 'vorbis', 'aac', 'alac', 'mp3', 'flac', 'amr', 'gsm'] as const
export type CodecGroup = (typeof CODEC_GROUPS)[number]

interface CodecTraits {
  readonly group: CodecGroup
  /**
   * Whether a decoder is needed: one of the library @audio/decode, whose codecs have licences of their own (NOTICE), or
   * for GSM our own. Such a codec can be disabled by its name. PCM and G.711 (A-law, mu-law) are always read.
   */
  readonly needsDecoder: boolean
}

/** Name of a codec, as reports and settings have it → its traits. */
export const CODECS = {
  pcm_u8: { group: 'pcm', needsDecoder: false },
  pcm_s8: { group: 'pcm', needsDecoder: false },
  pcm_s16: { group: 'pcm', needsDecoder: false },
  pcm_s24: { group: 'pcm', needsDecoder: false },
  pcm_s32: { group: 'pcm', needsDecoder: false },
  pcm_f32: { group: 'pcm', needsDecoder: false },
  pcm_f64: { group: 'pcm', needsDecoder: false },
  alaw: { group: 'alaw', needsDecoder: false },
  mulaw: { group: 'mulaw', needsDecoder: false },
  opus: { group: 'opus', needsDecoder: true },
  vorbis: { group: 'vorbis', needsDecoder: true },
  flac: { group: 'flac', needsDecoder: true },
  mp3: { group: 'mp3', needsDecoder: true },
  aac: { group: 'aac', needsDecoder: true },
  alac: { group: 'alac', needsDecoder: true },
  amr_nb: { group: 'amr', needsDecoder: true },
  amr_wb: { group: 'amr', needsDecoder: true },
  adpcm_ima: { group: 'adpcm', needsDecoder: true },
  adpcm_ms: { group: 'adpcm', needsDecoder: true },
  gsm: { group: 'gsm', needsDecoder: true },
} as const satisfies Readonly<Record<string, CodecTraits>>

export type Codec = keyof typeof CODECS
/** Codecs with these traits. */
type CodecWith<Traits extends Partial<CodecTraits>> =
  { [Name in Codec]: (typeof CODECS)[Name] extends Traits ? Name : never }[Codec]
export type PcmCodec = CodecWith<{ readonly needsDecoder: false }>
export type CompressedCodec = CodecWith<{ readonly needsDecoder: true }>
export type AdpcmCodec = CodecWith<{ readonly group: 'adpcm' }>

export const CODEC_NAMES = Object.keys(CODECS) as readonly Codec[]
/** The codecs that EARSHOT_DISABLED_CODECS may name. */
export const COMPRESSED_CODECS = CODEC_NAMES.filter((name): name is CompressedCodec => CODECS[name].needsDecoder)

export function isCodec(name: string): name is Codec {
  return Object.hasOwn(CODECS, name)
}

/** The group under which metrics and drift count the codec of a report; `other` for a name that is not in the table. */
export function codecGroup(codec: string): CodecGroup | 'other' {
  return isCodec(codec) ? CODECS[codec].group : 'other'
}
