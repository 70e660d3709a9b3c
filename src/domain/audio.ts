/** Audio on its way through the service: upload bytes → Recording → Waveform → Clip[], and what is measured. */

/** Mono PCM; samples nominally in [-1, 1]. */
export interface Waveform {
  readonly samples: Float32Array
  /** Hz */
  readonly sampleRate: number
}

/**
 * How channels became one: there was one, their mean, the loudest (the mean had lost it), at each moment the one with
 * the clearest speech, or the requested one.
 */
export const MIXINGS = ['mono', 'mean', 'loudest', 'automatic', 'chosen'] as const
export type Mixing = (typeof MIXINGS)[number]

/** A channel of the upload by its number, counted from 1, or all of them mixed. */
export type ChannelChoice = 'mix' | number

/** Samples without a container, as the request describes them. */
export interface HeaderlessFormat {
  readonly codec: 'pcm_s16' | 'pcm_s24' | 'pcm_s32' | 'alaw' | 'mulaw'
  /** Hz */
  readonly sampleRate: number
  readonly channels: number
  /** `detect`: found in the samples, since many senders do not keep to the byte order of their media type. */
  readonly byteOrder: 'little' | 'big' | 'detect'
}

/** The format of an upload. */
export interface AudioFormat {
  /** Container, found by the leading bytes; docs/api.md lists them. `none` for headerless samples. */
  readonly container: string
  /** Encoding of the samples; docs/api.md lists them. */
  readonly codec: string
  /** Hz, of the decoded samples. */
  readonly sampleRate: number
  readonly channels: number
  readonly mixing: Mixing
  /** The upload ends early, or declares more than could be decoded. */
  readonly truncated: boolean
}

/** A decoded upload: downmixed to mono, still at its own rate and level. */
export interface Recording {
  readonly waveform: Waveform
  readonly format: AudioFormat
  /** Speech on a channel while another one was used; 0 unless the mixing is automatic. */
  readonly unusedSpeechSeconds: number
}

/** Level of the raw signal. Decibels are relative to full scale; null where the signal is all zero. */
export interface Level {
  /** Integrated loudness after ITU-R BS.1770-4, LUFS. */
  readonly loudnessLufs: number | null
  readonly peakDbfs: number | null
  readonly rmsDbfs: number | null
  /** Share of clipped samples: runs of three or more at full scale, or flat at the highest value of the signal. */
  readonly clippedRatio: number
  /** Mean sample value, without digital silence. */
  readonly dcOffset: number
}

/** A stretch of audio in seconds from its start. */
export interface TimeSpan {
  readonly startSeconds: number
  readonly endSeconds: number
}

/** A stretch of speech to decode, and where it is in the upload; padding may make its waveform longer. */
export interface Clip extends TimeSpan {
  readonly waveform: Waveform
}

/** Short-time features of a waveform. Never NaN: silence has a floor. */
export interface FrameFeatures {
  /** Start of the first value of `energyDb`: at most one hop before the first sample. */
  readonly energyStartSeconds: number
  /** Seconds from one value of `energyDb` to the next. */
  readonly energyHopSeconds: number
  /** Power of each hop, dB relative to full scale, rumble removed. Shape [hops]. */
  readonly energyDb: Float32Array
  /** Start of the first spectrum: at most one hop before the first sample. */
  readonly spectrumStartSeconds: number
  /** Seconds from one spectrum to the next; the arrays below have the shape [frames]. */
  readonly spectrumHopSeconds: number
  /** Power in the speech band, 300 to 4000 Hz, dB relative to full scale. */
  readonly bandEnergyDb: Float32Array
  /** Spectral flatness in the speech band: 1 for white noise, towards 0 for a voice. */
  readonly flatness: Float32Array
  /** Centre of gravity of each power spectrum, Hz. */
  readonly centroidHz: Float32Array
  /** Power in bands evenly spaced in mel over the whole spectrum, dB. Shape [frames, bands]. */
  readonly melDb: FeatureMatrix
  /** Mean of the power spectra, linear, so loud frames count most. Shape [256]; bin k is at k · `hzPerBin`. */
  readonly meanSpectrum: Float32Array
  readonly hzPerBin: number
}

/** Where a detector finds speech. Pauses that are too short for it are part of a span. */
export interface SpeechActivity {
  /** Start of the first value of `speech`: at most one hop before the first sample. */
  readonly startSeconds: number
  /** Seconds from one value of `speech` to the next. */
  readonly hopSeconds: number
  /** Speech score of each hop, in [0, 1]; 0.5 is the threshold. Shape [hops]. */
  readonly speech: Float32Array
  /** In the order of time, without margins; empty without speech. The outer ones may reach a hop outside the audio. */
  readonly spans: readonly TimeSpan[]
  /** Probability of speech where it is most probable; absent where a detector does not estimate it. */
  readonly speechProbability?: number
  /** Whether there is speech: certainly, perhaps (the model decides), or not at all. */
  readonly verdict: 'speech' | 'unsure' | 'nothing'
  /** Distance from the loudest speech down to the threshold, dB; a small one hides faint ends of words. 0: unknown. */
  readonly visibleRangeDb: number
}

/** Quality of a recording, measured before anything is changed; null where a figure has no meaning. */
export interface Quality {
  /** Power of the speech over that of the pauses, both above 100 Hz, dB; null without speech or without pauses. */
  readonly snrDb: number | null
  /** Power of the pauses above 100 Hz; null when there are none, or they are padding. */
  readonly noiseFloorDbfs: number | null
  /** Share of the upload that is speech. */
  readonly speechRatio: number
  /** Before the first speech; the whole length without speech. */
  readonly leadingSilenceSeconds: number
  /** After the last speech; 0 without speech. */
  readonly trailingSilenceSeconds: number
  /** Highest frequency less than 50 dB below the peak of the mean spectrum, at most 8 kHz; null for digital silence. */
  readonly bandwidthHz: number | null
}

/** Row-major [frames, bins]; a family transposes it if its graph takes bins first. */
export interface FeatureMatrix {
  readonly data: Float32Array
  readonly frames: number
  readonly bins: number
}
