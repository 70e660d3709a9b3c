/**
 * POST /v1/audio/transcriptions, compatible with OpenAI's.
 *
 * Unsupported parameters are never ignored silently: parameters without effect are named in the response header
 * `earshot-ignored-parameters`. The feedback token is a header too, since not every format has a field for it.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { flagOf } from '../../../domain/flags.js'
import { SpeechError } from '../../../domain/errors.js'
import type { ChannelChoice } from '../../../domain/audio.js'
import { NUMBER_FORMATS, REQUEST_DEFAULTS, TEXT_FORMATS, type RecognitionRequest } from '../../../domain/request.js'
import type { AppDependencies } from '../dependencies.js'
import { promptHeader, readFormPhrases, type FormPhrases } from './form-phrases.js'
import { MAX_LANGUAGE_CHARACTERS, MAX_LANGUAGES } from './languages.js'
import { heldBy, readPhraseHints } from './phrase-hints.js'
import { reportIgnored } from '../parameters/ignored.js'
import { sendEvents } from './event-stream.js'
import { isAbsent, nameAmong, shown, wrongValue } from '../parameters/values.js'
import { notAForm } from './wrong-bodies.js'
import { fileOf, isForm, itemsOf, parseForm, type Form } from './multipart.js'
import {
  eventsOf, formatReport, isByPhrase, RESPONSE_FORMATS, type AnswerShape, type Granularity, type ResponseFormat,
} from './openai-formats.js'
import { admitAudio, readChannel, readUpload, recognize, type RecognitionInput } from './recognition.js'
import { OPENAI_ANSWERS } from './openai-answers.js'
import { OpenAiForm } from '../schemas.js'

/** Parameters that can have an effect. */
const SUPPORTED = new Set([
  'file', 'model', 'language', 'languages', 'channel', 'prompt', 'keywords', 'phrases', 'response_format',
  'timestamp_granularities', 'temperature', 'stream', 'include', 'format', 'numbers',
])
const GRANULARITIES = 'timestamp_granularities'
const GRANULARITY_NAMES = ['segment', 'word'] as const
const LISTS = new Set([GRANULARITIES, 'languages', 'include', 'keywords', 'phrases'])

export const openAiTranscriptions: FastifyPluginAsyncTypebox<AppDependencies> = async (scope, dependencies) => {
  admitAudio(scope, dependencies)
  scope.post('/v1/audio/transcriptions', {
    config: { access: 'transcribe', answers: OPENAI_ANSWERS },
    schema: {
      operationId: 'createTranscription',
      summary: 'Transcribe a clip (compatible with OpenAI)',
      description: 'Clients made for OpenAI\'s API work when their base URL points here.',
      tags: ['transcription'],
      consumes: ['multipart/form-data'],
      body: OpenAiForm,
    },
    validatorCompiler: () => () => true, // the form is read and checked below, its file untouched
  }, async (request, reply) => {
    const contentType = request.headers['content-type'] ?? ''
    if (!isForm(contentType)) throw notAForm(contentType)
    const form = await parseForm(await readUpload(request, reply, dependencies), contentType)
    const options = readOptions(form)
    const audio = fileOf(form)
    const { model, languages, channel, words, tokenLogProbabilities, spelling, phrases } = options
    const hints = readPhraseHints({ phrases: phrases.used }, dependencies.catalogues, heldBy(reply))
    const report = await recognize({
      audio, inForm: true, model, ...languages, channel, words, tokenLogProbabilities, ...spelling,
      phrases: hints?.phrases,
    }, request, reply, dependencies)
    const feedbackToken = dependencies.feedback.answered(report, request.id)
    void reply.header('earshot-feedback-token', feedbackToken)
    const readAs = promptHeader(phrases)
    if (readAs !== undefined) void reply.header('earshot-prompt', readAs)
    reportIgnored(reply, ignoredParameters(form, options))
    if (options.stream) return reply.send(sendEvents(eventsOf(report, options), reply))
    const { contentType: answerType, body } = formatReport(report, options, feedbackToken)
    return reply.type(answerType).send(body)
  })
}

interface FormOptions extends AnswerShape {
  readonly stream: boolean
  readonly model: string | undefined
  readonly languages: Pick<RecognitionRequest, 'language' | 'languages'>
  readonly channel: ChannelChoice
  readonly words: RecognitionInput['words']
  readonly phrases: FormPhrases
  readonly spelling: Pick<RecognitionRequest, 'format' | 'numbers'>
}

/** Values that clients send for "nothing" are those of parameters that are not given. */
function readOptions(form: Form): FormOptions {
  const only = (name: string): string | undefined => {
    const isText = name === 'model' || name === 'prompt'
    const given = form.fields.get(name) ?? []
    const [value, ...others] = given.filter((one) => isText ? one.trim() !== '' : !isAbsent(one))
    if (others.length > 0) throw invalid(name, 'is given more than once')
    return value
  }
  const format = oneOfNames('response_format', only('response_format'), RESPONSE_FORMATS) ?? 'json'
  checkTemperature(only('temperature'))
  const stream = readStream(only('stream'), format)
  const granularities = readGranularities(form, format)
  const words = granularities.includes('word') ? { requiredBy: GRANULARITIES }
    : isByPhrase(format) ? 'preferred' : undefined
  const languages = { language: only('language'), languages: readLanguages(form) }
  return {
    model: only('model')?.trim(), languages, channel: readChannel(only('channel')), format, granularities, words,
    stream,
    tokenLogProbabilities: readInclude(form, format),
    namesLanguages: languages.languages.length > 0,
    phrases: readFormPhrases(form, only('prompt')),
    spelling: {
      format: oneOfNames('format', only('format'), TEXT_FORMATS) ?? REQUEST_DEFAULTS.format,
      numbers: oneOfNames('numbers', only('numbers'), NUMBER_FORMATS) ?? REQUEST_DEFAULTS.numbers,
    },
  }
}

function oneOfNames<N extends string>(
  parameter: string, given: string | undefined, names: readonly [N, ...N[]],
): N | undefined {
  if (given === undefined) return undefined
  const found = nameAmong(given, names)
  if (found === undefined) throw wrongValue(parameter, `one of ${names.join(', ')}`, given, names[0])
  return found
}

function checkTemperature(value: string | undefined): void {
  if (value === undefined) return
  const temperature = Number(value)
  if (!(temperature >= 0 && temperature <= 1)) throw wrongValue('temperature', 'a number from 0 to 1', value, '0')
}

/** Only verbose_json has times; with another format they are ignored. None means segments, as with OpenAI. */
function readGranularities(form: Form, format: ResponseFormat): readonly Granularity[] {
  if (format !== 'verbose_json') return []
  const given = namesOf(form, GRANULARITIES)
  const read = given.map((one) => nameAmong(one, GRANULARITY_NAMES))
  const wrong = read.indexOf(undefined)
  if (wrong !== -1) throw wrongValue(GRANULARITIES, `one of ${GRANULARITY_NAMES.join(', ')}`, given[wrong]!, 'word')
  return given.length === 0 ? ['segment'] : read as Granularity[]
}

function readLanguages(form: Form): readonly string[] {
  const given = namesOf(form, 'languages').map((tag) => tag.trim())
  if (given.length > MAX_LANGUAGES) throw invalid('languages', `has ${given.length} items, of at most ${MAX_LANGUAGES}`)
  const long = given.some((tag) => tag.length > MAX_LANGUAGE_CHARACTERS)
  if (long) throw invalid('languages', `has an item of more than ${MAX_LANGUAGE_CHARACTERS} characters`)
  return given
}

/** Whether the log-probabilities of tokens are to be included. */
function readInclude(form: Form, format: ResponseFormat): boolean {
  const given = namesOf(form, 'include')
  const wrong = given.find((one) => nameAmong(one, ['logprobs']) === undefined)
  if (wrong !== undefined) throw unsupported('include', `only "logprobs" can be included, not "${shown(wrong)}"`)
  const isJson = format === 'json' || format === 'verbose_json'
  if (given.length > 0 && !isJson) throw invalid('include', 'needs response_format=json or verbose_json')
  return given.length > 0
}

/** Items of a list of names, of which none is that of nothing. */
function namesOf(form: Form, name: string): readonly string[] {
  return itemsOf(form, name).filter((item) => !isAbsent(item))
}

/** Events have the text alone, so they are no subtitles and have no times. */
function readStream(value: string | undefined, format: ResponseFormat): boolean {
  const stream = value === undefined ? false : flagOf(value)
  if (stream === undefined) throw wrongValue('stream', 'true or false', value ?? '', 'false')
  if (stream && format !== 'json' && format !== 'text') {
    throw invalid('stream', `needs response_format=json or text, not ${format}`)
  }
  return stream
}

/** The parameters that were given and have no effect. */
function ignoredParameters({ fields }: Form, { format, phrases }: FormOptions): string[] {
  const hasEffect = (name: string, values: readonly string[]): boolean => {
    const plain = name.replace(/\[\]$/, '')
    if (values.every((value) => isAbsent(value)) && SUPPORTED.has(plain)) return true
    if (name === 'prompt') return phrases.kind === 'list'
    if (name === 'temperature') return values.every((value) => isAbsent(value) || Number(value) === 0)
    if (plain === GRANULARITIES) return format === 'verbose_json'
    return SUPPORTED.has(name) || (name !== plain && LISTS.has(plain))
  }
  return [...fields].flatMap(([name, values]) => hasEffect(name, values) ? [] : [name])
}

function invalid(parameter: string, what: string): SpeechError {
  return new SpeechError('REQUEST_INVALID', `${parameter} ${what}`, { parameter })
}

function unsupported(parameter: string, why: string): SpeechError {
  return new SpeechError('PARAMETER_UNSUPPORTED', why, { parameter })
}
