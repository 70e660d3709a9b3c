/**
 * What Node leaves to the server, or answers in a way of its own: what is not HTTP, methods that are no requests for
 * a resource, the header Expect, and missing or repeated hosts. All of it gets our typed errors.
 */
import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { SpeechError } from '../../../domain/errors.js'
import { retryAfterOf } from '../refusals.js'
import { errorBody } from '../replies.js'

/** Closed at once, a connection would take the answer with it where bytes of the client are still unread. */
const LINGER_MS = 500

const answered = new WeakSet<Socket>()

/** For `clientErrorHandler`. `takesAnswer`: whether an answer to what is being received may be written now. */
export function answerProtocolError(error: Error & { code?: string }, socket: Socket, takesAnswer: boolean): void {
  if (answered.has(socket)) return
  if (error.code === 'ECONNRESET' || !takesAnswer) return void socket.destroy()
  const tooSlow = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : undefined
  const code = tooSlow ? 'UPLOAD_TOO_SLOW' : 'REQUEST_INVALID'
  answerSocket(socket, new SpeechError(code, `not valid HTTP (${error.code ?? 'unknown'})`), status)
}

/** A typed answer on a connection that has no request to answer, and its end. */
export function answerSocket(socket: Socket, error: SpeechError, status: number = error.status): void {
  if (answered.has(socket)) return
  answered.add(socket)
  if (!socket.writable) return void socket.destroy()
  const body = JSON.stringify(errorBody(error, randomUUID()))
  const retryAfterSeconds = retryAfterOf(error)
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'connection: close',
    'content-type: application/json',
    ...retryAfterSeconds === undefined ? [] : [`retry-after: ${retryAfterSeconds}`],
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
  // Node keeps its half of a connection open until the client closes the other one, and that may be never.
  setTimeout(() => { socket.destroy() }, LINGER_MS).unref()
}

/** Must come before the routes: its hooks see every request. */
export function guardProtocol(app: FastifyInstance): void {
  const waiting = new WeakSet<IncomingMessage>()
  const unmet = new WeakSet<IncomingMessage>()
  const passOn = (marked: WeakSet<IncomingMessage>) => (request: IncomingMessage, response: ServerResponse): void => {
    marked.add(request)
    app.server.emit('request', request, response)
  }
  app.server.on('checkContinue', passOn(waiting)).on('checkExpectation', passOn(unmet))
  app.server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    answerSocket(socket, new SpeechError('REQUEST_INVALID', 'CONNECT: this is no proxy'))
  })
  app.addHook('onRequest', async ({ raw }) => {
    if (unmet.has(raw)) throw invalid('expect', 'of the header Expect, only 100-continue is known')
    const hosts = raw.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length
    if (hosts > 1 || (hosts === 0 && raw.httpVersion !== '1.0')) {
      throw invalid('host', `a request has one header Host, not ${hosts}`)
    }
  })
  // A client that asks before it sends its body is told to send it when nothing has refused the request so far.
  app.addHook('preParsing', async (request, reply) => {
    if (!request.is404 && waiting.delete(request.raw)) reply.raw.writeContinue()
  })
  // Otherwise nobody knows whether the body still comes, and so where the next request would begin.
  app.addHook('onSend', async ({ raw }, reply) => { if (waiting.has(raw)) void reply.header('connection', 'close') })
}

function invalid(parameter: string, what: string): SpeechError {
  return new SpeechError('REQUEST_INVALID', what, { parameter })
}
