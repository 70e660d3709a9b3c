/**
 * Every feature that is monitored for drift, each as one entry: how it is read from a report, its family, and how its
 * values are binned. Inputs are measured before normalization and trimming, because these steps hide the differences
 * that drift is about. docs/drift.md is compared with this table by a test.
 *
 * `quantiles`: ten bins with equally many clips of the baseline each. `edges`: fixed ones, where most values are equal
 * (a share of clipped samples is nearly always 0) or few. `categories`: a closed list; anything else is `other`.
 */
import { CODEC_GROUPS, codecGroup } from '../../domain/codecs.js'
import { MIXINGS } from '../../domain/audio.js'
import { factsOf, SAMPLE_RATES, TRANSCRIPT_STATES, type ReportFacts } from '../../domain/report-facts.js'
import type { Report } from '../../domain/report.js'
import type { StopReason } from '../../domain/transcript.js'

/** Inputs and outputs have alarms of their own: a shift of the outputs alone is not caused by the microphone. */
export const FAMILIES = ['input', 'output'] as const
export type Family = (typeof FAMILIES)[number]

export type Binning =
  | { readonly kind: 'quantiles' }
  | { readonly kind: 'edges'; readonly edges: readonly number[] }
  | { readonly kind: 'categories'; readonly categories: readonly string[] }

/** A number, a category, or null if it cannot be measured: null is counted as `missing`, never as a zero. */
export type FeatureValue = number | string | null

export interface DriftFeature {
  readonly family: Family
  readonly unit: string
  readonly binning: Binning
  readonly help: string
  readonly of: (report: Report, facts: ReportFacts) => FeatureValue
}

const QUANTILES: Binning = { kind: 'quantiles' }
const edges = (...values: number[]): Binning => ({ kind: 'edges', edges: values })
const categories = (...names: string[]): Binning => ({ kind: 'categories', categories: names })

/** Stored baselines have no bins for these, which are counted as `other`. */
const CODECS_WITHOUT_BIN: readonly string[] = ['adpcm', 'alac', 'gsm']
const CODEC_BINS = CODEC_GROUPS.filter((group) => !CODECS_WITHOUT_BIN.includes(group))
const STOPS: readonly StopReason[] = ['end_of_text', 'token_limit', 'repetition']
/** Null without speech. */
const ofSpeech = ({ input }: Report, seconds: number): number | null => input.speechRatio > 0 ? seconds : null
const cepstral = (index: number): DriftFeature => ({
  family: 'input', unit: 'dB', binning: QUANTILES,
  help: `Mel-frequency cepstral coefficient ${index + 1}, mean over speech.`,
  of: ({ input }) => input.timbre.cepstrum?.[index] ?? null,
})

export const FEATURES = {
  loudness: {
    family: 'input', unit: 'LUFS', binning: QUANTILES, help: 'Integrated loudness (BS.1770).',
    of: ({ input }) => input.loudnessLufs,
  },
  peak: {
    family: 'input', unit: 'dBFS', binning: QUANTILES, help: 'Highest absolute sample value.',
    of: ({ input }) => input.peakDbfs,
  },
  clip_ratio: {
    family: 'input', unit: 'share', binning: edges(1e-9, 1e-4, 1e-3, 1e-2), help: 'Share of clipped samples.',
    of: ({ input }) => input.clippedRatio,
  },
  noise_floor: {
    family: 'input', unit: 'dBFS', binning: QUANTILES, help: 'Power of the pauses.',
    of: ({ input }) => input.noiseFloorDbfs,
  },
  snr: {
    family: 'input', unit: 'dB', binning: QUANTILES, help: 'Signal-to-noise ratio.',
    of: ({ input }) => input.snrDb,
  },
  duration: {
    family: 'input', unit: 's', binning: QUANTILES, help: 'Length of the upload.',
    of: ({ input }) => input.audioSeconds,
  },
  leading_silence: {
    family: 'input', unit: 's', binning: QUANTILES, help: 'Silence before the first speech.',
    of: (report) => ofSpeech(report, report.input.leadingSilenceSeconds),
  },
  trailing_silence: {
    family: 'input', unit: 's', binning: QUANTILES, help: 'Silence after the last speech.',
    of: (report) => ofSpeech(report, report.input.trailingSilenceSeconds),
  },
  speech_ratio: {
    family: 'input', unit: 'share', binning: QUANTILES, help: 'Share of the upload that is speech.',
    of: ({ input }) => input.speechRatio,
  },
  bandwidth: {
    family: 'input', unit: 'Hz', binning: QUANTILES,
    help: 'Highest frequency within 50 dB of the peak of the spectrum.',
    of: ({ input }) => input.bandwidthHz,
  },
  low_frequencies: {
    family: 'input', unit: 'dB', binning: QUANTILES, help: 'Power from 30 to 250 Hz over that of the whole spectrum.',
    of: ({ input }) => input.timbre.lowFrequencyDb,
  },
  centroid: {
    family: 'input', unit: 'Hz', binning: QUANTILES, help: 'Spectral centroid, mean over speech.',
    of: ({ input }) => input.timbre.centroidHz,
  },
  flatness: {
    family: 'input', unit: 'dB', binning: QUANTILES, help: 'Spectral flatness, mean over speech.',
    of: ({ input }) => input.timbre.flatnessDb,
  },
  mfcc_1: cepstral(0),
  mfcc_2: cepstral(1),
  mfcc_3: cepstral(2),
  mfcc_4: cepstral(3),
  syllable_rate: {
    family: 'input', unit: '1/s', binning: QUANTILES, help: 'Peaks of the loudness curve per second of speech.',
    of: ({ input }) => input.timbre.syllablesPerSecond,
  },
  dc_offset: {
    family: 'input', unit: 'full scale', binning: edges(1e-3, 1e-2), help: 'Absolute value of the mean sample.',
    of: ({ input }) => Math.abs(input.dcOffset),
  },
  sample_rate: {
    family: 'input', unit: 'Hz', binning: categories(...SAMPLE_RATES), help: 'Declared sample rate.',
    of: ({ input }) => String(input.sampleRate),
  },
  codec: {
    family: 'input', unit: '', binning: categories(...CODEC_BINS),
    help: 'Encoding of the samples.',
    of: ({ input }) => codecGroup(input.codec),
  },
  mixing: {
    family: 'input', unit: '', binning: categories(...MIXINGS), help: 'How the channels were mixed to mono.',
    of: ({ input }) => input.mixing,
  },

  confidence: {
    family: 'output', unit: '', binning: QUANTILES, help: 'exp(mean token log-probability).',
    of: ({ confidence }) => confidence,
  },
  lowest_token_probability: {
    family: 'output', unit: '', binning: QUANTILES, help: 'Probability of the least probable token.',
    of: ({ lowestTokenProbability }) => lowestTokenProbability,
  },
  tokens_per_second: {
    family: 'output', unit: '1/s', binning: QUANTILES, help: 'Tokens per second of audio given to the model.',
    of: (_, { tokensPerSecond }) => tokensPerSecond,
  },
  words_per_second: {
    family: 'output', unit: '1/s', binning: QUANTILES, help: 'Words per second of audio given to the model.',
    of: (_, { wordsPerSecond }) => wordsPerSecond,
  },
  transcript_words: {
    family: 'output', unit: 'words', binning: edges(1, 2, 3, 4, 5, 7, 10),
    help: 'Words of the transcript: runs of letters, digits and apostrophes.',
    of: (_, { wordCount }) => wordCount,
  },
  empty: {
    family: 'output', unit: '', binning: categories(...TRANSCRIPT_STATES),
    help: 'Whether there is text, and if not, why.',
    of: (_, { state }) => state,
  },
  repeat_ratio: {
    family: 'output', unit: 'share', binning: edges(0.3, 0.5, 0.7),
    help: 'Largest share of the words that one immediately repeated phrase accounts for.',
    of: ({ text }, { words }) => text === '' ? null : repeatRatio(words),
  },
  hearings: {
    family: 'output', unit: '', binning: categories('0', '1', '2', '3'),
    help: 'Decoding passes per clip: more than one after a doubtful transcript.',
    of: ({ decodingPasses, segments }) => String(Math.round(decodingPasses / Math.max(1, segments.length))),
  },
  language: {
    family: 'output', unit: '', binning: categories(
      'en', 'de', 'es', 'fr', 'it', 'pt', 'nl', 'pl', 'ru', 'zh', 'ja', 'ko',
    ),
    help: 'Language, requested or detected.',
    of: ({ language }) => language,
  },
  decoder_stop: {
    family: 'output', unit: '', binning: categories(...STOPS),
    help: 'Why decoding ended; the worst case of the upload.',
    of: worstStop,
  },
} as const satisfies Record<string, DriftFeature>

export type FeatureName = keyof typeof FEATURES
export const FEATURE_NAMES = Object.keys(FEATURES) as readonly FeatureName[]

/** One clip as numbers and categories, in the order of FEATURE_NAMES; it contains no text and no audio. */
export type FeatureRow = readonly FeatureValue[]

/** Values that cannot be measured are null, and so are NaN and infinities, which would spoil any sum. */
export function featureRow(report: Report): FeatureRow {
  const facts = factsOf(report)
  return FEATURE_NAMES.map((name) => {
    const value = (FEATURES[name]).of(report, facts)
    return typeof value === 'number' && !Number.isFinite(value) ? null : value
  })
}

/** Longest phrase that is searched for repetitions, in words. */
const LONGEST_PHRASE = 4
const MOST_WORDS = 200

/**
 * The largest share of the words, in [0, 1], that one phrase of up to four words accounts for by being repeated
 * immediately: 1 for "gas gas gas", 0 without repetition. A compression ratio detects long loops only, and queries are
 * short.
 */
export function repeatRatio(words: readonly string[]): number {
  const examined = words.slice(0, MOST_WORDS)
  let most = 0
  for (let length = 1; length <= LONGEST_PHRASE; length++) {
    let run = 0
    for (let index = length; index < examined.length; index++) {
      run = examined[index] === examined[index - length] ? run + 1 : 0
      if (run >= length) most = Math.max(most, run + length)
    }
  }
  return examined.length === 0 ? 0 : most / examined.length
}

function worstStop({ segments }: Report): StopReason | null {
  return segments.reduce<StopReason | null>((worst, { stopped }) => isWorse(stopped, worst) ? stopped : worst, null)
}

function isWorse(stop: StopReason, than: StopReason | null): boolean {
  return than === null || STOPS.indexOf(stop) > STOPS.indexOf(than)
}
