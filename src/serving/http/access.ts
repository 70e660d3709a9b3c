/**
 * Who may use which route. Each route says in its `config` what it asks for, and a server with a route that says
 * nothing does not start. The check hangs on the route that was matched and never on the path, so no way of writing a
 * path leads around it. It runs before the body is read and before the door for audio. Without a keys file, every
 * route is open.
 */
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import type { Access, Refusal } from '../../domain/scopes.js'
import { SpeechError } from '../../domain/errors.js'
import { nameByKey, networkOf } from './connections/clients.js'
import type { AppDependencies } from './dependencies.js'
import { replyWithError } from './replies.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Required of every route: the server does not start without. */
    access?: Access
  }
  interface FastifyRequest {
    /** Of the access key; undefined on open routes and without keys. */
    keyName: string | undefined
    /** Refused for its key, or for having none. */
    isRefusedForKey: boolean
  }
  interface FastifyInstance {
    /** Every route, those that Fastify adds for HEAD included. */
    routeAccess(): { method: string; url: string; access: Access | undefined }[]
  }
}

/** The name of the security scheme in the OpenAPI description. */
export const SECURITY_SCHEME = 'accessKey'
/** Log lines about refused requests in a window; the others are counted in the next one. */
const MOST_LINES = 10
const WINDOW_MS = 10_000

/** RFC 6750, 3.1: a request without any key is told nothing but the scheme. */
const CHALLENGES: Readonly<Record<Refusal, string>> = {
  KEY_MISSING: '',
  KEY_INVALID: ', error="invalid_token"',
  KEY_EXPIRED: ', error="invalid_token", error_description="The access key has expired"',
  KEY_SCOPE: ', error="insufficient_scope"',
}

/** To be called before any route is added, and after the hooks that every answer needs. */
export function guardRoutes(app: FastifyInstance, { keys, telemetry, logger }: AppDependencies): void {
  const routes: RouteOptions[] = []
  const logRefusal = refusalLog(logger)
  app.decorateRequest('keyName', undefined)
  app.decorateRequest('isRefusedForKey', false)
  app.decorate('routeAccess', () => routes.flatMap(({ method: methods, url, config }) =>
    [methods].flat().map((method) => ({ method, url, access: config?.access }))))
  app.addHook('onRoute', (route) => {
    routes.push(route)
    describeAccess(route, keys !== undefined)
  })
  // Not in the hook above: the scope of a plugin may say it for the plugin's routes, and its hooks run later.
  app.addHook('onReady', async () => {
    const silent = app.routeAccess().filter(({ access }) => access === undefined)
    const listed = silent.map(({ method, url }) => `${method} ${url}`).join(', ')
    if (silent.length > 0) throw new Error(`these routes do not say who may use them: ${listed}`)
  })
  app.addHook('onRequest', async (request, reply) => {
    const { access = 'admin' } = request.routeOptions.config
    if (keys === undefined || request.is404 || access === 'open') return
    const { name, refusal } = keys.verify(request.headers.authorization, access)
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

/** Gives the routes of a plugin, which cannot say it themselves, the access that `scope` is for. */
export function declareAccess(scope: FastifyInstance, access: Access): void {
  scope.addHook('onRoute', (route) => { route.config = { ...route.config, access } })
}

/** For /openapi.json. Where no key is needed, the empty alternative says so. */
function describeAccess(route: RouteOptions, needed: boolean): void {
  const access = route.config?.access
  if (access === undefined || access === 'open') return
  const { description, ...schema } = route.schema ?? {}
  const asked = access === 'any' ? 'any key' : `a key with the scope \`${access}\``
  const words = `Access keys: ${asked}${needed ? '' : ', where the service asks for keys'}.`
  const key = { [SECURITY_SCHEME]: access === 'any' ? [] : [access] }
  route.schema = {
    ...schema,
    description: description === undefined ? words : `${description} ${words}`,
    security: needed ? [key] : [key, {}],
  }
}

/** Never the key, nor any part of the header. Bounded, so that somebody who guesses keys cannot fill a disk. */
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
    if (lines >= MOST_LINES) {
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
