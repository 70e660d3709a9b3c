/**
 * GET /v1/realtime: transcription sessions of OpenAI's Realtime API over a WebSocket. What a client sends is checked
 * event by event: a wrong one is answered by an `error` event, and the session goes on.
 */
import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { SpeechError } from '../../../../domain/errors.js'
import type { LiveOutcome } from '../../../../domain/live.js'
import type { AppDependencies } from '../../dependencies.js'
import { asSpeechError, errorBody } from '../../replies.js'
import { LiveSocket, refusePlain } from '../live-socket.js'
import { REALTIME_PATH } from '../paths.js'
import { RealtimeItems } from './items.js'
import { sessionRequestOf } from './request.js'
import { described, standardConfiguration, updated, type RealtimeConfiguration } from './configuration.js'
import { ServedSession, type SessionRequest } from '../served-session.js'
import { hold, type Held } from '../session-request.js'

/** More than a window of the detector and what its filter needs. */
const UNSEEN_SECONDS = 0.1
/** A shorter utterance is not committed, as by OpenAI. */
const MIN_COMMIT_SECONDS = 0.1

export function realtime(scope: FastifyInstance, dependencies: AppDependencies): void {
  scope.route({
    method: 'GET', url: REALTIME_PATH, config: { access: 'transcribe' }, schema: { hide: true },
    handler: refusePlain,
    wsHandler: (socket, request) => { new RealtimeConnection(socket, request, dependencies).open() },
  })
}

/** An event of a client. */
interface ClientEvent { readonly type: string; readonly event_id?: unknown; readonly [field: string]: unknown }

class RealtimeConnection {
  readonly #id = `sess_${randomUUID()}`
  readonly #request: FastifyRequest
  readonly #dependencies: AppDependencies
  readonly #socket: LiveSocket
  readonly #items = new RealtimeItems((type, fields) => { this.#send(type, fields) })
  readonly #ended: (end: { outcome: LiveOutcome; audioSeconds: number }) => void
  #configuration: RealtimeConfiguration
  /** What the configuration asks for; undefined where it cannot be served. */
  #asked: Held<SessionRequest> | undefined
  /** Undefined until audio arrives, and after a change of the configuration. */
  #session: ServedSession | undefined
  /** Audio before the present configuration. */
  #offsetSeconds = 0
  /** Events are handled one after the other, since some wait for results. */
  #handled: Promise<void> = Promise.resolve()

  constructor(socket: WebSocket, request: FastifyRequest, dependencies: AppDependencies) {
    this.#request = request
    this.#dependencies = dependencies
    const { config, sessions } = dependencies
    const { model } = request.query as { readonly model?: unknown }
    const standard = standardConfiguration(typeof model === 'string' ? model : config.models[0]!)
    this.#configuration = updated(standard, request.session ?? {}, false)
    this.#socket = new LiveSocket(socket, dependencies, {
      onMessage: (data, isBinary) => this.#receive(data, isBinary),
      onEnd: (outcome) => {
        this.#session?.cancel()
        this.#asked?.release()
        this.#ended({ outcome, audioSeconds: this.#receivedSeconds })
      },
    })
    this.#ended = sessions.add({ drain: () => this.#drain() }, 'realtime', request)
  }

  get #receivedSeconds(): number { return this.#offsetSeconds + (this.#session?.receivedSeconds ?? 0) }

  open(): void {
    this.#send('session.created', { session: described(this.#id, this.#configuration) })
    // Its model may not be served.
    void this.#answering(undefined, () => { this.#asked = this.#askFor(this.#configuration) })
  }

  /** Resolves when it is handled. */
  #receive(data: Buffer, isBinary: boolean): Promise<void> {
    const event = isBinary ? undefined : parsed(data)
    this.#handled = this.#handled.then(() => event === undefined
      ? this.#refuse(invalid('an event is a JSON object in a text message'), undefined) : this.#handle(event))
    return this.#handled
  }

  async #handle(event: ClientEvent): Promise<void> {
    if (!this.#socket.isOpen) return
    await this.#answering(event.event_id, async () => {
      switch (event.type) {
        case 'session.update': return this.#update(event['session'], false)
        case 'transcription_session.update': return this.#update(event['session'], true)
        case 'input_audio_buffer.append': return this.#append(event['audio'])
        case 'input_audio_buffer.commit': return this.#commit()
        case 'input_audio_buffer.clear':
          this.#session?.clear()
          return this.#send('input_audio_buffer.cleared', {})
        default: throw invalid(`"${event.type.slice(0, 100)}" is no event of a transcription session`, 'type')
      }
    })
  }

  async #update(session: unknown, isBeta: boolean): Promise<void> {
    if (typeof session !== 'object' || session === null) throw invalid('session is missing', 'session')
    const configuration = updated(this.#configuration, session, isBeta)
    const asked = this.#askFor(configuration) // refused before anything changes
    if (isSameFormat(configuration, this.#configuration)) this.#session?.reconfigure(asked.value)
    else await this.#endSession()
    this.#asked?.release()
    this.#asked = asked
    this.#configuration = configuration
    const type = isBeta ? 'transcription_session.updated' : 'session.updated'
    this.#send(type, { session: described(this.#id, configuration) })
  }

  /** What is being said when the format changes is recognized, and audio without speech is dropped. */
  async #endSession(): Promise<void> {
    const session = this.#session
    if (session === undefined) return
    if (mayHoldSpeech(session)) await session.finish()
    this.#offsetSeconds += session.receivedSeconds
    session.cancel()
    this.#session = undefined
  }

  #append(audio: unknown): void {
    if (typeof audio !== 'string') throw invalid('audio must be a text in base64', 'audio')
    if (audio.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(audio)) throw invalid('audio is not base64', 'audio')
    this.#session ??= this.#openSession()
    const session = this.#session
    session.push(Buffer.from(audio, 'base64'))
    this.#socket.slowDown(() => session.backlogSeconds)
  }

  async #commit(): Promise<void> {
    const pending = this.#session?.pendingSeconds ?? 0
    if (pending < MIN_COMMIT_SECONDS) {
      const detail = `the buffer has ${Math.round(pending * 1000)} ms of audio, and a commit needs at least 100 ms`
      throw invalid(detail, 'input_audio_buffer')
    }
    await this.#session!.commit()
  }

  #openSession(): ServedSession {
    const { value: asked } = this.#asked ?? this.#askFor(this.#configuration)
    const offset = this.#offsetSeconds
    return new ServedSession(asked, this.#request, this.#dependencies,
      (event) => {
        const { turnDetection, logprobs, earshot } = this.#configuration
        this.#items.tell(event, { speech: turnDetection !== null, logprobs, details: earshot.details === true }, offset)
      },
      (fault) => {
        this.#refuse(fault, undefined)
        this.#socket.close(fault.code === 'SHUTTING_DOWN' ? 'shutdown' : 'failed', fault.code)
      })
  }

  #askFor(configuration: RealtimeConfiguration): Held<SessionRequest> {
    return hold(this.#request.client, (holder) => sessionRequestOf(configuration, holder, this.#dependencies))
  }

  async #drain(): Promise<void> {
    await this.#handled
    const session = this.#session
    // A failure is told as an event.
    if (session !== undefined && mayHoldSpeech(session)) await session.finish().catch(() => undefined)
    this.#socket.close('shutdown', 'the service is shutting down')
  }

  async #answering(eventId: unknown, work: () => Promise<void> | void): Promise<void> {
    try {
      await work()
    } catch (thrown) {
      this.#refuse(asSpeechError(thrown), eventId)
    }
  }

  #refuse(error: SpeechError, eventId: unknown): void {
    if (error.status >= 500) this.#request.log.error({ err: error.cause ?? error, code: error.code }, 'request failed')
    const { error: body } = errorBody(error, this.#request.id)
    this.#send('error', { error: { ...body, event_id: typeof eventId === 'string' ? eventId.slice(0, 512) : null } })
  }

  #send(type: string, fields: object): void {
    this.#socket.send({ type, event_id: `event_${randomUUID()}`, ...fields })
  }
}

/** Somebody speaks, or the detector has not seen all audio yet. */
function mayHoldSpeech({ isSpeaking, backlogSeconds }: ServedSession): boolean {
  return isSpeaking || backlogSeconds > UNSEEN_SECONDS
}

function isSameFormat({ format: one }: RealtimeConfiguration, { format: other }: RealtimeConfiguration): boolean {
  return one.codec === other.codec && one.sampleRate === other.sampleRate
}

function parsed(data: Buffer): ClientEvent | undefined {
  try {
    const event = JSON.parse(data.toString('utf8')) as unknown
    const isEvent = typeof event === 'object' && event !== null && 'type' in event && typeof event.type === 'string'
    return isEvent ? event as ClientEvent : undefined
  } catch {
    return undefined // answered as an invalid event
  }
}

function invalid(detail: string, parameter?: string): SpeechError {
  return new SpeechError('REQUEST_INVALID', detail, parameter === undefined ? {} : { parameter })
}
