/**
 * What a shift of each feature means, and where to look for its cause. A test compares the table with
 * src/monitoring/drift/features.ts.
 */
import { clock, excess, probability, share } from './numbers.js'

/** @import { Comparison, FeatureState, WindowName } from '../../../../monitoring/drift/snapshot.js' */
/**
 * @typedef {object} Meaning
 * @property {string} title
 * @property {string} look completes "Look at …"
 * @property {string} [lower] what lower values mean; absent for categories
 * @property {string} [higher] what higher values mean; absent for categories
 */

/** A smaller Cliff's delta is negligible (Romano et al. 2006): the values changed their spread, not their location. */
const NEGLIGIBLE_DELTA = 0.147

const RECORDING = 'when clients start and stop recording'
const PLACES = 'where people speak, noise suppression in clients'
const VOICES = 'microphones, codecs, who speaks'
const MODEL = 'the inputs first; if they are stable, new words, accents or languages, or a change of the model'
const spectrum = (/** @type {number} */ number) => ({
  title: `MFCC ${number}`,
  lower: 'voices have a different timbre',
  higher: 'voices have a different timbre',
  look: VOICES,
})

/** @type {Readonly<Record<string, Meaning>>} */
export const MEANINGS = {
  loudness: {
    title: 'Loudness',
    lower: 'inputs have become quieter',
    higher: 'inputs have become louder',
    look: 'microphones, their distance, gain control in clients',
  },
  peak: {
    title: 'Peak',
    lower: 'the highest sample values are lower',
    higher: 'the highest sample values are higher',
    look: 'gain control in clients; if clipping has increased too, distortion',
  },
  clip_ratio: {
    title: 'Clipping',
    lower: 'fewer samples are clipped',
    higher: 'more samples are clipped',
    look: 'too much gain, at the microphone or in the client',
  },
  noise_floor: {
    title: 'Noise floor',
    lower: 'pauses have become quieter',
    higher: 'pauses have become noisier',
    look: PLACES,
  },
  snr: {
    title: 'Signal-to-noise ratio',
    lower: 'voices stand out less from the noise',
    higher: 'voices stand out more from the noise',
    look: PLACES,
  },
  duration: {
    title: 'Duration',
    lower: 'uploads have become shorter',
    higher: 'uploads have become longer',
    look: RECORDING,
  },
  leading_silence: {
    title: 'Leading silence',
    lower: 'speech begins sooner; first words may be cut off',
    higher: 'speech begins later',
    look: RECORDING,
  },
  trailing_silence: {
    title: 'Trailing silence',
    lower: 'recordings end sooner after the last word, or cut it off',
    higher: 'recordings go on longer after the last word',
    look: RECORDING,
  },
  speech_ratio: {
    title: 'Speech ratio',
    lower: 'a smaller share of an upload is speech',
    higher: 'a larger share of an upload is speech',
    look: RECORDING,
  },
  bandwidth: {
    title: 'Bandwidth',
    lower: 'high frequencies are missing',
    higher: 'inputs reach higher frequencies',
    look: 'codecs, telephone lines, headsets, resampling in clients',
  },
  low_frequencies: {
    title: 'Low frequencies',
    lower: 'there is less power below 250 Hz',
    higher: 'there is more power below 250 Hz',
    look: 'rumble and hum, high-pass filters, microphones close to the mouth',
  },
  centroid: { title: 'Spectral centroid', lower: 'voices sound duller', higher: 'voices sound brighter', look: VOICES },
  flatness: {
    title: 'Spectral flatness',
    lower: 'the sound of speech is more tonal',
    higher: 'the sound of speech is noisier',
    look: PLACES,
  },
  mfcc_1: spectrum(1),
  mfcc_2: spectrum(2),
  mfcc_3: spectrum(3),
  mfcc_4: spectrum(4),
  syllable_rate: {
    title: 'Syllable rate',
    lower: 'people speak more slowly',
    higher: 'people speak faster',
    look: 'who speaks, what they say, resampling at a wrong rate',
  },
  dc_offset: {
    title: 'DC offset',
    lower: 'the mean sample is closer to zero',
    higher: 'the mean sample is further from zero',
    look: 'sound cards and recorders',
  },
  sample_rate: { title: 'Sample rate', look: 'which clients and recorders are in use' },
  codec: { title: 'Codec', look: 'which clients and recorders are in use' },
  mixing: { title: 'Mixing', look: 'clients that send several channels, or a silent channel' },
  confidence: {
    title: 'Confidence',
    lower: 'the model is less sure of its words',
    higher: 'the model is surer of its words',
    look: MODEL,
  },
  lowest_token_probability: {
    title: 'Lowest token probability',
    lower: 'the least probable token has become less probable',
    higher: 'the least probable token has become more probable',
    look: MODEL,
  },
  tokens_per_second: {
    title: 'Tokens per second',
    lower: 'there are fewer tokens for the same speech',
    higher: 'there are more tokens for the same speech',
    look: 'decoder loops, rare words, another language',
  },
  words_per_second: {
    title: 'Words per second',
    lower: 'there are fewer words for the same speech',
    higher: 'there are more words for the same speech',
    look: 'who speaks, omitted words, decoder loops',
  },
  transcript_words: {
    title: 'Words per transcript',
    lower: 'transcripts have become shorter',
    higher: 'transcripts have become longer',
    look: 'what people ask for, recordings that end too soon',
  },
  empty: { title: 'Empty transcripts', look: 'silent microphones, noise, recordings that start too late' },
  repeat_ratio: {
    title: 'Repetition',
    lower: 'transcripts repeat themselves less',
    higher: 'transcripts repeat themselves more',
    look: 'decoder loops: noise, music, another language',
  },
  hearings: { title: 'Decoding passes', look: MODEL },
  language: { title: 'Language', look: 'the language that people speak, or that clients declare' },
  decoder_stop: { title: 'End of decoding', look: 'decoder loops: noise, music, another language' },
}

/** @param {FeatureState} feature @returns {Meaning} */
export function meaningOf({ name }) {
  return MEANINGS[name] ?? { title: name, look: 'the figures below' }
}

/** @param {number | null} delta null for categories @returns {'lower' | 'higher' | 'spread' | 'mix'} */
export function directionOf(delta) {
  if (delta === null) return 'mix'
  if (Math.abs(delta) < NEGLIGIBLE_DELTA) return 'spread'
  return delta < 0 ? 'lower' : 'higher'
}

/** Shares of the clips on which the feature could be measured. @param {Comparison} comparison */
export function sharesOf({ counts }) {
  const measured = counts.reduce((sum, value) => sum + value, 0)
  return counts.map((value) => measured === 0 ? 0 : value / measured)
}

/**
 * The window with the larger excess; null if both have too few clips.
 * @param {FeatureState} feature
 * @returns {{ window: WindowName, comparison: Comparison } | null}
 */
export function strongest({ windows: { fast, slow } }) {
  if (fast !== null && (slow === null || fast.excess >= slow.excess)) return { window: 'fast', comparison: fast }
  return slow === null ? null : { window: 'slow', comparison: slow }
}

/** What has changed, the statistics, and where to look for the cause. @param {FeatureState} feature */
export function alarmInWords(feature) {
  const shift = strongest(feature)
  const meaning = meaningOf(feature)
  const since = feature.alarmSince === null ? '' : `since ${clock(feature.alarmSince)}`
  if (shift === null)
    return { headline: `${meaning.title} differs from the baseline`, figures: since, look: meaning.look }
  const { window, comparison } = shift
  const figures = [
    `excess PSI ${excess(comparison.excess)} in the ${window} window`,
    `p ${probability(comparison.pValue)}`,
    since,
  ]
  return {
    headline: headline(feature, comparison),
    figures: figures.filter((text) => text !== '').join(', '),
    look: meaning.look,
  }
}

/** @param {FeatureState} feature @param {Comparison} comparison */
function headline(feature, comparison) {
  const { title, lower, higher } = meaningOf(feature)
  const direction = directionOf(comparison.delta)
  if (direction === 'lower') return `${title} is lower than the baseline: ${lower ?? 'values have fallen'}`
  if (direction === 'higher') return `${title} is higher than the baseline: ${higher ?? 'values have risen'}`
  return direction === 'mix'
    ? `${title}: the mixture has changed, ${mostChanged(feature, comparison)}`
    : `${title} is spread differently from the baseline: ${mostChanged(feature, comparison)}`
}

/** "8000 is 62 % of clips, 2 % in the baseline" @param {FeatureState} feature @param {Comparison} comparison */
function mostChanged({ bins, baseline, unit }, comparison) {
  const shares = sharesOf(comparison)
  const changes = shares.map((now, index) => ({ bin: bins[index] ?? '', now, before: baseline[index] ?? 0 }))
  const [most] = changes.sort((a, b) => Math.abs(b.now - b.before) - Math.abs(a.now - a.before))
  if (most === undefined) return ''
  const bin = unit === '' ? most.bin : `${most.bin} ${unit}`
  return `${bin} is ${share(most.now)} of clips, ${share(most.before)} in the baseline`
}
