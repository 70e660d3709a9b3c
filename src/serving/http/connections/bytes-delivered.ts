/** How many of the bytes that were written to a connection have been delivered to the client. */
import type { Socket } from 'node:net'

/** Node's own socket timeouts use these fields; `bytesWritten` counts a write only when all of it is delivered. */
interface SocketInternals {
  /** Bytes of all writes that have begun. */
  readonly _bytesDispatched?: number
  readonly _handle?: { readonly writeQueueSize?: number } | null
}

/** Bytes that the client has received, including those of a large write in progress. */
export function bytesDelivered(socket: Socket): number {
  const { _bytesDispatched: begun, _handle: handle } = socket as unknown as SocketInternals
  return begun === undefined ? socket.bytesWritten - socket.writableLength : begun - (handle?.writeQueueSize ?? 0)
}
