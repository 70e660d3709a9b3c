/** Applies the connection limits, and answers on a connection beyond them that it is refused. */
import type { FastifyInstance } from 'fastify'
import { SpeechError } from '../../../domain/errors.js'
import type { Connections } from './connections.js'
import type { AppDependencies } from '../dependencies.js'

export function limitConnections(app: FastifyInstance, connections: Connections, { telemetry }: AppDependencies): void {
  connections.watch(app.server)
  telemetry.observeConnections(() => connections.counts)
  app.addHook('onRequest', async ({ raw }) => {
    if (connections.isRefused(raw.socket)) throw new SpeechError('TOO_MANY_CONNECTIONS')
  })
}
