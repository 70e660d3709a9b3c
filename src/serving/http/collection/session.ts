/** The client's identifier of a visit: for baselines and collected clips, and there only as a hash. */
import type { FastifyRequest } from 'fastify'

const MAX_SESSION_CHARACTERS = 200
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function sessionOf({ headers }: FastifyRequest): string | undefined {
  const session = headers['earshot-session']
  return typeof session === 'string' && session !== '' ? shortened(textOf(session)) : undefined
}

/** As it is remembered, of a header or a query. */
export function shortened(session: string): string {
  return session.slice(0, MAX_SESSION_CHARACTERS)
}

/**
 * Node gives the bytes of a header as Latin-1 (RFC 9110, section 5.5, leaves the encoding open). Clients send UTF-8, as
 * in the query of a deletion. What is no UTF-8 stays as it is.
 */
function textOf(header: string): string {
  try {
    return UTF8.decode(Buffer.from(header, 'latin1'))
  } catch (thrown) {
    if (thrown instanceof TypeError) return header
    throw thrown
  }
}
