/**
 * Every feature that is watched for drift, each as one entry: where it comes from in a report, which family it belongs
 * to, and how its values fall into bins. The inputs are measured before anything is normalized or trimmed: what comes
 * after cannot drift, because hiding such differences is its task. docs/metrics.md is held against this table by a test.
 *
 * `quantiles`: ten bins with equally many clips of the baseline each. `edges`: fixed ones, where most values are equal
 * (a share of clipped samples is nearly always 0) or few. `categories`: a closed list; anything else is `other`.
 */
import { CODEC_GROUPS, codecGroup } from '../../domain/codecs.js'
import { MIXINGS } from '../../domain/audio.js'
import type { Report } from '../../domain/report.js'
import type { StopReason } from '../../domain/transcript.js'

/** What came in, and what went out. Each family has its own alarms: if only the second moves, it is not the microphone. */
export const FAMILIES = ['input', 'output'] as const
export type Family = (typeof FAMILIES)[number]

export type Binning =
  | { readonly kind: 'quantiles' }
  | { readonly kind: 'edges'; readonly edges: readonly number[] }
  | { readonly kind: 'categories'; readonly categories: readonly string[] }

/** A number, a category, or null where it cannot be measured: that is counted as `missing`, never as a zero. */
export type FeatureValue = number | string | null

export interface DriftFeature {
  readonly family: Family
  readonly unit: string
  readonly binning: Binning
  readonly help: string
  readonly of: (report: Report) => FeatureValue
}

const QUANTILES: Binning = { kind: 'quantiles' }
const edges = (...values: number[]): Binning => ({ kind: 'edges', edges: values })
const categories = (...names: string[]): Binning => ({ kind: 'categories', categories: names })

/** Stored baselines have no bins for ADPCM and ALAC, which are counted as `other`. */
const CODEC_BINS = CODEC_GROUPS.filter((group) => group !== 'adpcm' && group !== 'alac')
const STOPS: readonly StopReason[] = ['end_of_text', 'token_limit', 'repetition']
const spoken = (report: Report, value: (report: Report) => number | null): number | null => report.input.speechRatio > 0 ? value(report) : null
const cepstral = (index: number): DriftFeature => ({
  family: 'input', unit: 'dB', binning: QUANTILES, help: `Mel-frequency cepstral coefficient ${index + 1}, mean while somebody speaks.`,
  of: ({ input }) => input.timbre.cepstrum?.[index] ?? null,
})

export const FEATURES = {
  loudness: { family: 'input', unit: 'LUFS', binning: QUANTILES, help: 'Integrated loudness (BS.1770).', of: ({ input }) => input.loudnessLufs },
  peak: { family: 'input', unit: 'dBFS', binning: QUANTILES, help: 'Highest sample.', of: ({ input }) => input.peakDbfs },
  clip_ratio: { family: 'input', unit: 'share', binning: edges(1e-9, 1e-4, 1e-3, 1e-2), help: 'Share of clipped samples.', of: ({ input }) => input.clippedRatio },
  noise_floor: { family: 'input', unit: 'dBFS', binning: QUANTILES, help: 'Power of the pauses.', of: ({ input }) => input.noiseFloorDbfs },
  snr: { family: 'input', unit: 'dB', binning: QUANTILES, help: 'Signal-to-noise ratio.', of: ({ input }) => input.snrDb },
  duration: { family: 'input', unit: 's', binning: QUANTILES, help: 'Length of the upload.', of: ({ input }) => input.audioSeconds },
  leading_silence: { family: 'input', unit: 's', binning: QUANTILES, help: 'Before the first speech.', of: (report) => spoken(report, ({ input }) => input.leadingSilenceSeconds) },
  trailing_silence: { family: 'input', unit: 's', binning: QUANTILES, help: 'After the last speech.', of: (report) => spoken(report, ({ input }) => input.trailingSilenceSeconds) },
  speech_ratio: { family: 'input', unit: 'share', binning: QUANTILES, help: 'Share of the upload in which somebody speaks.', of: ({ input }) => input.speechRatio },
  bandwidth: { family: 'input', unit: 'Hz', binning: QUANTILES, help: 'Highest frequency within 50 dB of the peak of the spectrum.', of: ({ input }) => input.bandwidthHz },
  low_frequencies: { family: 'input', unit: 'dB', binning: QUANTILES, help: 'Power from 30 to 250 Hz over that of the whole spectrum.', of: ({ input }) => input.timbre.lowFrequencyDb },
  centroid: { family: 'input', unit: 'Hz', binning: QUANTILES, help: 'Spectral centroid, mean while somebody speaks.', of: ({ input }) => input.timbre.centroidHz },
  flatness: { family: 'input', unit: 'dB', binning: QUANTILES, help: 'Spectral flatness, mean while somebody speaks.', of: ({ input }) => input.timbre.flatnessDb },
  mfcc_1: cepstral(0),
  mfcc_2: cepstral(1),
  mfcc_3: cepstral(2),
  mfcc_4: cepstral(3),
  syllable_rate: { family: 'input', unit: '1/s', binning: QUANTILES, help: 'Peaks of the loudness curve a second of speech.', of: ({ input }) => input.timbre.syllablesPerSecond },
  dc_offset: { family: 'input', unit: 'full scale', binning: edges(1e-3, 1e-2), help: 'Mean sample, without its sign.', of: ({ input }) => Math.abs(input.dcOffset) },
  sample_rate: { family: 'input', unit: 'Hz', binning: categories('8000', '16000', '22050', '24000', '44100', '48000'), help: 'Declared sample rate.', of: ({ input }) => String(input.sampleRate) },
  codec: { family: 'input', unit: '', binning: categories(...CODEC_BINS), help: 'Encoding of the samples.', of: ({ input }) => codecGroup(input.codec) },
  mixing: { family: 'input', unit: '', binning: categories(...MIXINGS), help: 'How several channels became one.', of: ({ input }) => input.mixing },

  confidence: { family: 'output', unit: '', binning: QUANTILES, help: 'exp(mean token log-probability).', of: ({ confidence }) => confidence },
  lowest_token_probability: { family: 'output', unit: '', binning: QUANTILES, help: 'Probability of the token that the decoder doubted most.', of: ({ lowestTokenProbability }) => lowestTokenProbability },
  tokens_per_second: { family: 'output', unit: '1/s', binning: QUANTILES, help: 'Tokens a second of audio given to the model.', of: (report) => perSpeechSecond(report, tokensOf(report)) },
  words_per_second: { family: 'output', unit: '1/s', binning: QUANTILES, help: 'Words a second of audio given to the model.', of: (report) => perSpeechSecond(report, wordsOf(report).length) },
  transcript_words: { family: 'output', unit: 'words', binning: edges(1, 2, 3, 4, 5, 7, 10), help: 'Words of the transcript.', of: (report) => wordsOf(report).length },
  empty: { family: 'output', unit: '', binning: categories('text', 'no_speech', 'nothing_recognized'), help: 'Whether there are words, and why not.', of: ({ text, noSpeechReason }) => text !== '' ? 'text' : noSpeechReason === 'nothing_recognized' ? noSpeechReason : 'no_speech' },
  repeat_ratio: { family: 'output', unit: 'share', binning: edges(0.3, 0.5, 0.7), help: 'Largest share of the words that one repeated phrase makes up.', of: (report) => report.text === '' ? null : repeatRatio(wordsOf(report)) },
  hearings: { family: 'output', unit: '', binning: categories('0', '1', '2', '3'), help: 'Decodes for each clip: more than one where the model was in doubt.', of: ({ decodingPasses: hearings, segments }) => String(Math.round(hearings / Math.max(1, segments.length))) },
  language: { family: 'output', unit: '', binning: categories('en', 'de', 'es', 'fr', 'it', 'pt', 'nl', 'pl', 'ru', 'zh', 'ja', 'ko'), help: 'Language told or detected.', of: ({ language }) => language },
  decoder_stop: { family: 'output', unit: '', binning: categories(...STOPS), help: 'Why decoding ended, the worst of the upload.', of: worstStop },
} as const satisfies Record<string, DriftFeature>

export type FeatureName = keyof typeof FEATURES
export const FEATURE_NAMES = Object.keys(FEATURES) as readonly FeatureName[]

/** One clip as numbers and categories: no word, no sample. In the order of FEATURE_NAMES. */
export type FeatureRow = readonly FeatureValue[]

/** What a feature cannot be measured on is null; so is a NaN or an infinity, which would poison any sum. */
export function featureRow(report: Report): FeatureRow {
  return FEATURE_NAMES.map((name) => {
    const value = (FEATURES[name] as DriftFeature).of(report)
    return typeof value === 'number' && !Number.isFinite(value) ? null : value
  })
}

function wordsOf({ text }: Report): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? []
}

function tokensOf({ segments }: Report): number {
  return segments.reduce((sum, { tokens }) => sum + tokens.length, 0)
}

/** Null where nothing was said: an upload without words is counted by `empty`. */
function perSpeechSecond({ text, input }: Report, count: number): number | null {
  return text === '' || input.speechSeconds === 0 ? null : count / input.speechSeconds
}

/** Longest phrase that is looked for, in words. */
const LONGEST_PHRASE = 4
const MOST_WORDS = 200

/**
 * The largest share of the words that one phrase of up to four makes up by being said again at once: "gas gas gas" is
 * 1, a phrase said once 0. A compression ratio sees only long loops, and a query is short.
 */
export function repeatRatio(words: readonly string[]): number {
  const looked = words.slice(0, MOST_WORDS)
  let most = 0
  for (let length = 1; length <= LONGEST_PHRASE; length++) {
    let run = 0
    for (let index = length; index < looked.length; index++) {
      run = looked[index] === looked[index - length] ? run + 1 : 0
      if (run >= length) most = Math.max(most, run + length)
    }
  }
  return looked.length === 0 ? 0 : most / looked.length
}

function worstStop({ segments }: Report): StopReason | null {
  return segments.length === 0 ? null : segments.map(({ stopped }) => stopped).reduce((worst, stop) => STOPS.indexOf(stop) > STOPS.indexOf(worst) ? stop : worst)
}
