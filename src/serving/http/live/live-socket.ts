/**
 * The WebSocket of a live session, whatever its protocol: what is written and read is bounded, silence ends it, and it
 * ends once.
 */
import type { WebSocket } from 'ws'
import { SpeechError } from '../../../domain/errors.js'
import type { LiveOutcome } from '../../../domain/live.js'
import type { AppDependencies } from '../dependencies.js'

/** Largest message of a client: a minute of 16-bit audio at 24 kHz in base64. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024
/** Answers that a client has not read; events are small, so one that has this many reads nothing any more. */
const MAX_UNREAD_BYTES = 1024 * 1024
/** Messages that wait to be handled: beyond this, the service stops reading. */
const MAX_HELD_BYTES = 2 * MAX_MESSAGE_BYTES
/** Audio that may wait for the detector before the service stops reading, and where it reads on. */
const PAUSE_READING_SECONDS = 10
const READ_ON_SECONDS = 5
const POLL_MS = 20
/** After the closing handshake began. */
const CLOSE_WITHIN_MS = 2_000

/** Close codes of RFC 6455, 7.4.1 and of its registry. */
export const CLOSE_CODES = {
  closed: 1000, gone: 1006, idle: 1001, too_long: 1001, unread: 1008, invalid: 1008, shutdown: 1012, failed: 1011,
} as const satisfies Record<LiveOutcome, number>

interface SocketEvents {
  /** Resolves when the message is handled; until then it counts as held. */
  onMessage(data: Buffer, isBinary: boolean): Promise<void>
  /** Called once. */
  onEnd(outcome: LiveOutcome): void
}

/** For a request to the address of a session that is no WebSocket. */
export function refusePlain(): never {
  const detail = 'this address takes WebSockets alone (RFC 6455)'
  throw new SpeechError('REQUEST_INVALID', detail, { parameter: 'upgrade' })
}

export class LiveSocket {
  readonly #socket: WebSocket
  readonly #events: SocketEvents
  readonly #telemetry: AppDependencies['telemetry']
  readonly #idle: NodeJS.Timeout
  readonly #longest: NodeJS.Timeout
  #outcome: LiveOutcome | undefined
  #isEnded = false
  #heldBytes = 0

  constructor(
    socket: WebSocket, { config, telemetry }: Pick<AppDependencies, 'config' | 'telemetry'>, events: SocketEvents,
  ) {
    this.#socket = socket
    this.#telemetry = telemetry
    this.#events = events
    this.#idle = setTimeout(() => { this.close('idle', 'no message') }, config.liveIdleSeconds * 1000)
    this.#longest = setTimeout(() => { this.close('too_long', 'the session is too long') },
      config.liveSessionSeconds * 1000)
    socket.on('message', (data, isBinary) => {
      this.#idle.refresh()
      if (this.#outcome === undefined) this.#take(asBuffer(data), isBinary)
    })
    socket.on('close', (code) => { this.#end(this.#outcome ?? (code === CLOSE_CODES.gone ? 'gone' : 'closed')) })
    socket.on('error', () => { this.#outcome ??= 'invalid' }) // a frame against the protocol; `close` follows
  }

  get isOpen(): boolean { return this.#outcome === undefined && this.#socket.readyState === this.#socket.OPEN }

  send(message: object): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#socket.send(JSON.stringify(message))
    if (this.#socket.bufferedAmount <= MAX_UNREAD_BYTES) return
    this.#outcome ??= 'unread'
    this.#socket.terminate()
  }

  close(outcome: LiveOutcome, reason: string): void {
    if (this.#outcome !== undefined) return
    this.#outcome = outcome
    this.#socket.resume()
    this.#socket.close(CLOSE_CODES[outcome], reason)
    setTimeout(() => { this.#socket.terminate() }, CLOSE_WITHIN_MS).unref()
  }

  /** Where too much audio waits, reading stops until little does. */
  slowDown(backlogSeconds: () => number): void {
    if (backlogSeconds() > PAUSE_READING_SECONDS) this.#pauseWhile(() => backlogSeconds() > READ_ON_SECONDS)
  }

  #take(data: Buffer, isBinary: boolean): void {
    this.#heldBytes += data.byteLength
    if (this.#heldBytes > MAX_HELD_BYTES) this.#pauseWhile(() => this.#heldBytes > MAX_HELD_BYTES / 2)
    void this.#events.onMessage(data, isBinary).finally(() => { this.#heldBytes -= data.byteLength })
  }

  /** TCP then slows the client down. */
  #pauseWhile(isBehind: () => boolean): void {
    if (this.#socket.isPaused) return
    this.#socket.pause()
    this.#telemetry.registry.counter('asr_live_backpressure_total').inc()
    const poll = setInterval(() => {
      this.#idle.refresh()
      if (isBehind() && !this.#isEnded) return
      clearInterval(poll)
      this.#socket.resume()
    }, POLL_MS)
  }

  #end(outcome: LiveOutcome): void {
    if (this.#isEnded) return
    this.#isEnded = true
    clearTimeout(this.#idle)
    clearTimeout(this.#longest)
    this.#events.onEnd(outcome)
  }
}

function asBuffer(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data)
  return Buffer.isBuffer(data) ? data : Buffer.from(data)
}
