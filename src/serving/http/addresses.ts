/**
 * Addresses as clients write them. Slashes too many are joined, since base URLs end with one and paths begin with one.
 * Anything else that is no route gets an answer that says what is wrong: the methods of a known path (RFC 9110,
 * 15.5.6), or the path that was probably meant.
 *
 * Addresses are corrected before routing, and access is checked by route, so no spelling of a path avoids the check.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { SpeechError } from '../../domain/errors.js'
import { replyWithError } from './replies.js'

const MAX_SHOWN_CHARACTERS = 200
/**
 * Pages keep their addresses: links of a page depend on the slash at its end. So do metrics and drift, which proxies
 * withhold from the public by their paths.
 */
const CORRECTED = /^\/(?:v1(?!\/drift$)(?:\/|$)|(?:healthz|readyz|openapi\.json)$)/
/** Routes of other servers, and what a base URL without or with a second /v1 makes of ours. */
const MEANT: readonly (readonly [RegExp, string])[] = [
  [/^(?:\/v1)*\/(?:inference|asr|stt|transcribe|speech-to-text|audio\/translations)$/, '/v1/audio/transcriptions'],
  [/^(?:\/(?:v1|api|openai))*\/audio\/transcriptions(?:\/v1)?(?:\/audio\/transcriptions)?$/, '/v1/audio/transcriptions'],
  [/^\/v1\/audio(?:\/audio|\/v1)*\/transcriptions?$/, '/v1/audio/transcriptions'],
  [/^(?:\/v1)*\/(?:audio|transcription|recognize)$/, '/v1/transcriptions'],
  [/^(?:\/v1)*\/(?:health|healthz|livez|ping|status)$/, '/healthz'],
  [/^(?:\/v1)*\/(?:ready|readyz)$/, '/readyz'],
  [/^\/(?:openapi|swagger|openapi\.ya?ml|swagger\.json|v1\/openapi\.json)$/, '/openapi.json'],
]

/** For `rewriteUrl`: joins slashes and removes one at the end. */
export function correctedUrl(url: string): string {
  const [path = '', ...query] = url.split('?')
  if (!path.startsWith('/') || !(path.includes('//') || path.endsWith('/'))) return url
  const joined = path.replace(/\/{2,}/g, '/').replace(/\/$/, '')
  return CORRECTED.test(joined) ? [joined, ...query].join('?') : url
}

/** Answers what no route matches. Call it before any route is added. */
export function answerUnknownAddresses(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?', 1)
    const methods = methodsAt(path, app)
    // A route may find nothing itself: a page does not have every file.
    if (methods.length === 0 || methods.includes(request.method)) {
      return replyWithError(notFound(request.method, path, app), request, reply)
    }
    const allowed = [...methods, 'OPTIONS'].join(', ')
    void reply.header('allow', allowed)
    if (request.method === 'OPTIONS') return reply.code(204).send()
    return refuseMethod(request, reply, path, allowed)
  })
}

function refuseMethod(
  request: FastifyRequest, reply: FastifyReply, path: string, allowed: string,
): Promise<FastifyReply> {
  const detail = `${request.method} ${shorten(path)}; allowed: ${allowed}`
  return replyWithError(new SpeechError('METHOD_NOT_ALLOWED', detail), request, reply)
}

function notFound(method: string, path: string, app: FastifyInstance): SpeechError {
  const meant = meantPath(path, app)
  const ofOpenAi = meant?.startsWith('/v1/audio/') === true ? ' The base URL of OpenAI\'s clients ends with /v1' : ''
  const advice = meant === undefined ? '; /docs lists the routes' : `; did you mean ${meant}?${ofOpenAi}`
  return new SpeechError('ROUTE_NOT_FOUND', `${method} ${shorten(path)}${advice}`)
}

function meantPath(path: string, app: FastifyInstance): string | undefined {
  if (path.length > MAX_SHOWN_CHARACTERS) return undefined
  const plain = path.toLowerCase().replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '')
  const found = MEANT.find(([pattern]) => pattern.test(plain))?.[1]
  if (found !== undefined) return found
  const withoutPrefix = plain.replace(/^\/(?:api|openai)\//, '/')
  const candidates = [plain, `/v1${plain}`, plain.replace(/^(?:\/v1)+/, '/v1'), withoutPrefix]
  return candidates.find((candidate) => candidate !== path && methodsAt(candidate, app).length > 0)
}

/** The methods of the routes whose template a path matches. */
function methodsAt(path: string, app: FastifyInstance): string[] {
  const segments = path.split('/').map(unescaped)
  const found = app.routeAccess().filter(({ url }) => matches(url.split('/'), segments)).map(({ method }) => method)
  return [...new Set(found)].sort()
}

/** As the router reads a segment. Broken escapes match no route. */
function unescaped(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** A segment `:name` of a template is any text, `*` everything that follows. */
function matches(template: readonly string[], segments: readonly string[]): boolean {
  const rest = template.indexOf('*')
  if (rest !== -1) return matches(template.slice(0, rest), segments.slice(0, rest))
  return template.length === segments.length && template.every((part, index) =>
    part.startsWith(':') ? segments[index] !== '' : part === segments[index])
}

function shorten(path: string): string {
  return path.slice(0, MAX_SHOWN_CHARACTERS)
}
