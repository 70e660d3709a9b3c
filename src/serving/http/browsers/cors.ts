/**
 * CORS (Fetch Standard, 3.2) for pages of other origins that the operator allows, on the routes that such pages need:
 * audio, search and feedback. Catalogues, metrics and drift are never shared. No credentials are allowed, since the
 * service has no cookies; a page sends its key in a header.
 *
 * Headers are set before anything else happens to a request, so that a page can read errors too. Not @fastify/cors:
 * it answers OPTIONS on every path, does not support private networks, and does not refuse what it does not allow.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { LIVE_PATHS } from '../live/paths.js'

const SHARED_ROUTES = new Set([
  '/v1/transcriptions', '/v1/audio/transcriptions', '/v1/search', '/v1/feedback', '/v1/labels', ...LIVE_PATHS,
])
/** Headers that a page may send. */
const OWN_HEADER = /^(?:authorization|content-type|earshot-collect|earshot-session|x-request-id)$/
/** Headers that OpenAI's client sends. */
const OPENAI_HEADER = /^(?:user-agent|openai-(?:organization|project)|x-stainless-[a-z-]{1,40})$/
/** Headers that a page may read. */
const EXPOSED_HEADERS = [
  'earshot-feedback-token', 'earshot-ignored-parameters', 'earshot-languages', 'earshot-prompt', 'retry-after',
  'x-request-id',
].join(', ')
/** The longest that Chromium caches a preflight. */
const PREFLIGHT_SECONDS = '7200'

/** Shares the answer with the requesting page if its origin is allowed on this route; returns whether it did. */
export function shareAnswer(request: FastifyRequest, reply: FastifyReply, allowedOrigins: readonly string[]): boolean {
  if (allowedOrigins.length === 0 || !isShared(request)) return false
  const { origin } = request.headers
  const anyOrigin = allowedOrigins.includes('*')
  if (!anyOrigin) void reply.header('vary', 'Origin')
  if (origin === undefined || !(anyOrigin || allowedOrigins.includes(origin))) return false
  void reply.headers({
    'access-control-allow-origin': anyOrigin ? '*' : origin,
    'access-control-expose-headers': EXPOSED_HEADERS,
  })
  return true
}

/** Whether other origins can be allowed on this route; by the path, since no route is registered for preflights. */
export function isShared({ url }: FastifyRequest): boolean {
  const [path = ''] = url.split('?', 1)
  return SHARED_ROUTES.has(path)
}

export function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
}

export function answerPreflight({ headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const requested = String(headers['access-control-request-headers'] ?? '')
    .toLowerCase().split(',').map((name) => name.trim())
  const allowed = requested.filter((name) => OWN_HEADER.test(name) || OPENAI_HEADER.test(name))
  return reply.code(204).headers({
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': allowed.join(', '),
    'access-control-max-age': PREFLIGHT_SECONDS,
    ...headers['access-control-request-private-network'] === 'true' && {
      'access-control-allow-private-network': 'true',
    },
  }).send()
}
