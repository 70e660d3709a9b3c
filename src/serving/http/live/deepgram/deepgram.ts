/**
 * GET /v1/listen: sessions in the protocol of Deepgram's live API over a WebSocket. The query configures a session and
 * is checked before the upgrade; afterwards audio comes as binary messages, and text messages are commands.
 */
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { SpeechError } from '../../../../domain/errors.js'
import type { LiveOutcome } from '../../../../domain/live.js'
import type { AppDependencies } from '../../dependencies.js'
import { asSpeechError } from '../../replies.js'
import {
  errorMessage, lastWordEnd, metadataMessage, resultsMessage, speechStarted, utteranceEnd,
  type Result, type ResultOptions,
} from './messages.js'
import { DeepgramQuery, ignoredParameters, readDeepgram, type DeepgramOptions } from './request.js'
import { CLOSE_CODES, LiveSocket, refusePlain } from '../live-socket.js'
import { DEEPGRAM_PATH } from '../paths.js'
import { ServedSession, type ServedEvent } from '../served-session.js'
import { hold, type Held } from '../session-request.js'
import { UtteranceEnds } from './utterance-ends.js'

export function deepgram(scope: FastifyInstance, dependencies: AppDependencies): void {
  scope.route({
    method: 'GET', url: DEEPGRAM_PATH, config: { access: 'transcribe' },
    schema: { querystring: DeepgramQuery, hide: true },
    // Before the upgrade: refusals are answers of HTTP. The catalogue is held when there is a session.
    preHandler: async (request) => { held(request, dependencies).release() },
    handler: refusePlain,
    wsHandler: (socket, request) => {
      try {
        new DeepgramConnection(socket, request, dependencies, held(request, dependencies))
      } catch (thrown) { // a catalogue that was removed meanwhile
        const error = asSpeechError(thrown)
        socket.send(JSON.stringify(errorMessage(error)))
        socket.close(CLOSE_CODES.failed, error.code)
      }
    },
  })
}

function held(request: FastifyRequest, dependencies: AppDependencies): Held<DeepgramOptions> {
  return hold(request.client, (holder) => readDeepgram(request.query as DeepgramQuery, holder, dependencies))
}

/** Commands that may wait for results; a client that sends more wants to fill the memory. */
const MOST_WAITING = 16

class DeepgramConnection {
  readonly #options: DeepgramOptions
  readonly #results: ResultOptions
  readonly #request: FastifyRequest
  readonly #socket: LiveSocket
  readonly #session: ServedSession
  readonly #utteranceEnds: UtteranceEnds | undefined
  readonly #sha256 = createHash('sha256')
  readonly #created = new Date().toISOString()
  /** `Finalize` messages that came, and those that have their answer. */
  #asked = 0
  #answered = 0
  /** Until the stream is ended. */
  #finishing: Promise<void> | undefined

  constructor(socket: WebSocket, request: FastifyRequest, dependencies: AppDependencies, held: Held<DeepgramOptions>) {
    const { value: options, release } = held
    this.#options = options
    this.#request = request
    this.#results = { requestId: request.id, model: options.request.model, isPunctuated: options.isPunctuated }
    this.#socket = new LiveSocket(socket, dependencies, {
      onMessage: async (data, isBinary) => { this.#receive(data, isBinary) },
      onEnd: (outcome) => {
        this.#session.cancel()
        release()
        ended({ outcome, audioSeconds: this.#session.receivedSeconds })
      },
    })
    const { utteranceEndSeconds: gap } = options
    const ends = gap === undefined ? undefined
      : new UtteranceEnds(gap, (lastWordEnd) => { this.#socket.send(utteranceEnd(lastWordEnd)) })
    this.#utteranceEnds = ends
    const asked = { ...options.request, ...ends && { handled: (until: number) => { ends.handled(until) } } }
    this.#session = new ServedSession(asked, request, dependencies,
      (event) => { this.#tell(event) },
      (fault) => { this.#fail(fault, fault.code === 'SHUTTING_DOWN' ? 'shutdown' : 'failed') })
    const ended = dependencies.sessions.add({ drain: () => this.#drain() }, 'deepgram', request)
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#finishing !== undefined) return
    if (isBinary) return data.length === 0 ? this.#end('closed') : this.#hear(data)
    const type = typeOf(data)
    switch (type) {
      case 'KeepAlive': return // any message keeps the session open
      case 'Finalize': return void this.#finalize()
      case 'CloseStream': return this.#end('closed')
      default: {
        const detail = 'a text message is {"type": "KeepAlive"}, {"type": "Finalize"} or {"type": "CloseStream"}'
        return this.#fail(new SpeechError('REQUEST_INVALID', detail), 'invalid')
      }
    }
  }

  /** Audio waits for nothing: what follows a command has its place in the stream. */
  #hear(audio: Buffer): void {
    this.#sha256.update(audio)
    this.#session.push(audio)
    this.#socket.slowDown(() => this.#session.backlogSeconds)
  }

  async #finalize(): Promise<void> {
    if (this.#asked - this.#answered >= MOST_WAITING) {
      return this.#fail(new SpeechError('REQUEST_INVALID', `${MOST_WAITING} Finalize messages wait`), 'invalid')
    }
    const asked = ++this.#asked
    const at = this.#session.receivedSeconds
    const isDone = await this.#unlessFailed(this.#session.commit())
    // Each has an answer, since clients wait for it.
    if (isDone && this.#answered < asked) {
      this.#answered++
      this.#result({ startSeconds: at, endSeconds: at, report: null, found: null, fromFinalize: true })
    }
  }

  #end(outcome: 'closed' | 'shutdown'): void {
    this.#finishing ??= this.#finish(outcome)
  }

  async #finish(outcome: 'closed' | 'shutdown'): Promise<void> {
    if (!await this.#unlessFailed(this.#session.finish())) return
    this.#socket.send(metadataMessage({
      created: this.#created, durationSeconds: this.#session.receivedSeconds, sha256: this.#sha256.digest('hex'),
      ignored: ignoredParameters(this.#request.raw.url ?? ''),
    }, this.#results))
    this.#socket.close(outcome, outcome === 'closed' ? '' : 'the service is shutting down')
  }

  /** Whether there is somebody to answer: a fault was told when it came, and ended the session. */
  #unlessFailed(work: Promise<void>): Promise<boolean> {
    return work.then(() => this.#socket.isOpen, () => false)
  }

  #tell(event: ServedEvent): void {
    switch (event.kind) {
      case 'speech_started':
        this.#utteranceEnds?.speechStarted()
        if (this.#options.vadEvents) this.#socket.send(speechStarted(event.atSeconds))
        break
      case 'speech_stopped': break // told by the result
      case 'partial': this.#result({ ...event, isFinal: false }); break
      case 'final': {
        const { reason, report, startSeconds } = event
        const isPause = reason === 'pause' || reason === 'complete'
        if (reason === 'committed') this.#answered++
        this.#result({
          ...event, fromFinalize: reason === 'committed',
          speechFinal: reason === 'end_of_stream' || (isPause && this.#options.pauses),
        })
        this.#utteranceEnds?.utteranceOver(lastWordEnd(report, startSeconds))
        break
      }
      case 'failed':
        this.#utteranceEnds?.utteranceOver(undefined)
        this.#socket.send(errorMessage(event.error))
        break
    }
  }

  #result(result: Pick<Result, 'startSeconds' | 'endSeconds' | 'report' | 'found'> & Partial<Result>): void {
    const usual = { isFinal: true, speechFinal: false, fromFinalize: false }
    this.#socket.send(resultsMessage({ ...usual, ...result }, this.#results))
  }

  #fail(error: SpeechError, outcome: Extract<LiveOutcome, 'invalid' | 'failed' | 'shutdown'>): void {
    if (error.status >= 500) this.#request.log.error({ err: error.cause ?? error, code: error.code }, 'request failed')
    this.#finishing ??= Promise.resolve()
    this.#socket.send(errorMessage(error))
    this.#socket.close(outcome, error.code)
  }

  async #drain(): Promise<void> {
    this.#end('shutdown')
    await this.#finishing
  }
}

function typeOf(data: Buffer): unknown {
  try {
    const message = JSON.parse(data.toString('utf8')) as unknown
    return typeof message === 'object' && message !== null && 'type' in message ? message.type : undefined
  } catch {
    return undefined // refused as an unknown command
  }
}
