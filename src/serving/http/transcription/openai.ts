/**
 * POST /v1/audio/transcriptions, compatible with OpenAI's.
 *
 * Unsupported parameters are never ignored silently: streaming and log-probabilities are refused, and parameters
 * without effect are named in the response header `earshot-ignored-parameters`. The feedback token is a header too,
 * since not every format has a field for it.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { SpeechError } from '../../../domain/errors.js'
import type { ChannelChoice } from '../../../domain/audio.js'
import { NUMBER_FORMATS, REQUEST_DEFAULTS, TEXT_FORMATS, type RecognitionRequest } from '../../../domain/request.js'
import type { AppDependencies } from '../dependencies.js'
import { readPhraseHints } from './phrase-hints.js'
import { parseForm, type Form } from './multipart.js'
import {
  formatReport, isByPhrase, RESPONSE_FORMATS, type AnswerShape, type Granularity, type ResponseFormat,
} from './openai-formats.js'
import { promptHeader, readPrompt, type PromptReading } from './prompt.js'
import { admitAudio, readChannel, readUpload, recognize, type RecognitionInput } from './recognition.js'
import { ErrorReply, OpenAiForm } from '../schemas.js'

/** Parameters that have an effect. */
const SUPPORTED = new Set([
  'file', 'model', 'language', 'channel', 'prompt', 'response_format', 'timestamp_granularities[]',
  'timestamp_granularities', 'stream', 'include[]', 'include', 'format', 'numbers',
])
const MAX_IGNORED_NAMES = 20
const GRANULARITIES = 'timestamp_granularities'

export const openAiTranscriptions: FastifyPluginAsyncTypebox<AppDependencies> = async (scope, dependencies) => {
  admitAudio(scope, dependencies)
  scope.post('/v1/audio/transcriptions', {
    config: { access: 'transcribe' },
    schema: {
      summary: 'Transcribe a clip (compatible with OpenAI)',
      description: 'Clients made for OpenAI\'s API work when their base URL points here.',
      tags: ['transcription'],
      consumes: ['multipart/form-data'],
      body: OpenAiForm,
      response: {
        200: Type.String({ description: 'JSON, plain text, SubRip or WebVTT, as requested.' }),
        '4xx': ErrorReply, '5xx': ErrorReply,
      },
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
    const { model, language, channel, words, spelling } = options
    const hints = readPhraseHints({ phrases: options.prompt?.phrases ?? [] }, dependencies.catalogues, reply, 'prompt')
    const input = { audio: form.file, model, language, channel, words, ...spelling, phrases: hints?.phrases }
    const report = await recognize(input, request, reply, dependencies)
    const feedbackToken = dependencies.feedback.answered(report, request.id)
    const { contentType: answerType, body } = formatReport(report, options, feedbackToken)
    void reply.header('earshot-feedback-token', feedbackToken)
    if (options.prompt !== undefined) void reply.header('earshot-prompt', promptHeader(options.prompt))
    const ignored = ignoredParameters(form, options.prompt)
    if (ignored !== '') void reply.header('earshot-ignored-parameters', ignored)
    return reply.type(answerType).send(body)
  })
}

interface FormOptions extends AnswerShape {
  readonly model: string
  readonly language: string | undefined
  readonly channel: ChannelChoice
  readonly words: RecognitionInput['words']
  readonly prompt: PromptReading | undefined
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
  checkUnsupported(form)
  const granularities = readGranularities(form, format)
  const words = granularities.includes('word') ? { requiredBy: GRANULARITIES }
    : isByPhrase(format) ? 'preferred' : undefined
  const prompt = only('prompt')
  return {
    model, language: only('language'), channel: readChannel(only('channel')), format, granularities, words,
    prompt: prompt === undefined ? undefined : readPrompt(prompt),
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

/** Values of a list, which clients name with brackets or without. */
function valuesOf(form: Form, name: string): readonly string[] {
  return [...form.fields.get(`${name}[]`) ?? [], ...form.fields.get(name) ?? []]
}

function checkUnsupported(form: Form): void {
  const unsupported = (parameter: string, why: string): SpeechError =>
    new SpeechError('PARAMETER_UNSUPPORTED', why, { parameter })
  if (valuesOf(form, 'stream').includes('true')) throw unsupported('stream', 'transcripts are not streamed')
  if (valuesOf(form, 'include').length > 0) throw unsupported('include', 'nothing can be included in the answer')
}

/** The parameters without effect whose names a header can hold. */
function ignoredParameters(form: Form, prompt: PromptReading | undefined): string {
  const hasEffect = (name: string): boolean => {
    const value = form.fields.get(name)?.[0]
    if (name === 'prompt') return prompt?.kind === 'list'
    return name === 'temperature' ? Number(value) === 0 : SUPPORTED.has(name)
  }
  const ignored = [...form.fields.keys()].filter((name) => !hasEffect(name) && /^[\w[\]-]{1,64}$/.test(name))
  return ignored.slice(0, MAX_IGNORED_NAMES).join(', ')
}

function invalid(parameter: string, what: string): SpeechError {
  return new SpeechError('REQUEST_INVALID', `${parameter} ${what}`, { parameter })
}
