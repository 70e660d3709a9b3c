/**
 * Access keys on the HTTP side. Every route of the server is asked, as the server itself lists them, so that a new one
 * is asked too: without a key, with a wrong one, with one that lacks the scope, and with the right one.
 */
import { request } from 'node:http'
import OpenAI, { AuthenticationError, PermissionDeniedError } from 'openai'
import t, { type Test } from 'tap'
import { SCOPE_NAMES, type Access, type Scope } from '../../../src/domain/scopes.js'
import { createKey } from '../../../src/serving/access/secret.js'
import { CLIP, errorOf, post, setUp } from './fake-service.js'
import { makeKeys, until } from './keys.js'

const WITHOUT: Readonly<Record<string, readonly Scope[]>> = Object.fromEntries(
  SCOPE_NAMES.map((scope) => [`no-${scope}`, SCOPE_NAMES.filter((other) => other !== scope && other !== 'admin')]),
)

/** A service with a key for each scope, one for each that has all the others, and one with the scope `admin`. */
async function guarded(t: Test, environment: Record<string, string> = {}) {
  const made = await makeKeys(t, { ...Object.fromEntries(SCOPE_NAMES.map((scope) => [scope, [scope]])), ...WITHOUT })
  const service = await setUp(t, { EARSHOT_KEYS_FILE: made.file, ...environment })
  return { ...made, ...service }
}

/** An answer to exactly this request line; `fetch` would tidy the path up. */
function ask(
  url: string,
  method: string,
  target: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; challenge: string; code: string | undefined; body: string }> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    request({ hostname, port, method, path: target, headers: { 'content-length': '0', ...headers } }, (response) => {
      let body = ''
      response
        .setEncoding('utf8')
        .on('data', (text: string) => {
          body += text
        })
        .on('end', () => {
          const code = /^\{"error"/.test(body)
            ? (JSON.parse(body) as { error: { code: string } }).error.code
            : undefined
          resolve({ status: response.statusCode!, challenge: response.headers['www-authenticate'] ?? '', code, body })
        })
    })
      .on('error', reject)
      .end()
  })
}

const filled = (url: string): string => url.replace(/:\w+/g, 'x').replace('*', 'x')

t.test('every route but those that are open asks for a key with its scope', async (t) => {
  const { app, url, bearer } = await guarded(t)
  const routes = app.routeAccess()
  t.ok(routes.length > 25, `${routes.length} routes`)
  for (const { method, url: template, access } of routes) {
    const target = filled(template)
    const name = `${method} ${template}`
    const isHead = method === 'HEAD'
    const allowed = async (headers: Record<string, string>): Promise<boolean> =>
      ![401, 403].includes((await ask(url, method, target, headers)).status)
    if (access === 'open') {
      t.ok(await allowed({}), `${name} is open`)
      continue
    }
    t.match(
      await ask(url, method, target),
      { status: 401, challenge: 'Bearer realm="earshot"', code: isHead ? undefined : 'KEY_MISSING' },
      `${name} without a key`,
    )
    t.match(
      await ask(url, method, target, { authorization: `Bearer ${createKey()}` }),
      { status: 401, challenge: /error="invalid_token"$/, code: isHead ? undefined : 'KEY_INVALID' },
      `${name} with a wrong key`,
    )
    if (access === 'any') {
      for (const scope of SCOPE_NAMES) t.ok(await allowed(bearer(scope)), `${name} with a key for ${scope}`)
      continue
    }
    t.match(
      await ask(url, method, target, bearer(`no-${access}`)),
      {
        status: 403,
        challenge: `error="insufficient_scope", scope="${access!}"`,
        code: isHead ? undefined : 'KEY_SCOPE',
      },
      `${name} without the scope`,
    )
    t.ok(await allowed(bearer(access!)), `${name} with the scope`)
    t.ok(await allowed(bearer('admin')), `${name} with the scope admin`)
  }
})

t.test('only these routes are open, and nothing of them is data', async (t) => {
  const { app } = await guarded(t)
  const open = app
    .routeAccess()
    .filter(({ access, method }) => access === 'open' && method !== 'HEAD')
    .map(({ url }) => url)
  t.same(open.filter((url) => !url.startsWith('/docs')).sort(), [
    '/',
    '/drift',
    '/drift/',
    '/drift/:file',
    '/healthz',
    '/openapi.json',
    '/readyz', '/runbook', '/runbook/', '/runbook/:file',
    '/shared/:file', '/talk/:file',
  ])
  const scopes = Object.fromEntries(
    app
      .routeAccess()
      .filter(({ access }) => access !== 'open')
      .map(({ method, url, access }) => [`${method} ${url}`, access]),
  )
  const expected: Record<string, Access> = {
    'POST /v1/transcriptions': 'transcribe',
    'POST /v1/audio/transcriptions': 'transcribe',
    'GET /v1/realtime': 'transcribe',
    'HEAD /v1/realtime': 'transcribe',
    'POST /v1/realtime/client_secrets': 'transcribe',
    'POST /v1/search': 'search',
    'GET /v1/catalogues': 'catalogues',
    'HEAD /v1/catalogues': 'catalogues',
    'PUT /v1/catalogues/:name': 'catalogues',
    'GET /v1/catalogues/:name': 'catalogues',
    'HEAD /v1/catalogues/:name': 'catalogues',
    'DELETE /v1/catalogues/:name': 'catalogues',
    'POST /v1/feedback': 'feedback',
    'POST /v1/labels': 'labels',
    'DELETE /v1/collected': 'collection',
    'DELETE /v1/collected/:id': 'collection',
    'GET /v1/listen': 'transcribe',
    'HEAD /v1/listen': 'transcribe',
    'GET /v1/models': 'any',
    'HEAD /v1/models': 'any',
    'GET /v1/models/:id': 'any',
    'HEAD /v1/models/:id': 'any',
    'GET /metrics': 'metrics',
    'HEAD /metrics': 'metrics',
    'GET /v1/drift': 'metrics',
    'HEAD /v1/drift': 'metrics',
  }
  t.same(scopes, expected)
})

t.test('a route that does not say who may use it keeps the server from starting', async (t) => {
  const { buildApp } = await import('../../../src/serving/http/app.js')
  const { dependencies } = await setUp(t)
  const app = await buildApp(dependencies, '0')
  t.teardown(() => app.close())
  app.get('/forgotten', async () => 'everything')
  await t.rejects(async () => { await app.ready() }, /do not declare who may use them: GET \/forgotten, HEAD \/forgotten/)
})

t.test('no way of writing a path leads around the check', async (t) => {
  const { url, keys } = await guarded(t)
  for (const path of ['/v1/models', '/metrics', '/v1/drift', '/v1/catalogues', '/v1/catalogues/shop']) {
    const [, first, ...rest] = path.split('/')
    const tricks = [
      path,
      `/${path}`,
      `//${path}`,
      `${path}/`,
      `${path}//`,
      `/.${path}`,
      `/x/..${path}`,
      `/%2e%2e${path}`,
      `/docs/..${path}`,
      `/drift/..${path}`,
      `/docs/static/..${path}`,
      `/docs/%2e%2e${path}`,
      `/healthz/..${path}`,
      `/healthz;${path}`,
      `/healthz%2f..${path}`,
      `/healthz?${path}`,
      path.toUpperCase(),
      `/%${first!.charCodeAt(0).toString(16)}${path.slice(2)}`,
      `/${[first, ...rest].join('%2f')}`,
      `/${[first, ...rest].join('%5c')}`,
      `/${[first, ...rest].join('\\')}`,
      `${path};a=b`,
      `${path}%00`,
      `${path}%20`,
      `${path}.`,
      `${path}?x`,
      `${path}#x`,
      `${path}%23x`,
      `${path}%3fx`,
      `${url}${path}`,
      `http://elsewhere${path}`,
      `http:${path}`,
      `elsewhere${path}`,
      `*${path}`,
      '*',
    ]
    for (const target of tricks) {
      for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE']) {
        // What is not HTTP is answered with a body to HEAD too, which the client does not take.
        const { status, body } = await ask(url, method, target).catch((thrown: unknown) => {
          if (method === 'HEAD' && (thrown as NodeJS.ErrnoException).code === 'HPE_CLOSED_CONNECTION')
            return { status: 400, body: '' }
          throw thrown
        })
        // `*` is read as `/`: the page to talk to.
        const isPublic = /^(?:\/healthz\?|\*$)/.test(target)
        const namesMethods = method === 'OPTIONS' && status === 204 && body === ''
        t.ok(isPublic || namesMethods || status >= 300, `${method} ${target}: ${status}`)
        t.notMatch(body, /asr_|"object":"list"|"traffic"|"entries"/, `${method} ${target}`)
      }
    }
    for (const authorization of [
      'Bearer',
      'Bearer ',
      'Bearer x',
      `Basic ${keys.admin}`,
      `Bearer${keys.admin}`,
      `Bearer ${keys.admin!.toUpperCase()}`,
      `Bearer ${keys.admin!.slice(0, -1)}`,
      `Bearer ${keys.admin}0`,
      `Bearer ${keys.admin} x`,
      `Bearer ${'x'.repeat(8_000)}`,
      keys.admin!,
      'Bearer undefined',
      'Bearer null',
      'Bearer earshot_',
    ]) {
      t.equal((await ask(url, 'GET', path, { authorization })).status, 401, authorization.slice(0, 100))
    }
    for (const header of ['x-api-key', 'api-key', 'proxy-authorization', 'x-forwarded-authorization'])
      t.equal((await ask(url, 'GET', path, { [header]: `Bearer ${keys.admin}` })).status, 401, header)
    t.equal(
      (await ask(url, 'GET', `${path}?access_token=${keys.admin}&key=${keys.admin}`)).status,
      401,
      'a key in an address, where logs would see it, is none',
    )
  }
  t.equal(
    (await ask(url, 'GET', '/v1/models', { authorization: `bEARER  ${keys.admin} ` })).status,
    200,
    'the name of the scheme has no case',
  )
})

t.test('an unknown path is not found, with a key or without; a preflight is not asked for one', async (t) => {
  const { url, bearer } = await guarded(t)
  for (const headers of [{}, bearer('admin'), { authorization: 'Bearer x' }]) {
    t.match(await ask(url, 'GET', '/v2/nothing', headers), { status: 404, code: 'ROUTE_NOT_FOUND' })
    t.match(await ask(url, 'GET', '/v1/transcriptions', headers), { status: 405, code: 'METHOD_NOT_ALLOWED' })
    t.not((await ask(url, 'OPTIONS', '/v1/transcriptions', headers)).status, 401)
  }
})

t.test('nothing of a refused upload is read, counted as a recognition or given to a worker', async (t) => {
  const { url, jobs, uploads, metric } = await guarded(t)
  for (const route of ['/v1/transcriptions', '/v1/audio/transcriptions', '/v1/search?catalogue=a']) {
    const pending = request(`${url}${route}`, { method: 'POST', headers: { 'content-length': '20000000' } })
    const status = await new Promise((resolve, reject) => {
      pending
        .on('response', ({ statusCode }) => {
          resolve(statusCode)
        })
        .on('error', reject)
        .flushHeaders()
    })
    t.equal(status, 401, `${route} is answered before a byte of its body came`)
    t.equal(uploads.requestsInProgress, 0)
    pending.on('error', () => undefined).destroy()
  }
  t.equal(jobs.length, 0)
  t.same(await metric('asr_requests_total'), [])
  t.same(await metric('asr_client_requests_total'), [])
  t.same(await metric('asr_access_refused_total'), ['asr_access_refused_total{reason="key_missing"} 3'])
})

t.test('the key names the client: for scheduling, in the log and in the metrics', async (t) => {
  const { url, jobs, bearer, logged, metric, keys } = await guarded(t, { EARSHOT_CLIENT_HEADER: 'x-client' })
  t.equal((await post(`${url}/v1/transcriptions`, CLIP, bearer('transcribe'))).status, 200)
  t.equal((await post(`${url}/v1/transcriptions`, CLIP, { ...bearer('admin'), 'x-client': 'somebody' })).status, 200)
  t.equal((await post(`${url}/v1/transcriptions?model=none`, CLIP, bearer('admin'))).status, 404)
  t.same(jobs.map(({ client }) => client), ['key transcribe', 'header somebody'], 'a gateway knows better')
  const answered = logged
    .map((line) => JSON.parse(line) as { msg: string; key?: string })
    .filter(({ msg }) => msg === 'answered')
  t.same(answered.map(({ key }) => key), ['transcribe', 'admin', 'admin'])
  t.same(await metric('asr_client_requests_total'), [
    'asr_client_requests_total{client="transcribe",outcome="ok"} 1',
    'asr_client_requests_total{client="admin",outcome="ok"} 1',
    'asr_client_requests_total{client="admin",outcome="rejected"} 1',
  ])
  t.same(await metric('asr_client_audio_seconds_total'), [
    'asr_client_audio_seconds_total{client="transcribe"} 2',
    'asr_client_audio_seconds_total{client="admin"} 2',
  ])
  t.same(await metric('asr_access_keys'), [`asr_access_keys ${Object.keys(keys).length}`])
})

t.test('without keys none is required, and one that is sent is ignored', async (t) => {
  const { url, jobs, metric } = await setUp(t)
  for (const headers of [{}, { authorization: 'Bearer none' }, { authorization: `Bearer ${createKey()}` }])
    t.equal((await post(`${url}/v1/transcriptions`, CLIP, headers as Record<string, string>)).status, 200)
  t.same(jobs.map(({ client }) => client), Array(3).fill('address 127.0.0.1'))
  t.same(await metric('asr_client_requests_total'), ['asr_client_requests_total{client="none",outcome="ok"} 3'])
})

t.test('a refusal is logged without the key, and a flood of them in a few lines', async (t) => {
  const { url, logged, keys, bearer, metric } = await guarded(t)
  const wrong = createKey()
  for (let attempt = 0; attempt < 40; attempt++)
    t.equal((await ask(url, 'GET', '/metrics', { authorization: `Bearer ${wrong}` })).status, 401)
  await ask(url, 'GET', '/metrics', bearer('no-metrics'))
  await ask(url, 'GET', '/v1/models')
  const lines = logged.map((line) => JSON.parse(line) as { msg: string }).filter(({ msg }) => msg === 'access refused')
  t.equal(lines.length, 10)
  t.equal(logged.filter((line) => line.includes('"answered"')).length, 0, 'and no line of another kind')
  t.match(lines[0], {
    level: 40,
    method: 'GET',
    route: '/metrics',
    code: 'KEY_INVALID',
    address: '127.0.0.1',
    requestId: String,
  })
  for (const secret of [wrong, ...Object.values(keys)]) t.notMatch(logged.join(''), secret.slice('earshot_'.length, 30))
  t.same(
    await metric('asr_access_refused_total'),
    ['key_missing"} 1', 'key_invalid"} 40', 'key_scope"} 1'].map((end) => `asr_access_refused_total{reason="${end}`),
  )
})

t.test('the openai client takes a key as its apiKey, and knows what is wrong with one', async (t) => {
  const { url, keys } = await guarded(t)
  const client = (apiKey: string): OpenAI => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })
  const transcribe = (apiKey: string) =>
    client(apiKey).audio.transcriptions.create({ file: new File([CLIP], 'a.wav'), model: 'whisper-1' })
  t.equal((await transcribe(keys.transcribe!)).text, 'play some jazz')
  t.same((await client(keys.search!).models.list()).data.map(({ id }) => id), ['moonshine-tiny-en', 'whisper-tiny'])
  const refused = await transcribe(createKey()).catch((thrown: unknown) => thrown)
  t.type(refused, AuthenticationError)
  t.match(refused, { status: 401, code: 'KEY_INVALID', type: 'invalid_request_error' })
  const scope = await transcribe(keys.search!).catch((thrown: unknown) => thrown)
  t.type(scope, PermissionDeniedError)
  t.match(scope, { status: 403, code: 'KEY_SCOPE', message: /"transcribe"/ })
})

t.test('a key that is revoked or expires is refused, one that is added is let in, without a restart', async (t) => {
  const { url, file, keys, bearer, metric } = await guarded(t)
  const { runKeys } = await import('../../../src/commands/keys/command.js')
  await post(`${url}/v1/transcriptions`, CLIP, bearer('transcribe'))
  t.equal((await metric('asr_client_requests_total')).length, 1)
  const errors = t.capture(console, 'error')
  t.equal(await runKeys(['revoke', 'transcribe', '--file', file]), 0)
  await until(async () => (await ask(url, 'GET', '/v1/models', bearer('transcribe'))).code === 'KEY_INVALID')
  t.same(await metric('asr_client_requests_total'), [], 'its series are gone too')
  const printed = t.capture(console, 'log')
  t.equal(await runKeys(['add', 'new', '--scopes', 'metrics', '--file', file]), 0)
  const [fresh] = printed().map(({ args }) => String(args[0]))
  await until(async () => (await ask(url, 'GET', '/metrics', { authorization: `Bearer ${fresh}` })).status === 200)
  t.equal((await ask(url, 'GET', '/metrics', bearer('metrics'))).status, 200, 'the others are as they were')
  t.match(await ask(url, 'GET', '/metrics', { authorization: `Bearer ${fresh}` }), {
    body: /asr_client_requests_total\{client="new",outcome="ok"\} 0/,
  })
  t.equal(errors().length, 2)
  t.notMatch(JSON.stringify(errors()), keys.transcribe!)
})

t.test(
  'the OpenAPI description says which key a route asks for, and the page at /docs loads without one',
  async (t) => {
    const { url, app } = await guarded(t)
    const { components, paths } = (await (await fetch(`${url}/openapi.json`)).json()) as any
    t.match(components.securitySchemes, { accessKey: { type: 'http', scheme: 'bearer' } })
    for (const { method, url: template, access } of app.routeAccess()) {
      const described = paths[template.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
      if (described === undefined) continue
      t.same(
        described.security,
        access === 'open' ? undefined : [{ accessKey: access === 'any' ? [] : [access] }],
        `${method} ${template}`,
      )
      if (access !== 'open')
        t.match(
          described.description,
          access === 'any' ? /any key\.$/ : new RegExp(`with the scope \`${access!}\`\\.$`),
        )
    }
    const page = await (await fetch(`${url}/docs/`)).text()
    for (const [, file] of page.matchAll(/<(?:link|script|img)\b[^>]*? (?:src|href)="\.?\/?([\w./-]+)"/g))
      t.equal((await fetch(new URL(file!, `${url}/docs`))).status, 200, file!)
    const open = (await (await fetch(`${(await setUp(t)).url}/openapi.json`)).json()) as any
    const words = ({ components: { securitySchemes, responses }, paths }: any) =>
      JSON.stringify([securitySchemes, responses, paths])
    t.notMatch(words(open), /accessKey|Access keys:|KEY_MISSING/, 'no word of keys, where none is asked for')
    t.match(words({ components, paths }), /KEY_MISSING/)
  },
)

t.test('a refusal is typed as every other', async (t) => {
  const { url, bearer } = await guarded(t)
  t.match(await errorOf(await fetch(`${url}/metrics`)), { status: 401, code: 'KEY_MISSING' })
  const response = await fetch(`${url}/metrics`, { headers: bearer('search') })
  t.match(response.headers.get('x-request-id'), /^[\da-f-]{36}$/)
  t.match(await response.json(), {
    error: { type: 'invalid_request_error', retryable: false, param: null, message: /"metrics"/ },
  })
})
