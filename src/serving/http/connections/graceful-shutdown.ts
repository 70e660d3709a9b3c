/**
 * The end of the HTTP side. From the drain on, every answer ends its connection. When all that was accepted has been
 * answered, nobody new is accepted, requests that are on their way already still get their refusal, and then every
 * connection is closed, whatever its client does with it.
 */
import { Server } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Connections } from './connections.js'
import type { Uploads } from '../uploads.js'

const LINGER_MS = 500

export function shutDownGracefully(app: FastifyInstance, uploads: Uploads, connections: Connections): void {
  app.addHook('onSend', async (_request, reply) => { if (uploads.isDraining) void reply.header('connection', 'close') })
  app.addHook('preClose', async () => {
    if (uploads.isDraining) {
      // Right after the loop has accepted all that waited: the kernel resets what is left in the line of a closed port.
      await new Promise((resolve) => setImmediate(resolve))
      // Not the server's own close(), which would cut connections whose request is still on its way.
      Server.prototype.close.call(app.server)
      await new Promise((resolve) => setTimeout(resolve, LINGER_MS))
    }
    await connections.close()
  })
}
