/**
 * What a shift of each feature means, and where to look: an alarm is a sentence before it is a number. A test holds
 * the table against src/monitoring/drift/features.ts.
 */
import { clock, excess, probability, share } from './numbers.js'

/** @import { Comparison, FeatureState, WindowName } from '../../../../monitoring/drift/snapshot.js' */
/**
 * @typedef {{ readonly title: string, readonly look: string, readonly lower?: string, readonly higher?: string }} Meaning
 */

/** Below it, Cliff's delta is called negligible (Romano et al. 2006): the values have spread, not moved. */
const NEGLIGIBLE_DELTA = 0.147

const RECORDING = 'when clients start and stop recording'
const PLACES = 'where people speak, noise suppression in clients'
const VOICES = 'microphones, codecs, who speaks'
const MODEL = 'the inputs first; if they are steady: new words, accents or languages, or a change of the model'
const spectrum = (/** @type {number} */ number) => ({
  title: `MFCC ${number}`,
  lower: 'voices have another colour',
  higher: 'voices have another colour',
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
    lower: 'the highest samples are lower',
    higher: 'the highest samples are higher',
    look: 'gain control in clients; with clipping, distortion',
  },
  clip_ratio: {
    title: 'Clipping',
    lower: 'fewer samples are cut off',
    higher: 'more samples are cut off',
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
    lower: 'recordings end sooner after the last word, or in it',
    higher: 'recordings go on longer after the last word',
    look: RECORDING,
  },
  speech_ratio: {
    title: 'Speech ratio',
    lower: 'less of an upload is speech',
    higher: 'more of an upload is speech',
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
    lower: 'there is less below 250 Hz',
    higher: 'there is more below 250 Hz',
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
    look: 'who speaks, and what; resampling at a wrong rate',
  },
  dc_offset: {
    title: 'DC offset',
    lower: 'samples lie closer around zero',
    higher: 'samples lie off zero',
    look: 'sound cards and recorders',
  },
  sample_rate: { title: 'Sample rate', look: 'which clients and recorders are in use' },
  codec: { title: 'Codec', look: 'which clients and recorders are in use' },
  mixing: { title: 'Mixing', look: 'clients that send several channels, or a dead one' },
  confidence: {
    title: 'Confidence',
    lower: 'the model is less sure of its words',
    higher: 'the model is surer of its words',
    look: MODEL,
  },
  lowest_token_probability: {
    title: 'Lowest token probability',
    lower: 'the model doubts single words more',
    higher: 'the model doubts single words less',
    look: MODEL,
  },
  tokens_per_second: {
    title: 'Tokens a second',
    lower: 'there are fewer tokens for the same speech',
    higher: 'there are more tokens for the same speech',
    look: 'loops of the decoder, rare words, another language',
  },
  words_per_second: {
    title: 'Words a second',
    lower: 'there are fewer words for the same speech',
    higher: 'there are more words for the same speech',
    look: 'who speaks, words that are left out, loops of the decoder',
  },
  transcript_words: {
    title: 'Words of a transcript',
    lower: 'transcripts have become shorter',
    higher: 'transcripts have become longer',
    look: 'what people ask for, recordings that end too soon',
  },
  empty: { title: 'Empty transcripts', look: 'silent microphones, noise, recordings that start too late' },
  repeat_ratio: {
    title: 'Repetition',
    lower: 'transcripts repeat themselves less',
    higher: 'transcripts repeat themselves more',
    look: 'loops of the decoder: noise, music, another language',
  },
  hearings: { title: 'Decoding passes', look: MODEL },
  language: { title: 'Language', look: 'what people speak, or what clients say that they do' },
  decoder_stop: { title: 'End of decoding', look: 'loops of the decoder: noise, music, another language' },
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
 * The window in which it is seen best.
 * @param {FeatureState} feature
 * @returns {{ window: WindowName, comparison: Comparison } | null}
 */
export function strongest({ windows: { fast, slow } }) {
  if (fast !== null && (slow === null || fast.excess >= slow.excess)) return { window: 'fast', comparison: fast }
  return slow === null ? null : { window: 'slow', comparison: slow }
}

/** What has happened, how sure that is, and where to look. @param {FeatureState} feature */
export function alarmInWords(feature) {
  const seen = strongest(feature)
  const meaning = meaningOf(feature)
  const since = feature.alarmSince === null ? '' : `since ${clock(feature.alarmSince)}`
  if (seen === null)
    return { headline: `${meaning.title} differs from the baseline`, evidence: since, look: meaning.look }
  const { window, comparison } = seen
  const evidence = [
    `excess PSI ${excess(comparison.excess)} in the ${window} window`,
    `p ${probability(comparison.pValue)}`,
    since,
  ]
  return {
    headline: headline(feature, comparison),
    evidence: evidence.filter((text) => text !== '').join(', '),
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
  const changes = shares.map((now, index) => ({ bin: bins[index], now, before: baseline[index] ?? 0 }))
  const [most] = changes.sort((a, b) => Math.abs(b.now - b.before) - Math.abs(a.now - a.before))
  if (most === undefined) return ''
  return `${most.bin}${unit === '' ? '' : ` ${unit}`} is ${share(most.now)} of clips, ${share(most.before)} in the baseline`
}
