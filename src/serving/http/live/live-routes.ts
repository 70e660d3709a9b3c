/** The routes of live sessions: one WebSocket server, and a file for each protocol. */
import fastifyWebsocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import type { AppDependencies } from '../dependencies.js'
import { deepgram } from './deepgram.js'
import { MAX_MESSAGE_BYTES } from './live-socket.js'
import { realtime } from './realtime.js'
import { chooseSubprotocol } from './subprotocols.js'

export async function live(scope: FastifyInstance, dependencies: AppDependencies): Promise<void> {
  await scope.register(fastifyWebsocket, {
    options: { maxPayload: MAX_MESSAGE_BYTES, handleProtocols: chooseSubprotocol },
  })
  // Before the upgrade: refusals are answers of HTTP.
  scope.addHook('preHandler', async (request) => {
    const refusal = dependencies.sessions.refusal(request)
    if (refusal !== undefined) throw refusal
  })
  realtime(scope, dependencies)
  deepgram(scope, dependencies)
}
