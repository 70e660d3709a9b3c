/**
 * The nouns that flow through the service, in the order in which a request meets them:
 * upload bytes → Recording → Waveform at the model's rate and level → Clip[] → Hypothesis[] → Report, all of them plain data.
 */
import type { PhraseEvidence, Reading, Searched } from './phrases.js'
import type { Timbre } from './timbre.js'
import type { JudgedWord, Word } from './words.js'

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

/** Why an autoregressive decode ended. */
export type StopReason = 'end_of_text' | 'token_limit' | 'repetition'

/** What one decode found, and why it ended; with what a search found where one was asked for. */
export interface Hypothesis extends Partial<Searched> {
  readonly text: string
  readonly tokens: readonly number[]
  /** Natural logarithm of the probability of each token, the end token included when it was reached. */
  readonly logProbabilities: readonly number[]
  readonly stopped: StopReason
  /** ISO 639-1 code: requested, detected, or the only one the model knows. */
  readonly language: string
  /** Where they were wanted and the model can say: in seconds from the start of the clip's waveform. */
  readonly words?: readonly Word[]
}

/** Why the larger model of a cascade was asked about a clip, or that the small one was sure: docs/api.md explains each. */
export const CASCADE_REASONS = ['sure', 'low_confidence', 'empty', 'cut_off', 'language'] as const
export type CascadeReason = (typeof CASCADE_REASONS)[number]

/** One decoded clip on the time line of the upload. */
export interface Segment {
  readonly startSeconds: number
  readonly endSeconds: number
  readonly text: string
  /** In the order of time; null when they were not wanted, or the engine cannot say. */
  readonly words: readonly JudgedWord[] | null
  /** exp(mean token log-probability), in [0, 1]. */
  readonly confidence: number
  readonly meanLogProbability: number
  readonly tokens: readonly number[]
  readonly stopped: StopReason
  /** Share of the hearings of the clip that came to these words; 1 where it was heard once. */
  readonly agreement: number
  /** Whose transcript it is. */
  readonly model: string
  /** Null when no cascade is on. */
  readonly cascade: CascadeReason | null
}

/** What a cascade did for one upload. */
export interface CascadeReport {
  /** The larger model. */
  readonly model: string
  /** Clips that it heard. */
  readonly asked: number
  /** Why, or `sure`: one for each clip of the upload, in the order of time. */
  readonly reasons: readonly CascadeReason[]
  /** Spent in it. */
  readonly seconds: number
}

/** Why a successful answer has no words. */
export const NO_SPEECH_REASONS = ['no_samples', 'digital_silence', 'too_quiet', 'no_speech_detected', 'nothing_recognized'] as const
export type NoSpeechReason = (typeof NO_SPEECH_REASONS)[number]

/** Things a client may want to show to its user. */
export const WARNINGS = ['too_quiet', 'clipped', 'noisy', 'narrowband', 'dc_offset', 'too_short', 'truncated', 'low_confidence', 'repetition', 'token_limit'] as const
export type Warning = (typeof WARNINGS)[number]

/** Stages of one request in the order they happen; together they make up its latency. */
export const STAGES = [
  'receive', 'queue_wait', 'transfer',
  'audio_decode', 'measure', 'resample', 'features', 'detect', 'trim', 'normalize',
  'model_features', 'encoder', 'decoder', 'model', 'align', 'postprocess',
] as const
export type Stage = (typeof STAGES)[number]
export type StageSeconds = Readonly<Partial<Record<Stage, number>>>

/** The upload as measured before normalization. */
export interface InputReport extends AudioFormat, Level, Quality {
  readonly timbre: Timbre
  /** Length as uploaded. */
  readonly audioSeconds: number
  /** Length sent to the model. */
  readonly speechSeconds: number
  /** Cut off at the start, and at the end, before recognition. */
  readonly trimmedLeadingSeconds: number
  readonly trimmedTrailingSeconds: number
}

/** Everything one successful request taught us. */
export interface Report {
  readonly text: string
  /** exp(mean token log-probability) over all segments, in [0, 1]; null when there is no text. */
  readonly confidence: number | null
  /** Probability of the token that the decoder doubted most, in [0, 1]; null when there is no text. */
  readonly lowestTokenProbability: number | null
  /** Calibrated probability that the text is right, word for word; null without text or calibration. */
  readonly correctness: number | null
  readonly language: string
  readonly model: string
  readonly segments: readonly Segment[]
  /** N-best, the first is `text`, and expected phrases by how well they fit; empty unless asked for, or where the upload is several clips. */
  readonly alternatives: readonly Reading[]
  readonly evidence: readonly PhraseEvidence[]
  /** Expected phrases made some of the text another one. */
  readonly steered: boolean
  /** Decodes that it took: none when the model was not run, more than one for a clip whose first transcript left doubt. */
  readonly hearings: number
  /** Null when no cascade is on. */
  readonly cascade: CascadeReport | null
  /** Present exactly when `text` is empty. */
  readonly noSpeechReason: NoSpeechReason | null
  readonly warnings: readonly Warning[]
  readonly input: InputReport
  readonly seconds: StageSeconds
}
