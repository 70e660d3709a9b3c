/**
 * POST /v1/audio/transcriptions, compatible with OpenAI's.
 *
 * Unsupported parameters are never ignored silently: streaming is refused, and parameters without effect are named in
 * the response header `earshot-ignored-parameters`. The feedback token is a header too, since not every format has a
 * field for it.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { SpeechError } from '../../../domain/errors.js'
import type { ChannelChoice } from '../../../domain/audio.js'
import { NUMBER_FORMATS, REQUEST_DEFAULTS, TEXT_FORMATS, type RecognitionRequest } from '../../../domain/request.js'
import type { AppDependencies } from '../dependencies.js'
import { promptHeader, readFormPhrases, type FormPhrases } from './form-phrases.js'
import { MAX_LANGUAGE_CHARACTERS, MAX_LANGUAGES } from './languages.js'
import { readPhraseHints } from './phrase-hints.js'
import { itemsOf, parseForm, valuesOf, type Form } from './multipart.js'
import {
  formatReport, isByPhrase, RESPONSE_FORMATS, type AnswerShape, type Granularity, type ResponseFormat,
} from './openai-formats.js'
import { admitAudio, readChannel, readUpload, recognize, type RecognitionInput } from './recognition.js'
import { OPENAI_ANSWERS } from './openai-answers.js'
import { OpenAiForm } from '../schemas.js'

/** Parameters that have an effect. */
const SUPPORTED = new Set([
  'file', 'model', 'language', 'languages[]', 'languages', 'channel', 'prompt', 'keywords[]', 'keywords', 'phrases[]',
  'phrases', 'response_format', 'timestamp_granularities[]', 'timestamp_granularities', 'stream', 'include[]',
  'include', 'format', 'numbers',
])
const MAX_IGNORED_NAMES = 20
const GRANULARITIES = 'timestamp_granularities'

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
    if (!/^multipart\/form-data\b/i.test(contentType)) {
      const given = contentType.slice(0, 100)
      throw new SpeechError('REQUEST_INVALID', `the body must be multipart/form-data, not "${given}"`)
    }
    const form = await parseForm(await readUpload(request, reply, dependencies), contentType)
    const options = readOptions(form)
    if (form.file === undefined) {
      throw new SpeechError('AUDIO_MISSING', 'the form has no part named "file"', { parameter: 'file' })
    }
    const { model, languages, channel, words, tokenLogProbabilities, spelling, phrases } = options
    const hints = readPhraseHints({ phrases: phrases.used }, dependencies.catalogues, reply)
    const report = await recognize({
      audio: form.file, model, ...languages, channel, words, tokenLogProbabilities, ...spelling,
      phrases: hints?.phrases,
    }, request, reply, dependencies)
    const feedbackToken = dependencies.feedback.answered(report, request.id)
    const { contentType: answerType, body } = formatReport(report, options, feedbackToken)
    void reply.header('earshot-feedback-token', feedbackToken)
    const readAs = promptHeader(phrases)
    if (readAs !== undefined) void reply.header('earshot-prompt', readAs)
    const ignored = ignoredParameters(form, phrases)
    if (ignored !== '') void reply.header('earshot-ignored-parameters', ignored)
    return reply.type(answerType).send(body)
  })
}

interface FormOptions extends AnswerShape {
  readonly model: string
  readonly languages: Pick<RecognitionRequest, 'language' | 'languages'>
  readonly channel: ChannelChoice
  readonly words: RecognitionInput['words']
  readonly phrases: FormPhrases
  readonly spelling: Pick<RecognitionRequest, 'format' | 'numbers'>
}

function readOptions(form: Form): FormOptions {
  const only = (name: string): string | undefined => {
    const values = form.fields.get(name)
    if (values !== undefined && values.length > 1) throw invalid(name, 'is given more than once')
    return values?.[0]
  }
  const model = only('model')
  if (model === undefined || model === '') throw invalid('model', 'is missing')
  const format = oneOfNames('response_format', only('response_format'), RESPONSE_FORMATS) ?? 'json'
  checkTemperature(only('temperature'))
  checkStream(form)
  const granularities = readGranularities(form, format)
  const words = granularities.includes('word') ? { requiredBy: GRANULARITIES }
    : isByPhrase(format) ? 'preferred' : undefined
  const languages = { language: only('language'), languages: readLanguages(form) }
  return {
    model, languages, channel: readChannel(only('channel')), format, granularities, words,
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
  parameter: string, given: string | undefined, names: readonly N[],
): N | undefined {
  if (given === undefined) return undefined
  const found = names.find((name) => name === given)
  if (found === undefined) throw invalid(parameter, `must be one of ${names.join(', ')}, not "${given.slice(0, 40)}"`)
  return found
}

function checkTemperature(value: string | undefined): void {
  if (value === undefined) return
  const temperature = value.trim() === '' ? NaN : Number(value)
  if (temperature >= 0 && temperature <= 1) return
  throw invalid('temperature', `must be a number from 0 to 1, not "${value.slice(0, 40)}"`)
}

/** None means segments, as with OpenAI. */
function readGranularities(form: Form, format: ResponseFormat): readonly Granularity[] {
  const given = valuesOf(form, GRANULARITIES)
  const wrong = given.find((one) => one !== 'segment' && one !== 'word')
  if (wrong !== undefined) throw invalid(GRANULARITIES, `must be "segment" or "word", not "${wrong.slice(0, 40)}"`)
  if (given.length > 0 && format !== 'verbose_json') throw invalid(GRANULARITIES, 'needs response_format verbose_json')
  return given.length === 0 ? ['segment'] : given as Granularity[]
}

function readLanguages(form: Form): readonly string[] {
  const given = itemsOf(form, 'languages').map((tag) => tag.trim())
  if (given.length > MAX_LANGUAGES) throw invalid('languages', `has ${given.length} items, of at most ${MAX_LANGUAGES}`)
  const long = given.some((tag) => tag.length > MAX_LANGUAGE_CHARACTERS)
  if (long) throw invalid('languages', `has an item of more than ${MAX_LANGUAGE_CHARACTERS} characters`)
  return given
}

/** Whether the log-probabilities of tokens are to be included. */
function readInclude(form: Form, format: ResponseFormat): boolean {
  const given = valuesOf(form, 'include')
  const wrong = given.find((one) => one !== 'logprobs')
  if (wrong !== undefined) throw unsupported('include', `only "logprobs" can be included, not "${wrong.slice(0, 40)}"`)
  const isJson = format === 'json' || format === 'verbose_json'
  if (given.length > 0 && !isJson) throw invalid('include', 'needs response_format json or verbose_json')
  return given.length > 0
}

function checkStream(form: Form): void {
  if (valuesOf(form, 'stream').includes('true')) throw unsupported('stream', 'transcripts are not streamed')
}

/** The parameters without effect whose names a header can hold. */
function ignoredParameters(form: Form, { kind }: FormPhrases): string {
  const hasEffect = (name: string): boolean => {
    const value = form.fields.get(name)?.[0]
    if (name === 'prompt') return kind === 'list'
    return name === 'temperature' ? Number(value) === 0 : SUPPORTED.has(name)
  }
  const ignored = [...form.fields.keys()].filter((name) => !hasEffect(name) && /^[\w[\]-]{1,64}$/.test(name))
  return ignored.slice(0, MAX_IGNORED_NAMES).join(', ')
}

function invalid(parameter: string, what: string): SpeechError {
  return new SpeechError('REQUEST_INVALID', `${parameter} ${what}`, { parameter })
}

function unsupported(parameter: string, why: string): SpeechError {
  return new SpeechError('PARAMETER_UNSUPPORTED', why, { parameter })
}
