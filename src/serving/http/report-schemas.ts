/** The report of a recognized clip as clients get it, as TypeBox: serialized and published from the same lines. */
import { Type } from 'typebox'
import { MIXINGS } from '../../domain/audio.js'
import { NO_SPEECH_REASONS, STAGES, WARNINGS } from '../../domain/report.js'
import { CEPSTRA } from '../../domain/timbre.js'
import { CASCADE_REASONS } from '../../domain/transcript.js'
import { listed, nullable, oneOf } from './schemas.js'

const number = (description: string) => Type.Number({ description })
const whole = (description: string) => Type.Integer({ description })
const text = (description: string) => Type.String({ description })
const numberOrNull = (description: string) => nullable(Type.Number(), description)
const UNIT_INTERVAL = { minimum: 0, maximum: 1 }
const shareOrNull = (description: string) => nullable(Type.Number(UNIT_INTERVAL), description)

export const WordSchema = Type.Object({
  text: text('With the punctuation marks next to it.'),
  startSeconds: Type.Number(),
  endSeconds: Type.Number(),
  confidence: Type.Number({ ...UNIT_INTERVAL, description: 'exp(mean log-probability) of its tokens.' }),
  logProbability: number('Natural logarithm, of the whole word.'),
  correctness: shareOrNull(
    'Probability that the word was said, calibrated; null without a calibration of the model for words.'),
})

export const TokenSchema = Type.Object({
  token: text('Its bytes as text; a part of a character is U+FFFD.'),
  logProbability: number('Natural logarithm, without biasing.'),
  bytes: listed(Type.Integer({ minimum: 0, maximum: 255 }), 'As the vocabulary has them, UTF-8.'),
})

export const SegmentSchema = Type.Object({
  startSeconds: Type.Number(),
  endSeconds: Type.Number(),
  text: Type.String(),
  words: Type.Union([listed(WordSchema), Type.Null()], {
    description: 'In the order of time; null unless `words` was requested.',
  }),
  confidence: Type.Number(UNIT_INTERVAL),
  meanLogProbability: number('Natural logarithm, per token.'),
  tokens: listed(Type.Integer()),
  tokenLogProbabilities: Type.Union([listed(TokenSchema), Type.Null()], {
    description: 'Of the tokens with text, as the model wrote them; null unless `tokenLogProbabilities` was requested.',
  }),
  stopped: oneOf(['end_of_text', 'token_limit', 'repetition'], 'Why decoding ended.'),
  agreement: Type.Number({
    ...UNIT_INTERVAL,
    description: 'Share of the decoding passes of the clip that produced these words; 1 after a single pass.',
  }),
  model: text('The model whose transcript it is.'),
  cascade: nullable(oneOf(CASCADE_REASONS, ''),
    `Why the clip was escalated to the larger model, or why not: ${CASCADE_REASONS.join(', ')}; null without a `
    + 'cascade.'),
  jointLogProbability: numberOrNull(
    'Natural logarithm: the weighted mean of what both models of a cascade give to the text. Null where only one '
    + 'judged it.'),
})

export const CascadeSchema = Type.Object({
  model: text('The larger model.'),
  escalations: whole('Clips that the larger model decoded.'),
  disagreements: whole('Of these, on how many both models found different words.'),
  asked: Type.Integer({ deprecated: true, description: 'Old name of `escalations`.' }),
  reasons: listed(oneOf(CASCADE_REASONS, 'Why or why not.'), 'One for each clip of the upload.'),
  seconds: number('Spent in it; part of the stages.'),
})

export const AlternativeSchema = Type.Object({
  text: Type.String(),
  confidence: Type.Number(UNIT_INTERVAL),
  posterior: shareOrNull(
    'Probability that this alternative is right, calibrated; all together at most 1. Null without a calibration of '
    + 'the model.'),
  share: shareOrNull('Old name of `posterior`.'),
  logProbability: number('Natural logarithm, of the whole alternative.'),
  phrases: listed(Type.String(), 'Ids of the entries, or the phrases, that it contains.'),
})

export const TimbreSchema = Type.Object({
  lowFrequencyDb: numberOrNull('Power from 30 to 250 Hz over that of the whole spectrum; null for digital silence.'),
  centroidHz: numberOrNull('Mean spectral centroid during speech.'),
  flatnessDb: numberOrNull('Mean spectral flatness (300 to 4000 Hz) during speech; 0 for white noise.'),
  cepstrum: Type.Union([listed(Type.Number(), undefined, { minItems: CEPSTRA, maxItems: CEPSTRA }), Type.Null()], {
    description: `Mean mel-frequency cepstral coefficients 1 to ${CEPSTRA} during speech.`,
  }),
  syllablesPerSecond: numberOrNull('Peaks of the loudness curve per second of speech.'),
}, { description: 'The average sound of the voice, whatever its level; null without speech.' })

export const InputSchema = Type.Object({
  container: text('Detected by the leading bytes; `none` for samples without one.'),
  codec: text('Encoding of the samples.'),
  sampleRate: whole('Hz, as decoded.'),
  channels: whole('Of the upload.'),
  mixing: oneOf(MIXINGS,
    'How they became one: there was one; their mean; the loudest, since they cancelled out in the mean; at each moment '
    + 'the one with the clearest speech; the requested one.'),
  truncated: Type.Boolean({ description: 'The upload ends early, or declares more than could be decoded.' }),
  loudnessLufs: numberOrNull('Integrated loudness (ITU-R BS.1770-4); null for digital silence.'),
  peakDbfs: numberOrNull('Highest sample.'),
  rmsDbfs: numberOrNull('Mean power.'),
  clippedRatio: number('Share of clipped samples.'),
  dcOffset: number('Mean sample; full scale is 1.'),
  snrDb: numberOrNull(
    'Signal-to-noise ratio: power of the voice over that of the pauses, above 100 Hz, dB; null without speech or '
    + 'without pauses.'),
  noiseFloorDbfs: numberOrNull('Power of the pauses above 100 Hz; null when there are none, or they are padding.'),
  speechRatio: Type.Number({ ...UNIT_INTERVAL, description: 'Share of the upload that is speech.' }),
  leadingSilenceSeconds: number('Before the first speech; the whole length without speech.'),
  trailingSilenceSeconds: number('After the last speech; 0 without speech.'),
  bandwidthHz: numberOrNull(
    'Highest frequency less than 50 dB below the peak of the mean spectrum, at most 8 kHz and half the sample rate; '
    + 'null for digital silence.'),
  timbre: TimbreSchema,
  audioSeconds: number('Length as uploaded.'),
  speechSeconds: number('Length given to the model.'),
  trimmedLeadingSeconds: number('Trimmed from the start before recognition.'),
  trimmedTrailingSeconds: number('Trimmed from the end before recognition.'),
}, { description: 'The upload as measured before normalization.' })

const ScoredPhrase = {
  phrase: text('Id of the entry, or the phrase.'),
  logProbability: number('That the clip says it and nothing else, natural logarithm.'),
}

export const PhraseScoreSchema = Type.Object({
  ...ScoredPhrase,
  probability: Type.Number({
    ...UNIT_INTERVAL, description: 'That the clip says it and nothing else, calibrated.',
  }),
  logLikelihoodRatio: number('The same less that of the likeliest transcript that is not among the phrase hints.'),
})

/** In the order in which people read them: the text first, what belongs to programs last. */
export const ReportReply = Type.Object({
  text: Type.String(),
  confidence: shareOrNull('exp(mean token log-probability); null when there is no text.'),
  lowestTokenProbability: shareOrNull('Probability of the least probable token; null when there is no text.'),
  correctness: shareOrNull(
    'Probability that the text is right, word for word, calibrated; null without a calibration of the model, or '
    + 'without text.'),
  language: Type.String(),
  model: Type.String(),
  noSpeechReason: nullable(oneOf(NO_SPEECH_REASONS, ''), `Why there is no text: ${NO_SPEECH_REASONS.join(', ')}.`),
  warnings: listed(oneOf(WARNINGS, 'Something a client may want to show to its user.')),
  alternatives: listed(AlternativeSchema,
    'The n-best list of the whole upload, best first; the first is `text`. Empty unless `nBest` requests it.'),
  segments: listed(SegmentSchema),
  unbiasedText: nullable(text('The text without the catalogue or the phrases.'),
    'Null where biasing changed nothing.'),
  changedByBiasing: Type.Boolean({ description: 'The catalogue or the phrases changed the text.' }),
  steered: Type.Boolean({ deprecated: true, description: 'Old name of `changedByBiasing`.' }),
  phraseScores: listed(PhraseScoreSchema, 'How well the clip fits each phrase, best first.'),
  evidence: listed(Type.Object({
    ...ScoredPhrase,
    margin: number('Old name of `logLikelihoodRatio`.'),
  }), 'Old name of `phraseScores`.', { deprecated: true }),
  decodingPasses: whole(
    'Decodes of all clips: 0 when the model was not run, more than one for a clip whose first transcript was '
    + 'doubtful.'),
  hearings: Type.Integer({ deprecated: true, description: 'Old name of `decodingPasses`.' }),
  cascade: Type.Union([CascadeSchema, Type.Null()], {
    description: 'Whether clips were escalated to a larger model; null without a cascade.',
  }),
  input: InputSchema,
  seconds: Type.Object(Object.fromEntries(STAGES.map((stage) => [stage, Type.Optional(Type.Number())])), {
    description: 'Seconds spent in each stage.',
  }),
  requestId: Type.String(),
  feedbackToken: text('For POST /v1/feedback and POST /v1/labels.'),
}, { description: 'What was recognized, and how.' })
