/**
 * The part that all routes with audio share: a request is admitted, read, checked, recognized and counted.
 *
 * A request is counted in exactly one of two places: here when it succeeds, in this scope's error handler when it
 * fails. So an upload that is refused before its body is counted too, and none is counted twice.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { checkLength, headerlessFormat, probeAudio } from '../../../audio/decode.js'
import { fromWire, SpeechError } from '../../../domain/errors.js'
import type { PhraseList } from '../../../domain/phrases.js'
import type { ChannelChoice } from '../../../domain/audio.js'
import type { Report } from '../../../domain/report.js'
import { REQUEST_DEFAULTS, type RecognitionRequest } from '../../../domain/request.js'
import type { AppDependencies, ServedModel } from '../dependencies.js'
import { rounded } from '../answers.js'
import { asSpeechError, replyWithError } from '../replies.js'
import { handOverClip } from '../collection/hand-over.js'
import { sessionOf } from '../collection/session.js'
import { whenClosed } from '../connections/when-closed.js'
import { shown, wrongValue } from '../parameters/values.js'
import { chooseLanguages, languagesHeader } from './languages.js'
import { refuseText } from './wrong-bodies.js'

/** What is known of a request so far; its end is counted with this. */
export interface RequestProgress {
  model: string | undefined
  receiveSeconds: number
  /** When the last byte arrived, or the request began; milliseconds on the monotonic clock. */
  receivedAt: number
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null for a request that was refused before `admitAudio` saw it. */
    progress: RequestProgress | null
  }
}

/** The options of a request as a route reads them; those that are absent have their defaults. */
type ReadOptions = Omit<RecognitionRequest, 'model' | 'headerless' | 'words' | 'phrases'>
export interface RecognitionInput extends Partial<ReadOptions> {
  /** The default model when undefined. */
  readonly model?: string | undefined
  readonly audio: Uint8Array
  /** Of the body, where it may describe samples without a container. */
  readonly mediaType?: string | undefined
  /** Whether the audio was the part of a form. */
  readonly inForm?: boolean
  readonly deadlineSeconds?: number
  /** Word times where the model can give them, or required by a parameter; undefined: none. */
  readonly words?: 'preferred' | { readonly requiredBy: string } | undefined
  /** Makes the phrase hints: a published list by its id, or one of the request's own. */
  readonly phrases?: (() => Promise<string | PhraseList>) | undefined
}

/** Prepares a scope of routes that take audio: admits requests before the body, and counts every error. */
export function admitAudio(scope: FastifyInstance, { uploads, pool, telemetry }: AppDependencies): void {
  scope.decorateRequest('progress', null)
  scope.addHook('onRequest', async (request, reply) => {
    request.progress = { model: undefined, receiveSeconds: 0, receivedAt: performance.now() }
    uploads.admit(request, reply, () => pool.refusal(request.client))
  })
  scope.setErrorHandler((thrown, request, reply) => {
    const error = asSpeechError(thrown)
    const { model, receivedAt = performance.now() } = request.progress ?? {}
    telemetry.failed(error.code, { model, keyName: request.keyName, secondsSinceUpload: secondsSince(receivedAt) })
    return replyWithError(error, request, reply)
  })
}

/** The memory of the body is released when the connection is done with the answer. */
export async function readUpload(
  request: FastifyRequest, reply: FastifyReply, { uploads }: AppDependencies,
): Promise<Buffer> {
  const { body, receiveSeconds } = await uploads.receive(request, reply)
  Object.assign(progressOf(request), { receiveSeconds, receivedAt: performance.now() })
  return body
}

/** Only for requests that `admitAudio` has let in. */
function progressOf({ progress }: FastifyRequest): RequestProgress {
  if (progress === null) throw new Error('this request was not admitted')
  return progress
}

export async function recognize(
  input: RecognitionInput, request: FastifyRequest, reply: FastifyReply, dependencies: AppDependencies,
): Promise<Report> {
  const { config, pool, telemetry, drift, uploads } = dependencies
  const { audio, mediaType = '', inForm = false, words, phrases: makePhrases, ...options } = input
  checkSpelling(options)
  const model = findModel(options.model, dependencies)
  const progress = progressOf(request)
  progress.model = model.name
  if (typeof words === 'object') requireWordTimes(model, words.requiredBy, dependencies)
  const headerless = headerlessFormat(audio, mediaType)
  if (headerless === undefined) refuseText(audio, mediaType, inForm)
  const probe = probeAudio(audio, { headerless, disabledCodecs: config.disabledCodecs })
  checkLength(probe, config.maxAudioSeconds)
  const audioSeconds = Math.min(probe.seconds, config.maxAudioSeconds) // an estimate may be anything
  const languages = chooseLanguages(options, model)
  if ((options.languages ?? []).length > 0) void reply.header('earshot-languages', languagesHeader(languages))
  const deadlineSeconds = Math.min(config.deadlineSeconds, options.deadlineSeconds ?? Infinity)
  const answer = await notingRefusal(request, audio.byteLength, uploads, async () => {
    const phrases = makePhrases && await phrasesUnlessRefused(makePhrases, request.client, pool)
    const remainingSeconds = deadlineSeconds - secondsSince(progress.receivedAt)
    if (remainingSeconds <= 0) throw new SpeechError('DEADLINE_PASSED')
    const { outcome, workSeconds, elapsedSeconds } = await pool.run({
      ...REQUEST_DEFAULTS, ...options, ...languages, model: model.name, headerless, words: words !== undefined, phrases,
      client: request.client, audio, audioSeconds, deadlineSeconds: remainingSeconds,
    }, untilGone(reply))
    telemetry.workerRan(workSeconds, elapsedSeconds)
    if (!outcome.ok) throw fromWire(outcome.error)
    return outcome.report
  })
  const report = { ...answer, seconds: { receive: progress.receiveSeconds, ...answer.seconds } }
  telemetry.recognized(report, {
    model: model.name, keyName: request.keyName, secondsSinceUpload: secondsSince(progress.receivedAt),
    deadlineSeconds, audioBytes: audio.byteLength,
  })
  const session = sessionOf(request)
  drift.observe(report, session)
  handOverClip({ audio, mediaType, session, report }, request, reply, dependencies)
  logReport(report, request, config.logTranscripts)
  return report
}

/** Remembers a client whose body was read and for which the queue was full: it may not retry too early. */
async function notingRefusal<T>(
  { client }: FastifyRequest, bytes: number, uploads: AppDependencies['uploads'], work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (thrown instanceof SpeechError && thrown.code === 'QUEUE_FULL') uploads.rejectedByQueue(client, bytes, thrown)
    throw thrown
  }
}

/**
 * Makes the phrase hints once nothing else would refuse the request: a list of the request's own takes up to a tenth of
 * a second of the server's time. Throws what the pool refuses with, and QUEUE_FULL.
 */
async function phrasesUnlessRefused(
  make: () => Promise<string | PhraseList>, client: string, pool: AppDependencies['pool'],
): Promise<string | PhraseList> {
  const refusal = pool.refusal(client)
  if (refusal !== undefined) throw refusal
  return make()
}

/** Throws REQUEST_INVALID. */
export function readChannel(text: string | undefined): ChannelChoice {
  const given = text?.trim().toLowerCase() ?? 'mix'
  if (given === 'mix') return 'mix'
  if (/^[1-9]\d?$/.test(given)) return Number(given)
  throw wrongValue('channel', '"mix" or the number of a channel, counted from 1 to 99', given, '2')
}

/** Throws REQUEST_INVALID: what the model wrote cannot also be written in another way. */
function checkSpelling({ format, numbers = 'as_heard' }: Pick<RecognitionInput, 'format' | 'numbers'>): void {
  if (format !== 'raw' || numbers === 'as_heard') return
  const detail = `numbers=${numbers} needs format=modern, since raw is what the model wrote`
  throw new SpeechError('REQUEST_INVALID', detail, { parameter: 'numbers' })
}

export function findModel(name: string | undefined, { config, models }: AppDependencies): ServedModel {
  const [standard] = models
  if (standard === undefined) throw new Error('no model is served')
  if (name === undefined) return standard
  const found = models.find((model) => model.name === name)
  if (found) return found
  if (config.modelAliases.includes(name)) return standard
  const served = [...models.map((model) => model.name), ...config.modelAliases].join(', ')
  const detail = `"${shown(name)}"; served models: ${served}; for example model=${standard.name}`
  throw new SpeechError('MODEL_NOT_FOUND', detail, { parameter: 'model' })
}

/**
 * Throws PARAMETER_UNSUPPORTED where a model that may decode the clip runs on its published graphs, which do not
 * return their attention weights.
 */
export function requireWordTimes({ name, cascade }: ServedModel, parameter: string, { pool }: AppDependencies): void {
  const without = pool.models.find((model) => [name, cascade?.model].includes(model.name) && !model.timesWords)
  if (without === undefined) return
  const reason = `${without.name} runs on the engine "${without.engine.engine}", which knows no word times`
  throw new SpeechError('PARAMETER_UNSUPPORTED', reason, { parameter })
}

/** Aborts when the client disconnects before it has its answer. */
function untilGone(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  whenClosed(reply.raw, () => { if (!reply.raw.writableFinished) controller.abort() })
  return controller.signal
}

function secondsSince(milliseconds: number): number {
  return (performance.now() - milliseconds) / 1000
}

/** Logs numbers about the clip, and its text only if the operator turned that on. */
export function logReport(report: Report, request: Pick<FastifyRequest, 'log'>, logTranscripts: boolean): void {
  const { text, confidence, language, model, cascade, noSpeechReason, warnings, seconds, input } = report
  request.log.info(rounded({
    model, language, confidence, noSpeechReason, warnings, seconds, ...(cascade !== null && { cascade }),
    audioSeconds: input.audioSeconds, speechSeconds: input.speechSeconds, codec: input.codec,
    ...(logTranscripts && { text }),
  }) as object, 'recognized')
}
