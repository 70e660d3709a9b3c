/**
 * Protocol errors that Node leaves to the server or answers in its own way: invalid HTTP, CONNECT, the header Expect,
 * and missing or repeated Host headers. All of them get our typed errors.
 */
import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { SpeechError } from '../../../domain/errors.js'
import { retryAfterOf } from '../refusals.js'
import { errorBody } from '../replies.js'

/** If a connection with unread bytes were closed at once, its answer would be lost. */
const LINGER_MS = 500

const answered = new WeakSet<Socket>()

/** For `clientErrorHandler`. `takesAnswer`: whether an answer to the current message may be written now. */
export function answerProtocolError(error: Error & { code?: string }, socket: Socket, takesAnswer: boolean): void {
  if (answered.has(socket)) return
  if (error.code === 'ECONNRESET' || !takesAnswer) return void socket.destroy()
  const tooSlow = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : undefined
  const code = tooSlow ? 'UPLOAD_TOO_SLOW' : 'REQUEST_INVALID'
  answerSocket(socket, new SpeechError(code, `not valid HTTP (${error.code ?? 'unknown'})`), status)
}

/** Sends a typed error on a connection that has no request to answer, and closes it. */
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
  // Node keeps its half of a connection open until the client closes the other half, which may never happen.
  setTimeout(() => { socket.destroy() }, LINGER_MS).unref()
}

/** Call it before any route is added: its hooks must see every request. */
export function guardProtocol(app: FastifyInstance): void {
  const waiting = new WeakSet<IncomingMessage>()
  const unmet = new WeakSet<IncomingMessage>()
  const passOn = (marked: WeakSet<IncomingMessage>) => (request: IncomingMessage, response: ServerResponse): void => {
    marked.add(request)
    app.server.emit('request', request, response)
  }
  app.server.on('checkContinue', passOn(waiting)).on('checkExpectation', passOn(unmet))
  app.server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    answerSocket(socket, new SpeechError('REQUEST_INVALID', 'CONNECT: this is not a proxy'))
  })
  app.addHook('onRequest', async ({ raw }) => {
    if (unmet.has(raw)) throw invalid('expect', 'of the header Expect, only 100-continue is supported')
    const hosts = raw.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length
    if (hosts > 1 || (hosts === 0 && raw.httpVersion !== '1.0')) {
      throw invalid('host', `a request has one header Host, not ${hosts}`)
    }
  })
  // A client that waits for 100 Continue gets it when nothing has refused the request so far.
  app.addHook('preParsing', async (request, reply) => {
    if (!request.is404 && waiting.delete(request.raw)) reply.raw.writeContinue()
  })
  // Otherwise it is unknown whether the body still follows, and so where the next request would begin.
  app.addHook('onSend', async ({ raw }, reply) => { if (waiting.has(raw)) void reply.header('connection', 'close') })
}

function invalid(parameter: string, what: string): SpeechError {
  return new SpeechError('REQUEST_INVALID', what, { parameter })
}
