/** How much of what was written to a connection its client has taken. */
import type { Socket } from 'node:net'

/** Node's own timeouts of sockets look at these; what it shows to others counts a write only when all of it is out. */
interface InsideOfSocket {
  /** Bytes of all writes that were begun. */
  readonly _bytesDispatched?: number
  readonly _handle?: { readonly writeQueueSize?: number } | null
}

/** Bytes that the client's side has taken, those of a large write that is still under way among them. */
export function bytesDelivered(socket: Socket): number {
  const { _bytesDispatched: begun, _handle: handle } = socket as unknown as InsideOfSocket
  return begun === undefined ? socket.bytesWritten - socket.writableLength : begun - (handle?.writeQueueSize ?? 0)
}
