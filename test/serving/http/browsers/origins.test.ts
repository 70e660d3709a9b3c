/**
 * Origins of pages: what an allowed page gets, and what other pages are refused. As any client can send it;
 * test/service/browser/ does it with Chromium.
 */
import t,{ type Test } from 'tap'
import { SpeechError } from '../../../../src/domain/errors.js'
import { CLIP, setUp } from '../fake-service.js'
import { ALLOWED, ask, CROSS_SITE, SHARED, SHOP, VISIT } from './requests.js'

t.test('a page of another origin is refused everywhere, what no page sent passes', async (t) => {
  const { url, jobs, catalogues, metric } = await setUp(t)
  const own = new URL(url).host
  const foreign: [string, Record<string, string>][] = [
    ['another site', CROSS_SITE],
    ['another port of the same host', { 'sec-fetch-site': 'same-site' }],
    ['both at once', { 'sec-fetch-site': 'same-origin, cross-site' }],
    ['a browser that does not say the site', { origin: SHOP }],
    ['a sandboxed frame', { origin: 'null' }],
    ['another port', { origin: 'http://127.0.0.1:1' }],
    ['a scheme of no web page', { origin: `capacitor://${own}` }],
    ['no origin at all', { origin: '' }],
    ['a longer name', { origin: `http://${own}0` }],
  ]
  for (const [what, headers] of foreign) {
    for (const [method, path] of [
      ['GET', '/metrics'],
      ['GET', '/v1/drift'],
      ['GET', '/v1/catalogues'],
      ['DELETE', '/v1/catalogues/x'],
      ['GET', '/nowhere'],
      ['GET', '/openapi.json'],
      ['OPTIONS', '/v1/search'],
      ['GET', '/docs'],
    ] as const) {
      t.match(
        await ask(url, method, path, headers),
        { status: 403, code: 'ORIGIN_REFUSED' },
        `${what}: ${method} ${path}`,
      )
    }
    for (const path of SHARED)
      t.match(
        await ask(url, 'POST', path, { ...headers, 'content-type': 'text/plain' }, CLIP),
        { status: 403, code: 'ORIGIN_REFUSED' },
        `${what}: ${path}`,
      )
    t.match(
      await ask(url, 'PUT', '/v1/catalogues/x', { ...headers, 'content-type': 'text/csv' }, 'id,name\n1,jazz\n'),
      { status: 403, message: /no other origin may be allowed/ },
      what,
    )
  }
  t.same([jobs, catalogues.list()], [[], []])
  t.match(await metric('asr_rejections_total'), [`asr_rejections_total{reason="origin_refused"} ${3 * foreign.length}`])
  const passing: [string, Record<string, string>][] = [
    ['curl', {}],
    ['fetch of Node', { 'sec-fetch-mode': 'cors' }],
    ['own page', { 'sec-fetch-site': 'same-origin', origin: url }],
    ['own page behind a gateway that has another name for us', { 'sec-fetch-site': 'same-origin', origin: SHOP }],
    ['a typed address', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }],
    ['own page without the site', { origin: url }],
    ['own page, TLS at the gateway', { origin: `https://${own}` }],
    ['the default port is not said', { origin: 'https://localhost', host: 'localhost:443' }],
  ]
  for (const [what, headers] of passing) {
    t.equal((await ask(url, 'GET', '/metrics', headers)).status, 200, what)
    t.equal((await ask(url, 'POST', '/v1/transcriptions', headers, CLIP)).status, 200, what)
  }
})

t.test('a link on another site leads to pages, not to data, and not into a frame', async (t) => {
  const { url } = await setUp(t)
  for (const [path, status] of [
    ['/', 200],
    ['/docs', 200],
    ['/docs/', 302],
    ['/drift', 200],
    ['/drift/', 302],
  ] as const)
    t.equal((await ask(url, 'GET', path, VISIT)).status, status, path)
  for (const path of [
    '/metrics',
    '/v1/drift',
    '/v1/catalogues',
    '/v1/models',
    '/openapi.json',
    '/docsx',
    '//metrics',
    '/healthz',
  ])
    t.equal((await ask(url, 'GET', path, VISIT)).status, 403, path)
  for (const headers of [
    { ...VISIT, 'sec-fetch-dest': 'iframe' },
    { ...VISIT, 'sec-fetch-dest': 'embed' },
    { ...VISIT, 'sec-fetch-mode': 'no-cors' },
  ])
    t.equal((await ask(url, 'GET', '/docs', headers)).status, 403)
  t.equal((await ask(url, 'POST', '/docs', VISIT)).status, 403)
})

const PREFLIGHT = { origin: SHOP, ...CROSS_SITE, 'sec-fetch-mode': 'cors', 'access-control-request-method': 'POST' }

t.test('an allowed page is asked first and answered, without a body and before anything is counted', async (t) => {
  const { url, jobs, uploads } = await setUp(t, ALLOWED)
  for (const path of SHARED) {
    const wanted =
      'Authorization, content-type,earshot-session, x-request-id,x-stainless-retry-count, x-client, cookie, user-agent,openai-project'
    const { status, headers } = await ask(url, 'OPTIONS', `${path}?catalogue=a`, {
      ...PREFLIGHT,
      'access-control-request-headers': wanted,
      'access-control-request-private-network': 'true',
    })
    t.match(
      { status, ...headers },
      {
        status: 204,
        'access-control-allow-origin': SHOP,
        'access-control-allow-methods': 'POST',
        'access-control-allow-private-network': 'true',
        vary: 'Origin',
        'access-control-max-age': '7200',
        'access-control-allow-headers':
          'authorization, content-type, earshot-session, x-request-id, x-stainless-retry-count, user-agent, openai-project',
      },
      path,
    )
    t.equal(headers['access-control-allow-credentials'], undefined)
  }
  t.match(await ask(url, 'OPTIONS', '/v1/transcriptions/', PREFLIGHT), { status: 204 }, 'a slash too many')
  const plain = await ask(url, 'OPTIONS', '/v1/search', PREFLIGHT)
  t.match(plain, { status: 204, headers: { 'access-control-allow-headers': '' } })
  t.equal(plain.headers['access-control-allow-private-network'], undefined)
  for (const path of [
    '/metrics',
    '/v1/drift',
    '/v1/catalogues',
    '/v1/catalogues/x',
    '/v1/models',
    '/nowhere',
  ]) {
    const { status, headers } = await ask(url, 'OPTIONS', path, PREFLIGHT)
    t.match({ status, allowed: headers['access-control-allow-origin'] }, { status: 403, allowed: undefined }, path)
  }
  t.match(await ask(url, 'OPTIONS', '/v1/search', { ...PREFLIGHT, host: 'attacker.example' }), { status: 421 })
  const methods = { status: 204, headers: { allow: 'POST, OPTIONS' } }
  t.match(await ask(url, 'OPTIONS', '/v1/search', { origin: SHOP }), methods, 'no preflight')
  t.same([jobs.length, uploads.requestsInProgress], [0, 0])
})

t.test('an allowed page can read answers and errors alike', async (t) => {
  const readable = async (
    t: Test,
    environment: Record<string, string>,
    fake: Parameters<typeof setUp>[2],
    expected: object,
    body: Buffer | string = CLIP,
  ): Promise<void> => {
    const { url } = await setUp(t, { ...ALLOWED, ...environment }, fake)
    const { status, code, headers } = await ask(
      url,
      'POST',
      '/v1/transcriptions',
      { ...CROSS_SITE, origin: SHOP, 'content-type': 'audio/wav' },
      body,
    )
    t.match(
      { status, code, ...headers },
      {
        ...expected,
        'access-control-allow-origin': SHOP,
        vary: 'Origin',
        'access-control-expose-headers':
          'earshot-feedback-token, earshot-ignored-parameters, earshot-languages, earshot-prompt, retry-after, '
          + 'x-request-id',
        'x-request-id': String,
      },
    )
  }
  await readable(t, {}, {}, { status: 200 })
  await readable(t, { EARSHOT_MAX_UPLOAD_BYTES: '2000' }, {}, { status: 413, code: 'UPLOAD_TOO_LARGE' })
  await readable(
    t,
    {},
    { refusal: () => new SpeechError('QUEUE_FULL', undefined, { retryAfterSeconds: 3 }) },
    { status: 429, code: 'QUEUE_FULL', 'retry-after': '3' },
  )
  await readable(t, {}, { refusal: () => new SpeechError('NOT_READY') }, { status: 503, code: 'NOT_READY' })
  await readable(t, {}, { answer: async () => { throw new Error('bug') } }, { status: 500, code: 'INTERNAL' })
  await readable(t, {}, {}, { status: 415 }, '<html>')
})

t.test('what is allowed for one page is not for another, nor for other routes', async (t) => {
  const { url, jobs } = await setUp(t, ALLOWED)
  for (const origin of ['https://other.example', 'http://shop.example', 'https://shop.example:8443', 'https://x.shop.example', 'https://SHOP.example', 'null']) {
    const { status, headers } = await ask(url, 'POST', '/v1/transcriptions', { ...CROSS_SITE, origin }, CLIP)
    t.match({ status, ...headers }, { status: 403, vary: 'Origin' }, origin)
    t.equal(headers['access-control-allow-origin'], undefined, origin)
  }
  t.equal(
    (await ask(url, 'POST', '/v1/transcriptions', CROSS_SITE, CLIP)).status,
    403,
    'a page that does not say who it is',
  )
  for (const path of ['/metrics', '/v1/drift', '/v1/catalogues']) {
    const { status, headers } = await ask(url, 'GET', path, { ...CROSS_SITE, origin: SHOP })
    t.match({ status, shared: 'access-control-allow-origin' in headers }, { status: 403, shared: false }, path)
  }
  t.equal(jobs.length, 0)
})

t.test('an asterisk allows every page, also a sandboxed one', async (t) => {
  const { url, logged } = await setUp(t, { EARSHOT_ALLOWED_ORIGINS: '*' })
  for (const origin of [SHOP, 'null']) {
    const { status, headers } = await ask(url, 'POST', '/v1/transcriptions', { ...CROSS_SITE, origin }, CLIP)
    t.match({ status, ...headers }, { 'status': 200, 'access-control-allow-origin': '*' }, origin)
  }
  t.equal((await ask(url, 'GET', '/metrics', { ...CROSS_SITE, origin: SHOP })).status, 403)
  t.match(logged.join(''), /pages of every origin/)
})

t.test('every answer tells browsers not to guess, frame or share it', async (t) => {
  const { url } = await setUp(t)
  for (const path of [
    '/',
    '/docs',
    '/docs/swagger-ui.css',
    '/drift',
    '/drift/page.js',
    '/metrics',
    '/v1/models',
    '/healthz',
    '/nowhere',
    '/v1/models/%zz',
  ]) {
    const { headers } = await ask(url, 'GET', path)
    t.match(
      headers,
      {
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'content-security-policy': /frame-ancestors 'none'/,
      },
      path,
    )
    t.match(headers['content-security-policy'], /^default-src '(self|none)';/, path)
  }
})
