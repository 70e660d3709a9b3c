/**
 * Schemas of requests and answers, as TypeBox: checked, serialized and published as OpenAPI from the same lines. The
 * report has a file of its own (`report-schemas.ts`).
 */
import { Type, type Static, type TSchema } from 'typebox'
import { MAX_PHRASE_CHARACTERS, MAX_PHRASES } from '../../search/catalogue/inline.js'
import { ANSWER_FORMATS } from './transcription/answer-format.js'
import { MAX_LANGUAGE_CHARACTERS, MAX_LANGUAGES } from './transcription/languages.js'
import { ERROR_CODES } from '../../domain/errors.js'
import { ModelCard } from '../../domain/model-card.js'
import { FEEDBACK_EVENTS, LABEL_SOURCES } from '../../monitoring/feedback/events.js'
import { NUMBER_FORMATS, REQUEST_LIMITS, TEXT_FORMATS, type RecognitionRequest } from '../../domain/request.js'

type NumberSchema = ReturnType<typeof Type.Number>
type TextSchema = ReturnType<typeof Type.String>

export const oneOf = (values: readonly string[], description: string): TextSchema =>
  Type.String({ enum: [...values], description })
export const nullable = <T extends NumberSchema | TextSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description })
export const listed = <T extends TSchema>(schema: T, description?: string, options: object = {}) =>
  Type.Immutable(Type.Array(schema, { ...description !== undefined && { description }, ...options }))

/** The media type of bytes whatever they are, as the schemas of bodies have it. */
export const BINARY = 'application/octet-stream'

export const ErrorReply = Type.Object({
  error: Type.Object({
    message: Type.String(),
    type: oneOf(['invalid_request_error', 'rate_limit_error', 'server_error'], 'OpenAI\'s class of the error.'),
    param: nullable(Type.String(), 'The parameter at fault.'),
    code: oneOf(ERROR_CODES, 'Stable name of the error; docs/errors.md lists them.'),
    retryable: Type.Boolean({ description: 'Whether the same request may succeed later.' }),
    requestId: Type.String(),
  }),
})

/** Longest deadline that the service itself may have. */
const MAX_DEADLINE_SECONDS = 3_600

/** A parameter for each option of a request that a client chooses; the type knows when one is missing or unknown. */
const REQUEST_OPTIONS = {
  model: Type.Optional(Type.String({ maxLength: 100, description: 'A served model; the default one when absent.' })),
  language: Type.Optional(Type.String({
    maxLength: MAX_LANGUAGE_CHARACTERS,
    description: 'ISO 639-1 code, BCP 47 tag, or the name of a language in English or in itself; a multilingual model '
      + 'detects it when absent or `auto`.',
  })),
  languages: Type.Optional(Type.Array(Type.String({ maxLength: MAX_LANGUAGE_CHARACTERS }), {
    maxItems: MAX_LANGUAGES,
    description: 'The languages that the speaker may use, one parameter for each: only these are detected.',
  })),
  channel: Type.Optional(Type.String({
    pattern: '^(mix|[1-9][0-9]?)$',
    description: 'A channel of the upload, counted from 1, or `mix` (the default) for all of them.',
  })),
  words: Type.Optional(Type.Boolean({ description: 'Whether to report when each word was said.' })),
  tokenLogProbabilities: Type.Optional(Type.Boolean({
    description: 'Whether to report the log-probability and the bytes of each token.',
  })),
  phrases: Type.Optional(Type.Array(Type.String({ maxLength: MAX_PHRASE_CHARACTERS }), {
    maxItems: MAX_PHRASES,
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
  format: Type.Optional(Type.Enum([...TEXT_FORMATS], {
    description: 'How the text is spelled: `modern` (the default), or `raw` for what the model wrote.',
  })),
  numbers: Type.Optional(Type.Enum([...NUMBER_FORMATS], {
    description: 'How numbers are written: `as_heard` (the default) as the model wrote them, `digits` or `words`; '
      + 'English only.',
  })),
} satisfies Record<Exclude<keyof RecognitionRequest, 'headerless'>, TSchema>

export const RecognitionQuery = Type.Object({
  ...REQUEST_OPTIONS,
  deadlineSeconds: Type.Optional(Type.Number({
    exclusiveMinimum: 0, maximum: MAX_DEADLINE_SECONDS, description: 'Shortens the deadline of the service.',
  })),
  catalogue: Type.Optional(Type.String({
    maxLength: 64, description: 'A catalogue whose names are phrase hints: they are recognized more readily.',
  })),
}, { additionalProperties: false })
export type RecognitionQuery = Static<typeof RecognitionQuery>

export const TranscriptionQuery = Type.Object({
  ...RecognitionQuery.properties,
  format: Type.Optional(Type.Enum([...TEXT_FORMATS, ...ANSWER_FORMATS], {
    description: 'How the text is spelled: `modern` (the default), or `raw` for what the model wrote. Or what the '
      + 'answer is: `json` (the default), or `text` for the transcript alone, as with the header `accept: text/plain`.',
  })),
}, { additionalProperties: false })

const FILE = Type.Any({ description: 'The audio file.', contentMediaType: BINARY })

/** For clients that can only send a form: the options of a query as its fields. */
export const formOf = <T extends Record<string, TSchema>>(options: T) => Type.Object({ file: FILE, ...options })
export const TranscriptionForm = formOf(TranscriptionQuery.properties)

/** OpenAI's form. The descriptions say which values are not supported. */
export const OpenAiForm = Type.Object({
  file: FILE,
  model: Type.Optional(Type.String({
    description: 'A served model, or an alias of the default one, which is used when absent.',
  })),
  language: Type.Optional(RecognitionQuery.properties.language),
  'languages[]': Type.Optional(RecognitionQuery.properties.languages),
  channel: Type.Optional(RecognitionQuery.properties.channel),
  format: Type.Optional(RecognitionQuery.properties.format),
  numbers: Type.Optional(RecognitionQuery.properties.numbers),
  response_format: Type.Optional(oneOf(['json', 'text', 'verbose_json', 'srt', 'vtt'], 'Default: json.')),
  'timestamp_granularities[]': Type.Optional(Type.Array(oneOf(['segment', 'word'], ''), {
    description: 'Only with verbose_json.',
  })),
  temperature: Type.Optional(Type.Number({
    minimum: 0, maximum: 1, description: 'Decoding is greedy, as with 0; another value is ignored.',
  })),
  prompt: Type.Optional(Type.String({
    description: 'A list of phrases ("Glossary: a, b", or short parts between commas, semicolons or lines) biases '
      + 'recognition. Anything else is context, which changes no word. The header `earshot-prompt` says which.',
  })),
  'keywords[]': Type.Optional(Type.Array(Type.String({ maxLength: MAX_PHRASE_CHARACTERS }), {
    description: `Phrases that bias recognition. The first ${MAX_PHRASES} of all phrases are used.`,
  })),
  'phrases[]': Type.Optional(Type.Array(Type.String({ maxLength: MAX_PHRASE_CHARACTERS }), {
    description: 'Ours: the same as keywords[].',
  })),
  'include[]': Type.Optional(Type.Array(oneOf(['logprobs'], ''), {
    description: 'The log-probability and the bytes of each token, as `logprobs`; only with json and verbose_json.',
  })),
  stream: Type.Optional(Type.Boolean({
    description: 'The transcript as server-sent events; only with json and text.',
  })),
})

const TOKEN = Type.String({ maxLength: 2_000, description: 'The token of the answer, unchanged.' })
/** The longest lifetime of a feedback token. */
const MAX_DELAY_MS = 2_592_000_000
/** Far more than a query has; any such text is normalized within some 50 ms. */
const MAX_CHARACTERS = 4_000

export const FeedbackBody = Type.Object({
  token: TOKEN,
  event: Type.Enum([...FEEDBACK_EVENTS], { description: 'What the user did with the transcript.' }),
  delayMs: Type.Optional(Type.Number({
    minimum: 0, maximum: MAX_DELAY_MS,
    description: 'From the answer to what the user did, by the clock of the client. Absent: until now.',
  })),
  text: Type.Optional(Type.String({
    minLength: 1, maxLength: MAX_CHARACTERS, description: 'With `corrected`: the text as the user corrected it.',
  })),
  transcript: Type.Optional(Type.String({
    maxLength: MAX_CHARACTERS, description: 'With `text`: the text of the answer, unchanged.',
  })),
  rank: Type.Optional(Type.Integer({
    minimum: 1, maximum: 1_000, description: 'With `clicked`: which hit, counted from 1.',
  })),
}, { additionalProperties: false })
export type FeedbackBody = Static<typeof FeedbackBody>

export const LabelBody = Type.Object({
  token: TOKEN,
  reference: Type.String({ maxLength: MAX_CHARACTERS, description: 'The reference transcript; empty without speech.' }),
  transcript: Type.String({ maxLength: MAX_CHARACTERS, description: 'The text of the answer, unchanged.' }),
  source: Type.Enum([...LABEL_SOURCES], {
    description: 'Only `random`, a sample drawn without regard to the answer, measures the word error rate.',
  }),
  session: Type.Optional(Type.String({
    minLength: 1, maxLength: 200,
    description: 'An identifier of speaker or device. Used as a digest with a key of this process, in memory only.',
  })),
}, { additionalProperties: false })

export const AcceptedReply = Type.Object({ accepted: Type.Literal(true) }, { description: 'It is counted.' })
export const LabelReply = Type.Object({
  accepted: Type.Literal(true),
  words: Type.Integer({ description: 'Of the reference, normalized.' }),
  errors: Type.Integer({ description: 'Substitutions, deletions and insertions.' }),
}, { description: 'It is counted.' })

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
  languages: Type.Array(Type.String(), {
    description: 'Including those of a larger model that decodes clips in its place.',
  }),
  cascade: nullable(Type.String(),
    'The larger model that decodes clips of which this one is unsure; null without one.'),
  licence: Type.String(),
  precision: Type.String(),
  parameters: Type.Integer(),
  bytes: Type.Integer(),
  digest: Type.String({ description: 'First 12 hexadecimal digits of the SHA-256 over the checksums of its files.' }),
  clipSeconds: Type.Number({ description: 'Longer audio is cut at pauses.' }),
  provider: nullable(Type.String(), 'Execution provider in use; null until a worker has loaded the model.'),
  engine: nullable(Type.String(),
    '`compiled` for this machine, or `reference`: the published graphs; null until a worker has loaded the model.'),
  refusedProviders: Type.Array(Type.Object({ provider: Type.String(), reason: Type.String() }), {
    description: 'Preferred providers that could not be used, and why.',
  }),
}, { description: 'A served model.' })
export type ModelReply = Static<typeof ModelReply>

export const ModelDetailReply = Type.Object({
  ...ModelReply.properties,
  card: Type.Union([ModelCard, Type.Null()], {
    description: 'Its model card, as `npm run model-card` measured it; null for a model without one.',
  }),
}, { description: 'A served model with its model card.' })

export const ModelListReply = Type.Object({ object: Type.Literal('list'), data: Type.Array(ModelReply) }, {
  description: 'The served models, the default one first.',
})
