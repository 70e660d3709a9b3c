/**
 * Builds the HTTP server from its parts. The only place that calls Fastify(): the service and every test build the
 * same server.
 *
 * Fastify's encapsulation separates routes that take audio, with their admission and counting, from routes that do
 * not. An upload cannot reach /metrics, and a scrape is never queued behind one.
 */
import { randomUUID } from 'node:crypto'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { LogController, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { ERRORS } from '../../domain/errors.js'
import { guardRoutes } from './access.js'
import { answerUnknownAddresses, correctedUrl } from './addresses.js'
import { finishAnswers } from './answers.js'
import { guardBrowsers, protectAnswer } from './browsers/browsers.js'
import { answerProtocolError, guardProtocol } from './connections/protocol-errors.js'
import { catalogues } from './search/catalogues.js'
import { nameClients } from './connections/clients.js'
import { shutDownGracefully } from './connections/graceful-shutdown.js'
import { Message } from './connections/upgrades.js'
import { limitConnections } from './connections/connection-limits.js'
import { Connections } from './connections/connections.js'
import type { AppDependencies } from './dependencies.js'
import { documentation } from './documentation/documentation.js'
import { collected } from './collection/collected.js'
import { drift } from './monitoring/drift.js'
import { feedback } from './monitoring/feedback.js'
import { labellingRoutes } from './labelling/labelling.js'
import { clientSecrets } from './live/realtime/client-secrets.js'
import { live } from './live/live-routes.js'
import { talkPage } from './live/talk-page.js'
import { models } from './models.js'
import { openAiTranscriptions } from './transcription/openai.js'
import { operations } from './monitoring/operations.js'
import { sharedFiles } from './pages/pages.js'
import { readQueries } from './parameters/query.js'
import { asSpeechError, replyWithError } from './replies.js'
import { search } from './search/search.js'
import { transcriptions } from './transcription/transcriptions.js'

/** A request id that a client may choose: short, and nothing that could break a log or a header. */
const REQUEST_ID = /^[\w.:-]{1,128}$/
/** Status of a connection that became a WebSocket. */
const SWITCHED = 101
/** Node closes the connection this long after the limit that `Uploads` enforces. */
const REQUEST_TIMEOUT_SLACK_MS = 10_000

export async function buildApp(dependencies: AppDependencies, version: string): Promise<FastifyInstance> {
  const { config, logger, telemetry, uploads } = dependencies
  const connections = new Connections(config, (reason) => { telemetry.connectionEnded(reason) })
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: ({ headers }) => {
      const given = headers['x-request-id']
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
    },
    requestTimeout: config.uploadSeconds * 1000 + REQUEST_TIMEOUT_SLACK_MS,
    clientErrorHandler: (error, socket) => { answerProtocolError(error, socket, connections.takesAnswer(socket)) },
    http: { requireHostHeader: false, IncomingMessage: Message }, // guardProtocol requires it, with our envelope
    // Otherwise the validator does not take 1e400, which is infinite, for a number, and checks no limit.
    // `verbose` adds to an error what is expected and what came.
    ajv: { customOptions: { strictNumbers: false, verbose: true } },
    rewriteUrl: ({ url = '/' }) => correctedUrl(url),
    frameworkErrors: (thrown, request, reply) => {
      protectAnswer(reply) // no hook runs for these
      void replyWithError(asSpeechError(thrown), request, reply)
    },
    routerOptions: { maxParamLength: 200 },
    return503OnClosing: false, // `Uploads` refuses, with our envelope
  }).withTypeProvider<TypeBoxTypeProvider>()

  // No route parses a body by itself: routes for audio and catalogues read theirs through `Uploads`, feedback has a
  // parser for what it has read that way, the others take no body.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => { done(null) })
  nameClients(app, config.clientHeader)
  observeRequests(app, dependencies)
  guardProtocol(app)
  guardBrowsers(app, config)
  limitConnections(app, connections, dependencies)
  guardRoutes(app, dependencies)
  shutDownGracefully(app, uploads, connections)
  app.setErrorHandler((thrown, request, reply) => replyWithError(asSpeechError(thrown), request, reply))
  answerUnknownAddresses(app)
  readQueries(app)
  finishAnswers(app)

  await documentation(app, version, dependencies.keys !== undefined)
  await app.register(transcriptions, dependencies)
  await app.register(openAiTranscriptions, dependencies)
  await app.register(search, dependencies)
  await app.register(live, dependencies)
  await app.register(clientSecrets, dependencies)
  await app.register(catalogues, dependencies)
  await app.register(feedback, dependencies)
  await app.register(collected, dependencies)
  await app.register(models, dependencies)
  const { labelling } = dependencies
  if (labelling !== undefined) await app.register(labellingRoutes, { ...dependencies, labelling })
  // Probes, scrapes and an open page send requests every few seconds; only their failures are worth a log line.
  await app.register(operations, { ...dependencies, logLevel: 'error' })
  await app.register(drift, { ...dependencies, logLevel: 'error' })
  await app.register(sharedFiles, { logLevel: 'error' })
  await app.register(talkPage, { ...dependencies, logLevel: 'error' })
  return app
}

/**
 * Returns the request id, and writes one log line and one observation per request. Routes are named by their template,
 * since a URL may hold anything. Requests that were refused for their key have log lines of their own, whose number is
 * bounded.
 */
function observeRequests(app: FastifyInstance, { telemetry }: AppDependencies): void {
  const observe = (request: FastifyRequest, reply: FastifyReply, status: number): void => {
    const route = request.routeOptions.url ?? 'unmatched'
    telemetry.httpFinished(request.method, route, status, reply.elapsedTime / 1000)
    if (request.isRefusedForKey) return
    const fields = { method: request.method, route, status, milliseconds: Math.round(reply.elapsedTime) }
    request.log[status < 500 ? 'info' : 'warn'](fields, 'answered')
  }
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id)
    // Fastify calls onResponse only for answers that were sent, not for a client that disconnected before.
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) observe(request, reply, request.ws ? SWITCHED : ERRORS.CANCELLED.status)
    })
  })
  app.addHook('onResponse', async (request, reply) => { observe(request, reply, reply.statusCode) })
}
