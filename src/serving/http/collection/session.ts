/** The client's identifier of a visit: for baselines and collected clips, and there only as a hash. */
import type { FastifyRequest } from 'fastify'

export const MAX_SESSION_CHARACTERS = 200

export function sessionOf({ headers }: FastifyRequest): string | undefined {
  const session = headers['earshot-session']
  return typeof session === 'string' && session !== '' ? session.slice(0, MAX_SESSION_CHARACTERS) : undefined
}
