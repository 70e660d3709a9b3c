/**
 * Shuts the HTTP server down. From the drain on, every answer closes its connection. When all accepted requests are
 * answered, no new connection is accepted, requests that are already in transit still get their refusal, and then
 * every connection is closed.
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
      // After the event loop has accepted all pending connections: the kernel resets those of a closed port.
      await new Promise((resolve) => setImmediate(resolve))
      // Not the server's own close(), which would also close connections whose request is still in transit.
      Server.prototype.close.call(app.server)
      await new Promise((resolve) => setTimeout(resolve, LINGER_MS))
    }
    await connections.close()
  })
}
