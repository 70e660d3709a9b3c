/** Audio on its way through the service: upload bytes → Recording → Waveform → Clip[], with what is measured on each. */

/** Mono PCM; samples nominally in [-1, 1]. */
export interface Waveform {
  readonly samples: Float32Array
  /** Hz */
  readonly sampleRate: number
}

/** How several channels became one: there was one, their mean, the loudest (the mean had lost it), or the one asked for. */
export const MIXINGS = ['mono', 'mean', 'loudest', 'chosen'] as const
export type Mixing = (typeof MIXINGS)[number]

/** A channel of the upload by its number, counted from 1, or all of them mixed. */
export type ChannelChoice = 'mix' | number

/** Samples without a container, as the request describes them. */
export interface HeaderlessFormat {
  readonly codec: 'pcm_s16' | 'pcm_s24' | 'pcm_s32' | 'alaw' | 'mulaw'
  /** Hz */
  readonly sampleRate: number
  readonly channels: number
  /** `detect`: the media type says one thing and most senders do another. */
  readonly byteOrder: 'little' | 'big' | 'detect'
}

/** What the upload said about itself, and whether that was true. */
export interface AudioFormat {
  /** Container, found by the leading bytes; docs/api.md lists them. `none` for headerless samples. */
  readonly container: string
  /** Encoding of the samples; docs/api.md lists them. */
  readonly codec: string
  /** Hz, of the decoded samples. */
  readonly sampleRate: number
  readonly channels: number
  readonly mixing: Mixing
  /** There should be more: the upload ends early, or declares more than could be decoded. */
  readonly truncated: boolean
}

/** A decoded upload: downmixed to mono, still at its own rate and level. */
export interface Recording {
  readonly waveform: Waveform
  readonly format: AudioFormat
}

/** Level of the raw signal, before anything is changed. Decibels are relative to full scale; null where the signal is all zero. */
export interface Level {
  /** Integrated loudness after ITU-R BS.1770-4, LUFS. */
  readonly loudnessLufs: number | null
  readonly peakDbfs: number | null
  readonly rmsDbfs: number | null
  /** Share of samples on cut-off tops: runs of three or more at full scale, or flat at the highest value of their own. */
  readonly clippedRatio: number
  /** Mean sample value, digital silence left out. */
  readonly dcOffset: number
}

/** A stretch of audio in seconds from its start. */
export interface TimeSpan {
  readonly startSeconds: number
  readonly endSeconds: number
}

/** A stretch of speech worth decoding, and where it sat in the upload; its waveform may be longer, by silence put around it. */
export interface Clip extends TimeSpan {
  readonly waveform: Waveform
}

/** What a waveform sounds like over time. Never NaN: silence has a floor. */
export interface FrameFeatures {
  /** When the first stretch of `energyDb` begins: at most one hop before the first sample, see recognition/features/acoustics.ts. */
  readonly energyStartSeconds: number
  /** Seconds from one value of `energyDb` to the next. */
  readonly energyHopSeconds: number
  /** Power of consecutive stretches of that length, dB relative to full scale, rumble removed. */
  readonly energyDb: Float32Array
  /** When the first spectrum begins: at most one hop before the first sample. */
  readonly spectrumStartSeconds: number
  /** Seconds from one spectrum to the next; the arrays below have one value for each. */
  readonly spectrumHopSeconds: number
  /** Power in the speech band, 300 to 4000 Hz, dB relative to full scale. */
  readonly bandEnergyDb: Float32Array
  /** Spectral flatness in the speech band: 1 for white noise, towards 0 for a voice. */
  readonly flatness: Float32Array
  /** Centre of gravity of each power spectrum, Hz. */
  readonly centroidHz: Float32Array
  /** Power in bands evenly spaced in mel over the whole spectrum, dB: how each spectrum is shaped. */
  readonly melDb: FeatureMatrix
  /** Mean of the power spectra, linear: what is loud counts most. Shape [256]; bin k is k · `hzPerBin`. */
  readonly meanSpectrum: Float32Array
  readonly hzPerBin: number
}

/** Where somebody speaks, as a detector judges it. Pauses shorter than the detector can tell are part of a span. */
export interface SpeechActivity {
  /** When the first stretch of `speech` begins: at most one hop before the first sample. */
  readonly startSeconds: number
  /** Seconds from one value of `speech` to the next. */
  readonly hopSeconds: number
  /** How much each stretch sounds like a voice, in [0, 1]; 0.5 is the border. */
  readonly speech: Float32Array
  /** In the order of time, without margins; empty when nobody spoke. The first may begin, and the last end, up to one hop outside the audio. */
  readonly spans: readonly TimeSpan[]
  /** Whether anybody spoke: without doubt, perhaps (the model decides), or not at all. */
  readonly verdict: 'speech' | 'unsure' | 'nothing'
  /** How far below the loudest speech the border lies, dB: the less, the more of a word's faint ends is not seen. 0 where unknown. */
  readonly visibleRangeDb: number
}

/** How good a recording is, measured before anything is changed; null where a figure has no meaning. */
export interface Quality {
  /** Power of the voice over that of the noise in the pauses, both above 100 Hz, dB; null without speech or without pauses. */
  readonly snrDb: number | null
  /** Power of the pauses above 100 Hz; null when there are none, or they are padding. */
  readonly noiseFloorDbfs: number | null
  /** Share of the upload in which somebody speaks. */
  readonly speechRatio: number
  /** Before the first speech; the whole length when nobody spoke. */
  readonly leadingSilenceSeconds: number
  /** After the last speech; 0 when nobody spoke. */
  readonly trailingSilenceSeconds: number
  /** Highest frequency at which the mean spectrum lies less than 50 dB below its peak, at most 8 kHz; null for digital silence. */
  readonly bandwidthHz: number | null
}

/** Row-major [frames, bins]; a family transposes if its graph wants bins first. */
export interface FeatureMatrix {
  readonly data: Float32Array
  readonly frames: number
  readonly bins: number
}
