/**
 * Identifies the client of a request, for fair shares of queue, workers and upload memory: the client that a gateway
 * names in the configured header, else the access key, else the address of the connection. An IPv6 host has a whole /64
 * at its disposal (RFC 4291, 2.5.4), so the addresses of one /64 count as one client.
 */
import { isIPv6 } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyRequest {
    /** Name of the client, for scheduling; never logged, never a metric label. */
    client: string
  }
}

const MAX_NAME_CHARACTERS = 100
const GATEWAY_PREFIX = 'header '

/** Sets `request.client` before any other hook sees the request. */
export function nameClients(app: FastifyInstance, clientHeader: string | undefined): void {
  app.decorateRequest('client', '')
  app.addHook('onRequest', async (request) => { request.client = clientOf(request, clientHeader) })
}

function clientOf({ headers, socket }: FastifyRequest, clientHeader: string | undefined): string {
  const named = clientHeader === undefined ? undefined : headers[clientHeader]
  if (typeof named === 'string' && named !== '') return `${GATEWAY_PREFIX}${named.slice(0, MAX_NAME_CHARACTERS)}`
  return `address ${networkOf(socket.remoteAddress ?? '')}`
}

/** A key identifies a client at any address; the header of a gateway takes precedence. */
export function nameByKey(request: FastifyRequest, keyName: string): void {
  if (!request.client.startsWith(GATEWAY_PREFIX)) request.client = `key ${keyName}`
}

/** An IPv4 address as it is, an IPv6 address by its first 64 bits. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (!isIPv6(plain)) return plain
  const [head, tail] = plain.split('::')
  const groups = (text: string | undefined): string[] => text === undefined || text === '' ? [] : text.split(':')
  const left = groups(head)
  const right = groups(tail)
  const missing = tail === undefined ? 0 : 8 - left.length - right.length
  const all = [...left, ...Array<string>(missing).fill('0'), ...right]
  return all.slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(':')
}
