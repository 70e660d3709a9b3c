/**
 * Tracks every open connection, its client and its state, so that none is held open for ever.
 *
 * - Without a request in progress a connection is idle, whether nothing was ever sent on it, part of a header, or it
 *   is kept open after an answer; it is closed after the same time in all three cases. Node's own timeouts are looser:
 *   none of them ends a connection on which only line breaks arrive after an answer.
 * - Addresses share the number of connections (`serving/shared-capacity.ts`). For a new connection beyond its share,
 *   the longest idle one of the address is closed; for an address without a connection, the longest idle one of all.
 *   Where there is none, the new one is refused in the answer to its first request.
 * - Every answer on a refused connection closes it.
 * - A client that does not read its answer is disconnected, by a time limit and a minimum rate like those of uploads.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { SpeechError } from '../../../domain/errors.js'
import { SharedCapacity } from '../../shared-capacity.js'
import type { ConnectionEnd } from '../../../monitoring/metrics/definitions.js'
import { answerSocket } from './protocol-errors.js'
import { bytesDelivered } from './bytes-delivered.js'
import { networkOf } from './clients.js'
import { closeAfterBody } from './close-after-body.js'
import { answerHalfClosed, probeForClient } from './half-closed.js'
import { shuttingDown } from '../refusals.js'

export interface ConnectionLimits {
  readonly maxConnections: number
  readonly idleConnectionSeconds: number
  readonly uploadBytesPerSecond: number
}

interface Connection {
  readonly socket: Socket
  readonly client: string
  /** Beyond the limit: open until its refusal is sent. */
  readonly refused: boolean
  readonly openedMs: number
  /** Answers in progress. */
  readonly answers: Set<ServerResponse>
  last: { readonly request: IncomingMessage; readonly response: ServerResponse } | undefined
  idleSinceMs: number
  /** Of the socket when the connection became idle. */
  bytesRead: number
  bytesDelivered: number
  unreadUntilMs: number
}

/** Most refused connections that get an answer; more are closed without one. */
const MAX_REFUSALS = 100
const REFUSAL_MS = 2_000
const SWEEPS_PER_LIMIT = 10
const MAX_SWEEP_MS = 1_000
/** At shutdown, a connection younger than this may have a request in transit. */
const FIRST_REQUEST_GRACE_MS = 1_500
const POLL_MS = 20
/** At shutdown, time for answers in progress. */
const LAST_ANSWERS_MS = 2_000

export class Connections {
  readonly #limits: ConnectionLimits
  readonly #capacity: SharedCapacity
  readonly #onEnd: (reason: ConnectionEnd) => void
  readonly #all = new Map<Socket, Connection>()
  /** Those without a request in progress, the longest idle first. */
  readonly #idle = new Map<Socket, Connection>()
  #refusals = 0
  #sweep: NodeJS.Timeout | undefined
  #closed = false

  constructor(limits: ConnectionLimits, onEnd: (reason: ConnectionEnd) => void) {
    this.#limits = limits
    this.#capacity = new SharedCapacity(limits.maxConnections)
    this.#onEnd = onEnd
  }

  get counts(): { idle: number; busy: number } {
    return { idle: this.#idle.size, busy: this.#all.size - this.#idle.size }
  }

  watch(server: Server): void {
    const { maxConnections, idleConnectionSeconds } = this.#limits
    answerHalfClosed(server)
    server.maxConnections = maxConnections + MAX_REFUSALS
    server.keepAliveTimeout = idleConnectionSeconds * 1000 // sent to clients; the sweep closes
    server.on('connection', (socket: Socket) => { this.#opened(socket) })
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#requested(request, response)
    })
    // A WebSocket is in use until it is closed; whoever opened it decides when that is.
    server.prependListener('upgrade', (request: IncomingMessage) => { this.#idle.delete(request.socket) })
    const intervalMs = Math.min(MAX_SWEEP_MS, idleConnectionSeconds * 1000 / SWEEPS_PER_LIMIT)
    // After the event loop has read pending data: a server that was blocked must not take its clients for idle.
    this.#sweep = setInterval(() => { setImmediate(() => { this.#closeOverdue() }) }, intervalMs).unref()
  }

  isRefused(socket: Socket): boolean {
    return this.#all.get(socket)?.refused ?? false
  }

  /** Whether a client would match an error written now to the request that it is sending. */
  takesAnswer(socket: Socket): boolean {
    const connection = this.#all.get(socket)
    if (connection?.last === undefined) return true
    const { last: { request, response }, answers } = connection
    return request.complete ? answers.size === 0 : !response.headersSent && answers.size === 1
  }

  /** Closes all: idle ones now, the others when their answer is sent or a short time has passed. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#sweep)
    while (this.#awaitsFirstRequest()) await sleep(POLL_MS)
    await new Promise((resolve) => setImmediate(resolve)) // pending data has been read then
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
    const refused = !this.#capacity.fits(client, 1) && !this.#displaceFor(client)
    if (refused) {
      this.#onEnd('refused')
      if (this.#refusals >= MAX_REFUSALS) return void socket.destroy()
      this.#refusals++
    } else {
      this.#capacity.acquire(client, 1)
    }
    const now = performance.now()
    const connection: Connection = {
      socket, client, refused, openedMs: now, answers: new Set(), last: undefined,
      idleSinceMs: now, bytesRead: 0, bytesDelivered: 0, unreadUntilMs: Infinity,
    }
    this.#all.set(socket, connection)
    this.#idle.set(socket, connection)
    socket.once('close', () => { this.#forget(connection) })
    socket.once('end', () => { probeForClient(socket, connection.answers) })
    closeAfterBody(socket, () => connection.last?.request)
  }

  /** Closes an idle connection of the client itself, or of any client if it has none. */
  #displaceFor(client: string): boolean {
    const holdsSome = this.#capacity.heldBy(client) > 0
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
    else this.#capacity.release(connection.client, 1)
  }

  #requested(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#all.get(request.socket)
    if (connection === undefined) return
    if (connection.refused) response.shouldKeepAlive = false
    connection.last = { request, response }
    connection.answers.add(response)
    this.#idle.delete(request.socket)
    // The rest of a refused body must not be taken for the header of a request.
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

  /** Sends the error if part of a request header has arrived; otherwise it only closes. */
  #end({ socket, last, bytesRead }: Connection, error: SpeechError): void {
    this.#idle.delete(socket)
    if (last?.request.complete !== false && socket.bytesRead > bytesRead) answerSocket(socket, error)
    else socket.destroy()
  }

  /** Whether the client still reads what is written to it. */
  #isRead(connection: Connection, now: number): boolean {
    const { socket, unreadUntilMs } = connection
    const allowanceMs = this.#limits.idleConnectionSeconds * 1000
    const delivered = bytesDelivered(socket)
    const earnedMs = (delivered - connection.bytesDelivered) / this.#limits.uploadBytesPerSecond * 1000
    connection.bytesDelivered = delivered
    connection.unreadUntilMs = socket.writableLength === 0
      ? Infinity
      : Math.min(now + allowanceMs, unreadUntilMs + earnedMs)
    return now < connection.unreadUntilMs
  }
}
