/**
 * Access control by route. Each route declares in its `config` which scope it requires, and a server with a route that
 * declares nothing does not start. The check uses the matched route and never the path, so no spelling of a path
 * bypasses it. It runs before the body is read and before uploads are admitted. Without a keys file, every route is
 * open.
 */
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import type { Access, Refusal } from '../../domain/scopes.js'
import { SpeechError } from '../../domain/errors.js'
import { nameByKey, networkOf } from './connections/clients.js'
import type { AppDependencies } from './dependencies.js'
import { authorizationOf } from './live/subprotocols.js'
import { replyWithError } from './replies.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Every route must have it: the server does not start without. */
    access?: Access
  }
  interface FastifyRequest {
    /** Name of the access key; undefined on open routes and without keys. */
    keyName: string | undefined
    /** Configuration of the live session that a client secret opens; undefined for other requests. */
    session: object | undefined
    /** Whether the request was refused for its key, or for having none. */
    isRefusedForKey: boolean
  }
  interface FastifyInstance {
    /** Every route, including those that Fastify adds for HEAD. */
    routeAccess(): { method: string; url: string; access: Access | undefined }[]
  }
}

/** The name of the security scheme in the OpenAPI description. */
export const SECURITY_SCHEME = 'accessKey'
/** Most log lines about refused requests in a window; the others are counted in the next one. */
const MAX_LINES = 10
const WINDOW_MS = 10_000

/** RFC 6750, 3.1: the answer to a request without any key has only the scheme. */
const CHALLENGES: Readonly<Record<Refusal, string>> = {
  KEY_MISSING: '',
  KEY_INVALID: ', error="invalid_token"',
  KEY_EXPIRED: ', error="invalid_token", error_description="The access key has expired"',
  KEY_SCOPE: ', error="insufficient_scope"',
}

/** Call it before any route is added, and after the hooks that every answer needs. */
export function guardRoutes(app: FastifyInstance, { keys, telemetry, logger }: AppDependencies): void {
  const routes: RouteOptions[] = []
  const logRefusal = refusalLog(logger)
  app.decorateRequest('keyName', undefined)
  app.decorateRequest('session', undefined)
  app.decorateRequest('isRefusedForKey', false)
  app.decorate('routeAccess', () => routes.flatMap(({ method: methods, url, config }) =>
    [methods].flat().map((method) => ({ method, url, access: config?.access }))))
  app.addHook('onRoute', (route) => {
    routes.push(route)
    if (keys !== undefined) describeAccess(route)
  })
  // Not in the hook above: the scope of a plugin may declare it for the plugin's routes, and its hooks run later.
  app.addHook('onReady', async () => {
    const undeclared = app.routeAccess().filter(({ access }) => access === undefined)
    const listed = undeclared.map(({ method, url }) => `${method} ${url}`).join(', ')
    if (undeclared.length > 0) throw new Error(`these routes do not declare who may use them: ${listed}`)
  })
  app.addHook('onRequest', async (request, reply) => {
    const { access = 'admin' } = request.routeOptions.config
    if (keys === undefined || request.is404 || access === 'open') return
    const verdict = keys.verify(authorizationOf(request.headers), access)
    const { name, refusal } = verdict
    request.session = 'session' in verdict ? verdict.session : undefined
    if (name !== undefined) {
      request.keyName = name
      request.log = request.log.child({ key: name })
      nameByKey(request, name)
    }
    if (refusal === undefined) return
    request.isRefusedForKey = true
    telemetry.accessRefused(refusal)
    logRefusal(request, refusal)
    const scope = refusal === 'KEY_SCOPE' ? `, scope="${access}"` : ''
    void reply.header('www-authenticate', `Bearer realm="earshot"${CHALLENGES[refusal]}${scope}`)
    return replyWithError(new SpeechError(refusal, refusal === 'KEY_SCOPE' ? `"${access}"` : undefined), request, reply)
  })
}

/** For /openapi.json, which says nothing of keys where the service has none. */
function describeAccess(route: RouteOptions): void {
  const access = route.config?.access
  if (access === undefined || access === 'open') return
  const { description, ...schema } = route.schema ?? {}
  const required = access === 'any' ? 'any key' : `a key with the scope \`${access}\``
  const words = `Access keys: ${required}.`
  route.schema = {
    ...schema,
    description: description === undefined ? words : `${description} ${words}`,
    security: [{ [SECURITY_SCHEME]: access === 'any' ? [] : [access] }],
  }
}

/** Never logs the key or any part of the header. Bounded, so that a client that guesses keys cannot fill a disk. */
function refusalLog(logger: FastifyBaseLogger): (request: FastifyRequest, refusal: Refusal) => void {
  let windowEnds = 0
  let lines = 0
  let unlogged = 0
  return (request, refusal) => {
    const now = performance.now()
    if (now >= windowEnds) {
      windowEnds = now + WINDOW_MS
      lines = 0
    }
    if (lines >= MAX_LINES) {
      unlogged++
      return
    }
    lines++
    const { method, routeOptions: { url: route }, keyName: key, socket } = request
    logger.warn({
      requestId: request.id, method, route, code: refusal,
      address: networkOf(socket.remoteAddress ?? ''),
      ...key !== undefined && { key },
      ...unlogged > 0 && { unlogged },
    }, 'access refused')
    unlogged = 0
  }
}
