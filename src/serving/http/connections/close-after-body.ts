/** Closes a connection on which a body is still arriving. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** Time for the rest of a body that was refused with `connection: close`. */
const REST_OF_BODY_MS = 1_000

/**
 * Node closes a connection right after its last answer. If a body is still arriving then, the kernel resets the
 * connection, and the client may never read the answer. So the rest of the body gets a short time to arrive.
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
