/**
 * Protection against requests of web pages. A browser sends requests of any page to any address that it can reach, also
 * to a service on this machine, and many of them without a preflight: forms, images, fetches of the mode `no-cors`. So
 * each request is checked before anything else happens, on every path: by which name it addresses the service
 * (`hosts.ts`), and which page it comes from. Requests that no browser sent (curl, servers) have none of these headers
 * and pass.
 *
 * Browsers tell the relation of the page in `Sec-Fetch-Site` (Fetch Metadata), which no page can change; `same-site` is
 * another origin too, such as another port of localhost. They leave it out where the address is neither https nor
 * loopback; then `Origin` must be the service's own, which browsers send with everything but plain GETs. Those can be
 * sent by any page, have no effects, and their answers have `Cross-Origin-Resource-Policy`, so that no page can use
 * them. A link on another site may open a page of the service that holds no data itself, in a tab of its own.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../../config.js'
import { SpeechError } from '../../../domain/errors.js'
import { answerPreflight, isPreflight, isShared, shareAnswer } from './cors.js'
import { answersToAnyName, hostCheck } from './hosts.js'

/** Pages of the service override this policy. */
const PROTECTION = {
  'content-security-policy': 'default-src \'none\'; base-uri \'none\'; form-action \'none\'; frame-ancestors \'none\'',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}
/** Load balancers request these under other host names. They only report whether the service is alive and ready. */
const PROBES = new Set(['/healthz', '/readyz'])
/** Routes of pages, as templates of the router: /, /docs, /drift, /label, /clips and what lies below. */
const PAGES = /^\/(?:(?:docs|drift|label|clips)(?:\/.*)?)?$/
const MAX_SHOWN_CHARACTERS = 100

/** Call it before any hook that reads, refuses or counts: a preflight has no key. */
export function guardBrowsers(app: FastifyInstance, config: Config): void {
  const isOurs = hostCheck(config)
  if (answersToAnyName(config)) {
    app.log.warn('requests are accepted under any host name; set EARSHOT_ALLOWED_HOSTS to those of this service')
  }
  if (config.allowedOrigins.includes('*')) {
    app.log.warn('pages of every origin may use this service (EARSHOT_ALLOWED_ORIGINS)')
  }
  app.addHook('onRequest', async (request, reply) => {
    protectAnswer(reply)
    const shared = shareAnswer(request, reply, config.allowedOrigins)
    const { host } = request.headers
    if (!isOurs(host) && !PROBES.has(request.routeOptions.url ?? '')) {
      throw new SpeechError('HOST_REFUSED', `"${shorten(host)}" (EARSHOT_ALLOWED_HOSTS)`)
    }
    if (shared && isPreflight(request)) return answerPreflight(request, reply)
    if (!shared && isForeign(request) && !isVisit(request)) throw foreignPage(request)
    return undefined
  })
}

export function protectAnswer(reply: FastifyReply): void {
  void reply.headers(PROTECTION)
}

function isForeign({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  return headers.origin !== undefined && !isOwnOrigin(headers.origin, headers.host)
}

/** The scheme is not compared, since TLS may end at a gateway; it decides which port is the default. */
function isOwnOrigin(origin: string, host: string | undefined): boolean {
  const scheme = /^https?:/.exec(origin)?.[0]
  const own = `${scheme}//${host}`
  if (scheme === undefined || host === undefined || !URL.canParse(origin) || !URL.canParse(own)) return false
  return new URL(origin).host === new URL(own).host
}

/** A navigation of a tab, not of a frame, to a page of the service. */
function isVisit({ method, headers, routeOptions }: FastifyRequest): boolean {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': destination } = headers
  return method === 'GET' && mode === 'navigate' && destination === 'document' && PAGES.test(routeOptions.url ?? 'none')
}

function foreignPage(request: FastifyRequest): SpeechError {
  const page = request.headers.origin === undefined ? 'of another origin' : `of "${shorten(request.headers.origin)}"`
  const rest = isShared(request) ? ' (EARSHOT_ALLOWED_ORIGINS)' : ', and no other origin may be allowed on this route'
  return new SpeechError('ORIGIN_REFUSED', `pages ${page}${rest}`)
}

function shorten(header: string | undefined): string {
  return (header ?? '').slice(0, MAX_SHOWN_CHARACTERS)
}
