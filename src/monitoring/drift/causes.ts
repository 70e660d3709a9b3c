/**
 * The likely causes of drift alarms, and what each is known to move. One change of the traffic moves many features: a
 * telephone call has another codec, another sample rate, a narrower band, another timbre, and less confident
 * transcripts. likely-causes.ts applies the table; its order is causal, so that causes come before their effects
 * (Pearl, "Causality", 2009): what clients declare, the sound, how people speak and record, and last what the model
 * makes of it.
 *
 * Signs and effects were checked with recognized clips of known changes (docs/drift.md). Whoever adds a feature to
 * features.ts adds it here: a test requires that each is a sign of a cause.
 */
import type { FeatureName } from './features.js'

export type Direction = 'lower' | 'higher'
/**
 * Features that have an alarm together, with the direction of each. `any` includes categories and wider spreads;
 * `missing` is a feature that can be measured on fewer or more clips than before, `steady` one without an alarm.
 */
export type Pattern = Readonly<Partial<Record<FeatureName, Direction | 'any' | 'missing' | 'steady'>>>

export interface CauseDefinition {
  /** For people, as a heading. */
  readonly title: string
  /** What has happened, as a sentence. */
  readonly help: string
  /** What to do, as a sentence. */
  readonly advice: string
  /** Each of these patterns shows the cause. */
  readonly signs: readonly Pattern[]
  /** Weaker signs: they count only for alarms that the signs of no cause explain. */
  readonly weakSigns?: readonly Pattern[]
  /** Other features that it moves: in one direction only, or up to a size of Cliff's delta. */
  readonly effects: Readonly<Partial<Record<FeatureName, Direction | number>>>
}

/** Larger shifts are another cause's. `ANY`: the cause may move all values. */
const ANY = 1
const MODERATE = 0.6

const OUTPUTS = {
  confidence: ANY, lowest_token_probability: ANY, tokens_per_second: ANY, words_per_second: ANY, transcript_words: ANY,
  empty: ANY, repeat_ratio: ANY, hearings: ANY, decoder_stop: ANY,
} as const
const TIMBRE = {
  bandwidth: ANY, low_frequencies: ANY, centroid: ANY, flatness: ANY, mfcc_1: ANY, mfcc_2: ANY, mfcc_3: ANY,
  mfcc_4: ANY,
} as const
/** A narrower band takes power away, and noise before voices. */
const BAND = {
  ...TIMBRE, ...OUTPUTS, loudness: MODERATE, peak: MODERATE, noise_floor: MODERATE, snr: MODERATE, clip_ratio: ANY,
  dc_offset: ANY, syllable_rate: MODERATE, speech_ratio: MODERATE, leading_silence: MODERATE,
  trailing_silence: MODERATE,
} as const
const BOUNDARIES = { leading_silence: ANY, trailing_silence: ANY, speech_ratio: ANY } as const

/** In causal order. docs/drift.md is compared with this table by a test. */
export const CAUSES = {
  codec: {
    title: 'Codec',
    help: 'Clients send another codec: another app, another version, or a telephone gateway.',
    advice: 'Find the client or the gateway that changed its encoder. If it stays, make a new baseline.',
    signs: [{ codec: 'any' }],
    effects: { codec: ANY, sample_rate: ANY, mixing: ANY, ...BAND, duration: MODERATE },
  },
  sample_rate: {
    title: 'Sample rate',
    help: 'Clients record at another sample rate.',
    advice: 'Find the recorder that changed its rate, and whether it resamples. If it stays, make a new baseline.',
    signs: [{ sample_rate: 'any' }],
    effects: { sample_rate: ANY, ...BAND, duration: MODERATE },
  },
  channels: {
    title: 'Channels',
    help: 'Clients send another number of channels, or one of the channels is silent.',
    advice: 'Find the client that records several channels. Send mono, or choose the channel of the speaker.',
    signs: [{ mixing: 'any' }],
    effects: { mixing: ANY, ...BAND },
  },
  bandwidth: {
    title: 'Frequency band',
    help: 'The same codec and sample rate carry another band: a telephone line, a headset, a filter, a resampler.',
    advice: 'Find what filters or resamples before the encoder. If it stays, make a new baseline.',
    signs: [{ bandwidth: 'lower', snr: 'steady' }, { bandwidth: 'lower', snr: 'higher' }],
    weakSigns: [{ bandwidth: 'any' }, { low_frequencies: 'any' }],
    effects: BAND,
  },
  no_speech: {
    title: 'Clips without speech',
    help: 'More clips, or fewer, have no speech in them.',
    advice: 'Listen to some: an open microphone, a muted one, or recordings that start too late.',
    signs: [{ mfcc_1: 'missing' }, { empty: 'any', speech_ratio: 'lower' }, { empty: 'any', loudness: 'lower' }],
    effects: {
      ...OUTPUTS, ...TIMBRE, ...BOUNDARIES, loudness: MODERATE, peak: MODERATE, noise_floor: MODERATE, snr: MODERATE,
      duration: MODERATE, syllable_rate: MODERATE, language: ANY,
    },
  },
  language: {
    title: 'Language or accent',
    help: 'Voices and transcripts have changed together, and the model is less sure: another language or accent.',
    advice: 'Listen to some. For another language choose another model.',
    signs: [
      { language: 'any' }, { confidence: 'lower', tokens_per_second: 'higher', centroid: 'any', duration: 'higher' },
      { confidence: 'lower', tokens_per_second: 'higher', centroid: 'any', duration: 'steady' },
    ],
    effects: {
      ...OUTPUTS, ...TIMBRE, ...BOUNDARIES, language: ANY, syllable_rate: ANY, duration: ANY, loudness: MODERATE,
      peak: MODERATE, noise_floor: MODERATE, snr: 'higher', dc_offset: MODERATE, clip_ratio: MODERATE,
    },
  },
  level: {
    title: 'Level',
    help: 'Voices are recorded louder or quieter: another microphone, distance or gain.',
    advice: 'Look at gain control and microphones. If samples are clipped, lower the gain: clipping cannot be undone.',
    signs: [
      { loudness: 'lower', peak: 'lower' }, { loudness: 'lower', noise_floor: 'lower' },
      { loudness: 'higher', peak: 'higher', snr: 'steady' }, { loudness: 'higher', clip_ratio: 'higher' },
    ],
    weakSigns: [{ loudness: 'any' }, { peak: 'any' }, { clip_ratio: 'any' }],
    effects: {
      ...OUTPUTS, loudness: ANY, peak: ANY, noise_floor: ANY, clip_ratio: ANY, dc_offset: ANY, snr: MODERATE,
      flatness: MODERATE, centroid: MODERATE, mfcc_1: MODERATE,
    },
  },
  noise: {
    title: 'Noise',
    help: 'Voices stand out less from the background, or more: another place, or noise suppression.',
    advice: 'Listen to some: a car, other people, noise suppression in the client.',
    signs: [{ snr: 'lower' }],
    weakSigns: [{ snr: 'any' }, { noise_floor: 'any' }, { flatness: 'any' }],
    effects: {
      ...OUTPUTS, ...TIMBRE, ...BOUNDARIES, snr: ANY, noise_floor: ANY, loudness: 'higher', peak: 'higher',
      dc_offset: ANY, syllable_rate: 'lower',
    },
  },
  dc_offset: {
    title: 'DC offset',
    help: 'The mean of the samples is further from zero: a defect of a sound card or a recorder.',
    advice: 'Find the recorder, and replace it or its driver; a high-pass filter at 20 Hz removes the offset.',
    signs: [{ dc_offset: 'higher', low_frequencies: 'higher' }],
    weakSigns: [{ dc_offset: 'any' }],
    effects: TIMBRE,
  },
  reverberation: {
    title: 'Echo',
    help: 'Voices ring on after each word, and the model is less sure: a bare room, or people far from the microphone.',
    advice: 'Listen to some. Ask for a microphone closer to the mouth, or look for an echo that a client adds.',
    signs: [{ syllable_rate: 'lower', trailing_silence: 'higher', leading_silence: 'steady', confidence: 'lower' }],
    effects: {
      ...OUTPUTS, ...BOUNDARIES, syllable_rate: 'lower', duration: 'higher', snr: 'lower', noise_floor: 'higher',
      flatness: MODERATE, centroid: MODERATE, mfcc_1: MODERATE, mfcc_2: MODERATE, mfcc_3: MODERATE, mfcc_4: MODERATE,
    },
  },
  speaking_rate: {
    title: 'Speaking rate',
    help: 'People speak faster or more slowly, or recordings are played at a wrong rate.',
    advice: 'Find who speaks now. If voices are also higher or lower, look for audio with a wrong declared rate.',
    signs: [{ syllable_rate: 'any' }],
    weakSigns: [{ words_per_second: 'any', tokens_per_second: 'any' }],
    effects: {
      ...OUTPUTS, ...BOUNDARIES, syllable_rate: ANY, duration: ANY, loudness: MODERATE, flatness: MODERATE,
      centroid: MODERATE, mfcc_1: MODERATE, mfcc_2: MODERATE, mfcc_3: MODERATE, mfcc_4: MODERATE,
    },
  },
  recording: {
    title: 'Start and end of recordings',
    help: 'Recordings are longer or shorter, or have more or less silence around the words.',
    advice: 'Look at when clients start and stop to record. Words that are cut off cannot be recognized.',
    signs: [{ duration: 'any' }, { leading_silence: 'any' }, { trailing_silence: 'any' }, { speech_ratio: 'any' }],
    effects: { ...OUTPUTS, ...BOUNDARIES, duration: ANY, noise_floor: MODERATE, snr: MODERATE, loudness: MODERATE },
  },
  speakers: {
    title: 'Speakers',
    help: 'Voices have another timbre, at the same band, level and noise: other people, or another microphone.',
    advice: 'Find who speaks now, and with what. If it stays, make a new baseline.',
    signs: [],
    weakSigns: [{ centroid: 'any' }, { mfcc_1: 'any' }, { mfcc_2: 'any' }, { mfcc_3: 'any' }, { mfcc_4: 'any' }],
    effects: { ...TIMBRE, ...OUTPUTS },
  },
  content: {
    title: 'What is said',
    help: 'The sound is as before, the transcripts are not: other requests, new names, or another model.',
    advice: 'Read some transcripts. For new names add a prompt; after a change of the model make a new baseline.',
    signs: [],
    weakSigns: [
      { confidence: 'any' }, { lowest_token_probability: 'any' }, { tokens_per_second: 'any' },
      { words_per_second: 'any' }, { transcript_words: 'any' }, { empty: 'any' }, { repeat_ratio: 'any' },
      { hearings: 'any' }, { decoder_stop: 'any' },
    ],
    effects: OUTPUTS,
  },
} as const satisfies Record<string, CauseDefinition>

export type CauseName = keyof typeof CAUSES
export const CAUSE_NAMES = Object.keys(CAUSES) as readonly CauseName[]
/** Of alarms that no cause explains. */
export const NO_COMMON_CAUSE = 'unexplained'
export const CAUSE_LABELS = [...CAUSE_NAMES, NO_COMMON_CAUSE] as const
