/**
 * Every open connection, whom it belongs to and what it does, so that none costs anything for ever.
 *
 * - Without a request under way a connection is idle, whether nothing was ever sent on it, half a header, or it is
 *   kept open after an answer; it is closed after the same time in all three cases. Node's own timeouts are looser:
 *   none of them ends a connection on which only line breaks come after an answer.
 * - Addresses share what may be open at a time (`serving/shared-capacity.ts`). Beyond its share an address gives up the connection
 *   that has been idle longest. Where it has none, the new one is told so in an answer to its first request.
 * - An answer on a refused connection ends it, whatever the answer is.
 * - A client that does not read its answer is cut, by the same patience and least rate as uploads have.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { SpeechError } from '../../../domain/errors.js'
import { SharedCapacity } from '../../shared-capacity.js'
import type { ConnectionEnd } from '../../../monitoring/metrics/catalog.js'
import { answerSocket } from './protocol-errors.js'
import { bytesDelivered } from './bytes-delivered.js'
import { networkOf } from './clients.js'
import { closeAfterBody } from './close-after-body.js'
import { shuttingDown } from '../refusals.js'

export interface ConnectionLimits {
  readonly maxConnections: number
  readonly idleConnectionSeconds: number
  readonly uploadBytesPerSecond: number
}

interface Connection {
  readonly socket: Socket
  readonly client: string
  /** Beyond the limit: lives until it has been told. */
  readonly refused: boolean
  readonly openedMs: number
  /** Answers that are not done with. */
  readonly answers: Set<ServerResponse>
  last: { readonly request: IncomingMessage; readonly response: ServerResponse } | undefined
  idleSinceMs: number
  /** When it became idle. */
  bytesRead: number
  bytesDelivered: number
  patientUntilMs: number
}

/** So many refused connections may wait for their refusal; more are cut without one. */
const MOST_REFUSALS = 100
const REFUSAL_MS = 2_000
const SWEEPS_PER_LIMIT = 10
const LONGEST_SWEEP_MS = 1_000
/** At the end, a connection so new may have a request on its way. */
const FIRST_REQUEST_GRACE_MS = 1_500
const LOOK_MS = 20
/** At the end, answers that are on their way. */
const LAST_ANSWERS_MS = 2_000

export class Connections {
  readonly #limits: ConnectionLimits
  readonly #share: SharedCapacity
  readonly #onEnd: (reason: ConnectionEnd) => void
  readonly #all = new Map<Socket, Connection>()
  /** Those without a request under way, the longest idle first. */
  readonly #idle = new Map<Socket, Connection>()
  #refusals = 0
  #sweep: NodeJS.Timeout | undefined
  #closed = false

  constructor(limits: ConnectionLimits, onEnd: (reason: ConnectionEnd) => void) {
    this.#limits = limits
    this.#share = new SharedCapacity(limits.maxConnections)
    this.#onEnd = onEnd
  }

  get counts(): { idle: number; busy: number } {
    return { idle: this.#idle.size, busy: this.#all.size - this.#idle.size }
  }

  watch(server: Server): void {
    const { maxConnections, idleConnectionSeconds } = this.#limits
    server.maxConnections = maxConnections + MOST_REFUSALS
    server.keepAliveTimeout = idleConnectionSeconds * 1000 // what clients are told; the sweep closes
    server.on('connection', (socket: Socket) => { this.#opened(socket) })
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#asked(request, response)
    })
    const intervalMs = Math.min(LONGEST_SWEEP_MS, idleConnectionSeconds * 1000 / SWEEPS_PER_LIMIT)
    // After the loop has read what waits: a server that was held up must not take its clients for idle.
    this.#sweep = setInterval(() => { setImmediate(() => { this.#closeOverdue() }) }, intervalMs).unref()
  }

  isRefused(socket: Socket): boolean {
    return this.#all.get(socket)?.refused ?? false
  }

  /** Whether an answer written now is the one to the message that is being received, and to no other. */
  takesAnswer(socket: Socket): boolean {
    const connection = this.#all.get(socket)
    if (connection?.last === undefined) return true
    const { last: { request, response }, answers } = connection
    return request.complete ? answers.size === 0 : !response.headersSent && answers.size === 1
  }

  /** Ends all: idle ones now, the others when their answer is out or a short time has passed. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#sweep)
    while (this.#awaitsFirstRequest()) await sleep(LOOK_MS)
    await new Promise((resolve) => setImmediate(resolve)) // what waits has been read then
    for (const connection of this.#idle.values()) this.#end(connection, shuttingDown())
    if (this.#all.size === 0) return
    const gone = [...this.#all.keys()].map((socket) => new Promise((resolve) => socket.once('close', resolve)))
    const timer = setTimeout(() => { for (const socket of this.#all.keys()) socket.destroy() }, LAST_ANSWERS_MS)
    await Promise.all(gone)
    clearTimeout(timer)
  }

  #awaitsFirstRequest(): boolean {
    const since = performance.now() - FIRST_REQUEST_GRACE_MS
    return [...this.#idle.values()].some(({ last, openedMs }) => last === undefined && openedMs > since)
  }

  #opened(socket: Socket): void {
    if (this.#closed) return void socket.destroy()
    const client = networkOf(socket.remoteAddress ?? '')
    const refused = !this.#share.fits(client, 1) && !this.#displaceFor(client)
    if (refused) {
      this.#onEnd('refused')
      if (this.#refusals >= MOST_REFUSALS) return void socket.destroy()
      this.#refusals++
    } else {
      this.#share.take(client, 1)
    }
    const now = performance.now()
    const connection: Connection = {
      socket, client, refused, openedMs: now, answers: new Set(), last: undefined,
      idleSinceMs: now, bytesRead: 0, bytesDelivered: 0, patientUntilMs: Infinity,
    }
    this.#all.set(socket, connection)
    this.#idle.set(socket, connection)
    socket.once('close', () => { this.#forget(connection) })
    closeAfterBody(socket, () => connection.last?.request)
  }

  /** Closes an idle connection of the client itself, or of anybody for a client that has none. */
  #displaceFor(client: string): boolean {
    const holdsSome = this.#share.heldBy(client) > 0
    for (const connection of this.#idle.values()) {
      if (connection.refused || (holdsSome && connection.client !== client)) continue
      this.#onEnd('displaced')
      this.#forget(connection)
      connection.socket.destroy()
      return true
    }
    return false
  }

  #forget(connection: Connection): void {
    if (!this.#all.delete(connection.socket)) return
    this.#idle.delete(connection.socket)
    if (connection.refused) this.#refusals--
    else this.#share.give(connection.client, 1)
  }

  #asked(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#all.get(request.socket)
    if (connection === undefined) return
    if (connection.refused) response.shouldKeepAlive = false
    connection.last = { request, response }
    connection.answers.add(response)
    this.#idle.delete(request.socket)
    // The rest of a body that was refused is not the header of a request.
    request.once('end', () => { connection.bytesRead = connection.socket.bytesRead })
    response.once('close', () => {
      connection.answers.delete(response)
      if (connection.answers.size > 0 || !this.#all.has(connection.socket)) return
      connection.idleSinceMs = performance.now()
      connection.bytesRead = connection.socket.bytesRead
      this.#idle.set(connection.socket, connection)
    })
  }

  #closeOverdue(): void {
    const now = performance.now()
    for (const connection of this.#all.values()) {
      if (this.#idle.has(connection.socket)) {
        const limitMs = connection.refused ? REFUSAL_MS : this.#limits.idleConnectionSeconds * 1000
        if (now - connection.idleSinceMs < limitMs) continue
        if (!connection.refused) this.#onEnd('idle')
        this.#end(connection, new SpeechError('UPLOAD_TOO_SLOW', 'the header of the request is not complete'))
      } else if (!this.#isRead(connection, now)) {
        this.#onEnd('unread')
        connection.socket.destroy()
      }
    }
  }

  /** Half a header is answered; on a connection that waits for a request there is nothing to answer. */
  #end({ socket, last, bytesRead }: Connection, error: SpeechError): void {
    this.#idle.delete(socket)
    if (last?.request.complete !== false && socket.bytesRead > bytesRead) answerSocket(socket, error)
    else socket.destroy()
  }

  /** Whether the client takes what is written to it. */
  #isRead(connection: Connection, now: number): boolean {
    const { socket, patientUntilMs } = connection
    const patienceMs = this.#limits.idleConnectionSeconds * 1000
    const taken = bytesDelivered(socket)
    const earnedMs = (taken - connection.bytesDelivered) / this.#limits.uploadBytesPerSecond * 1000
    connection.bytesDelivered = taken
    connection.patientUntilMs = socket.writableLength === 0
      ? Infinity
      : Math.min(now + patienceMs, patientUntilMs + earnedMs)
    return now < connection.patientUntilMs
  }
}
