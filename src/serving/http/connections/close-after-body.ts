/** The end of a connection on which a body is still coming. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** For the rest of a body that was refused with the end of the connection. */
const REST_OF_BODY_MS = 1_000

/**
 * Node closes a connection behind its last answer at once. If a body is still coming then, the kernel resets the
 * connection, and the client may never read the answer. So the rest of the body gets a short time to come.
 */
export function closeAfterBody(socket: Socket, lastRequest: () => IncomingMessage | undefined): void {
  const closeNow = socket.destroySoon.bind(socket)
  socket.destroySoon = () => {
    const request = lastRequest()
    if (request === undefined || request.complete || socket.destroyed) return closeNow()
    socket.end()
    const timer = setTimeout(closeNow, REST_OF_BODY_MS).unref()
    request.once('end', closeNow)
    socket.once('close', () => { clearTimeout(timer) })
  }
}
