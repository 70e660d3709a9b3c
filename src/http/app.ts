/**
 * The HTTP side, and its table of contents. The only place that calls Fastify(): the service and every test build
 * the same server.
 *
 * Two kinds of scopes, by Fastify's own encapsulation: routes that take audio (with the door and its counting) and
 * routes that do not. An upload cannot reach /metrics, and a scrape is never queued behind one.
 */
import { randomUUID } from 'node:crypto'
import { Server, type Socket } from 'node:net'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { LogController, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { ERRORS, SpeechError } from '../errors.js'
import { guardRoutes } from './access.js'
import { guardBrowsers, protectAnswer } from './browsers.js'
import { CatalogueReply, SearchReply } from './catalogue-schemas.js'
import { catalogues } from './catalogues.js'
import { nameClients } from './clients.js'
import type { AppDependencies } from './dependencies.js'
import { documentation } from './documentation.js'
import { drift } from './drift.js'
import { feedback } from './feedback.js'
import { models } from './models.js'
import { openAiTranscriptions } from './openai.js'
import { operations } from './operations.js'
import { asSpeechError, errorBody, replyWithError } from './replies.js'
import { ErrorReply, ModelReply, ReportReply } from './schemas.js'
import { search } from './search.js'
import { transcriptions } from './transcriptions.js'

/** A request id that a client may choose: short, and nothing that could break a log or a header. */
const REQUEST_ID = /^[\w.:-]{1,128}$/
/** At the end, requests that are on their way already still get their answer: a refusal. */
const LINGER_MS = 500
/** Beyond the intake's own limit, Node cuts the connection. */
const REQUEST_TIMEOUT_SLACK_MS = 10_000

export async function buildApp(dependencies: AppDependencies, version: string): Promise<FastifyInstance> {
  const { config, logger } = dependencies
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: ({ headers }) => {
      const given = headers['x-request-id']
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
    },
    requestTimeout: config.uploadSeconds * 1000 + REQUEST_TIMEOUT_SLACK_MS,
    bodyLimit: config.maxUploadBytes,
    clientErrorHandler: answerBrokenHttp,
    frameworkErrors: (thrown, request, reply) => {
      protectAnswer(reply) // no hook runs for these
      void replyWithError(asSpeechError(thrown), request, reply)
    },
    routerOptions: { maxParamLength: 200 },
    return503OnClosing: false, // the intake refuses, with our envelope
  }).withTypeProvider<TypeBoxTypeProvider>()

  for (const schema of [ErrorReply, ReportReply, SearchReply, CatalogueReply, ModelReply]) app.addSchema(schema)
  // No route reads a body of its own accord: the routes that take audio read theirs under limits, feedback has a parser of its own, the others none.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => { done(null) })
  nameClients(app, config.clientHeader)
  observeRequests(app, dependencies)
  guardBrowsers(app, config)
  guardRoutes(app, dependencies)
  closeGently(app, dependencies)
  app.setErrorHandler((thrown, request, reply) => replyWithError(asSpeechError(thrown), request, reply))
  app.setNotFoundHandler((request, reply) => replyWithError(new SpeechError('ROUTE_NOT_FOUND', `${request.method} ${request.url.split('?')[0]!.slice(0, 200)}`), request, reply))

  await documentation(app, version)
  await app.register(transcriptions, dependencies)
  await app.register(openAiTranscriptions, dependencies)
  await app.register(search, dependencies)
  await app.register(catalogues, dependencies)
  await app.register(feedback, dependencies)
  await app.register(models, dependencies)
  // Probes, scrapes and an open page come every few seconds; only their failures are worth a line.
  await app.register(operations, { ...dependencies, logLevel: 'error' })
  await app.register(drift, { ...dependencies, logLevel: 'error' })
  app.get('/', { config: { access: 'open' }, schema: { hide: true } }, (_request, reply) => reply.redirect('/docs'))
  return app
}

/** Request id out, one log line and one observation per request. Routes by their template: a URL may hold anything. */
function observeRequests(app: FastifyInstance, { telemetry }: AppDependencies): void {
  const observe = (request: FastifyRequest, reply: FastifyReply, status: number): void => {
    const route = request.routeOptions.url ?? 'unmatched'
    telemetry.httpFinished(request.method, route, status, reply.elapsedTime / 1000)
    request.log[status < 500 ? 'info' : 'warn']({ method: request.method, route, status, milliseconds: Math.round(reply.elapsedTime) }, 'answered')
  }
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id)
    // Fastify calls onResponse for answers that were sent; a client that left before gets none.
    reply.raw.once('close', () => { if (!reply.raw.writableFinished) observe(request, reply, ERRORS.CANCELLED.status) })
  })
  app.addHook('onResponse', async (request, reply) => { observe(request, reply, reply.statusCode) })
}

/** From the drain on, every answer ends its connection; then nobody new is accepted, and only at the end are idle connections cut. */
function closeGently(app: FastifyInstance, { intake }: AppDependencies): void {
  app.addHook('onSend', async (_request, reply) => { if (intake.isDraining) void reply.header('connection', 'close') })
  app.addHook('preClose', async () => {
    if (!intake.isDraining) return
    // Right after the loop has accepted all that waited: the kernel resets what is left in the line of a closed port.
    await new Promise((resolve) => setImmediate(resolve))
    // Not the server's own close(), which would cut connections whose request is still on its way.
    Server.prototype.close.call(app.server)
    await new Promise((resolve) => setTimeout(resolve, LINGER_MS))
  })
}

/** What is not even HTTP gets a typed answer too, where the connection still takes one. */
function answerBrokenHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy()
    return
  }
  const tooSlow = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  const body = JSON.stringify(errorBody(new SpeechError(tooSlow ? 'UPLOAD_TOO_SLOW' : 'REQUEST_INVALID', `not valid HTTP (${error.code ?? 'unknown'})`), randomUUID()))
  const status = tooSlow ? '408 Request Timeout' : error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request'
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}
