/**
 * Clients that close their half of a connection after the request (`nc -N`, some of HTTP/1.0) still read the answer.
 * The server sees the same end of data when a client has gone away, and work for that one should stop. Only writing
 * tells them apart: the kernel of a client that has closed both halves answers with a reset. So the server writes
 * interim answers, `100 Continue`, which every client of HTTP/1.1 has to skip (RFC 9110, 15.2), at growing intervals.
 * One of HTTP/1.0 must not get any; its answer is computed in any case.
 */
import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** The reset is seen by the write after the one that caused it; on a local network it arrives within a millisecond. */
const FIRST_MS = 20
const LONGEST_MS = 2_000

/** Node closes half-closed connections without an answer, unless this undocumented property is set. */
export function answerHalfClosed(server: Server): void {
  Object.assign(server, { httpAllowHalfOpen: true })
}

/** Call it when the client has sent its last byte. `answers` are those in progress, in the order of the requests. */
export function probeForClient(socket: Socket, answers: ReadonlySet<ServerResponse>): void {
  const last = [...answers].at(-1)
  if (last !== undefined) last.shouldKeepAlive = false
  let timer: NodeJS.Timeout | undefined
  const probe = (delayMs: number): void => {
    const [first] = answers
    if (first === undefined || socket.destroyed || first.req.httpVersion === '1.0') return
    if (!first.headersSent) first.writeContinue()
    timer = setTimeout(() => { probe(Math.min(LONGEST_MS, 2 * delayMs)) }, delayMs).unref()
  }
  socket.once('close', () => { clearTimeout(timer) })
  probe(FIRST_MS)
}
