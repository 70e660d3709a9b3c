/** The routes of live sessions: one WebSocket server, and a file for each protocol. */
import fastifyWebsocket from '@fastify/websocket'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { SpeechError } from '../../../domain/errors.js'
import type { AppDependencies } from '../dependencies.js'
import { deepgram } from './deepgram/deepgram.js'
import { MAX_MESSAGE_BYTES } from './live-socket.js'
import { realtime } from './realtime/realtime.js'
import { chooseSubprotocol } from './subprotocols.js'

/** RFC 6455, 4.2.1: 16 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{22}==$/
const VERSION = '13'

export async function live(scope: FastifyInstance, dependencies: AppDependencies): Promise<void> {
  await scope.register(fastifyWebsocket, {
    options: { maxPayload: MAX_MESSAGE_BYTES, handleProtocols: chooseSubprotocol },
  })
  // Before the upgrade: refusals are answers of HTTP.
  scope.addHook('preHandler', async (request) => {
    if (request.ws) checkHandshake(request)
    const refusal = dependencies.sessions.refusal(request)
    if (refusal !== undefined) throw refusal
  })
  realtime(scope, dependencies)
  deepgram(scope, dependencies)
}

/** What the library would refuse in its own words. */
function checkHandshake({ headers }: FastifyRequest): void {
  const { 'sec-websocket-key': key = '', 'sec-websocket-version': version } = headers
  const parameter = !KEY.test(key) ? 'sec-websocket-key' : version !== VERSION ? 'sec-websocket-version' : undefined
  if (parameter === undefined) return
  const detail = `the handshake of a WebSocket needs a key of 16 bytes in base64 and the version ${VERSION} (RFC 6455)`
  throw new SpeechError('REQUEST_INVALID', detail, { parameter })
}
