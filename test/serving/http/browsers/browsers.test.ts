/**
 * Names and origins that are answered, those that are refused, and what an allowed page gets. As any client can send
 * it; test/service/browser/ does it with Chromium.
 */
import http, { type IncomingHttpHeaders } from 'node:http'
import net from 'node:net'
import t, { type Test } from 'tap'
import { SpeechError } from '../../../../src/domain/errors.js'
import { readConfig } from '../../../../src/config.js'
import { answersToAnyName, hostCheck } from '../../../../src/serving/http/browsers/hosts.js'
import { CLIP, setUp } from '../fake-service.js'

const SHOP = 'https://shop.example'
const ALLOWED = { EARSHOT_ALLOWED_ORIGINS: `${SHOP},http://localhost:3000` }
const SHARED = ['/v1/transcriptions', '/v1/audio/transcriptions', '/v1/search', '/v1/feedback', '/v1/labels']
const CROSS_SITE = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'empty' }
const VISIT = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }

interface Answer {
  readonly status: number
  readonly code: string | undefined
  readonly message: string | undefined
  readonly headers: IncomingHttpHeaders
}

/** Any header may be set, `Host` too. */
function ask(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: Buffer | string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(url + path, { method, headers, path }, (answer) => {
      let text = ''
      answer.on('data', (chunk) => {
        text += chunk
      })
      answer.on('end', () => {
        const { error } = (text.startsWith('{') ? JSON.parse(text) : {}) as {
          error?: { code: string; message: string }
        }
        resolve({ status: answer.statusCode!, code: error?.code, message: error?.message, headers: answer.headers })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

function checked(environment: Record<string, string>): (header: string | undefined) => boolean {
  return hostCheck(readConfig(environment))
}

t.test('addresses and loopback pass under any setting, other names only where they are allowed', (t) => {
  for (const environment of [
    {},
    { EARSHOT_HOST: '0.0.0.0', EARSHOT_ALLOWED_HOSTS: 'asr.example.com,*.Shop.example' },
  ] as Record<string, string>[]) {
    const passes = checked(environment)
    for (const host of [
      'localhost',
      'localhost:8080',
      'LOCALHOST.',
      'app.localhost:1',
      '127.0.0.1',
      '127.1.2.3:80',
      '10.0.0.7:8080',
      '[::1]',
      '[::1]:8080',
      '[2001:db8::1]:80',
      undefined,
    ])
      t.ok(passes(host), host ?? 'no header')
    for (const host of [
      'attacker.example',
      'attacker.example:8080',
      'localhost.attacker.example',
      '127.0.0.1.attacker.example',
      'xlocalhost',
      '',
      ':80',
      '[::1',
      '::1',
      '[attacker.example]',
      'asr.example.com.attacker.example',
      'localhost:80:80',
      'a b',
      'user@localhost',
      'localhost/x',
      '256.1.1.1',
      '2130706433',
    ])
      t.notOk(passes(host), host)
  }
  const named = checked({ EARSHOT_ALLOWED_HOSTS: 'asr.example.com,*.Shop.example' })
  for (const host of [
    'asr.example.com',
    'ASR.example.com:443',
    'asr.example.com.',
    'a.shop.example',
    'b.a.shop.example:8080',
  ])
    t.ok(named(host), host)
  for (const host of ['shop.example', 'xshop.example', 'x.asr.example.com']) t.notOk(named(host), host)
  t.end()
})

t.test('without names a service on loopback has those of loopback, one on a network has any', (t) => {
  const any = (environment: Record<string, string>): boolean => answersToAnyName(readConfig(environment))
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost', 'earshot.localhost'])
    t.notOk(any({ EARSHOT_HOST: host }), host)
  for (const host of ['0.0.0.0', '::', '10.0.0.7', 'asr.example.com']) t.ok(any({ EARSHOT_HOST: host }), host)
  t.notOk(any({ EARSHOT_HOST: '0.0.0.0', EARSHOT_ALLOWED_HOSTS: 'asr.example.com' }))
  t.ok(any({ EARSHOT_ALLOWED_HOSTS: '*' }))
  t.ok(checked({ EARSHOT_HOST: '0.0.0.0' })('attacker.example'))
  t.end()
})

t.test('settings that could not mean what they say stop the start', (t) => {
  for (const origin of ['shop.example', 'https://shop.example/', 'https://shop.example/path', 'https://Shop.example', 'https://shop.example:443', 'null', 'https://*.shop.example/', `${SHOP},*`, `${SHOP}, http://other.example`]) {
    t.throws(() => readConfig({ EARSHOT_ALLOWED_ORIGINS: origin }), SpeechError, origin)
  }
  t.throws(() => readConfig({ EARSHOT_ALLOWED_ORIGINS: 'https://shop.example:443' }), { code: 'CONFIG_INVALID', message: /such as https:\/\/shop\.example, not/ })
  for (const origin of [SHOP, 'http://localhost:3000', 'http://[::1]:3000', 'chrome-extension://abcdefgh', 'capacitor://localhost', '*']) t.same(readConfig({ EARSHOT_ALLOWED_ORIGINS: origin }).allowedOrigins, [origin])
  for (const host of ['asr.example.com:8080', 'https://asr.example.com', 'a..b', '*.', 'a.*.b', 'a,,b', 'a, b', 'a,*']) t.throws(() => readConfig({ EARSHOT_ALLOWED_HOSTS: host }), SpeechError, host)
  t.end()
})

t.test('under a name that is not ours nothing is done, on no path and by no method', async (t) => {
  const { url, jobs, catalogues, metric, uploads, logged } = await setUp(t)
  const host = { host: 'attacker.example:8080' }
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/metrics'],
    ['GET', '/v1/drift'],
    ['GET', '/docs'],
    ['GET', '/docs/json'],
    ['GET', '/docs/static/index.css'],
    ['GET', '/openapi.json'],
    ['GET', '/drift'],
    ['GET', '/drift/page.js'],
    ['GET', '/v1/catalogues'],
    ['DELETE', '/v1/catalogues/x'],
    ['GET', '/v1/models'],
    ['GET', '/nowhere'],
    ['POST', '/nowhere'],
    ['OPTIONS', '/v1/transcriptions'],
    ['OPTIONS', '/nowhere'],
  ] as const)
    t.match(await ask(url, method, path, host), { status: 421, code: 'HOST_REFUSED' }, `${method} ${path}`)
  for (const path of SHARED)
    t.match(await ask(url, 'POST', path, host, CLIP), { status: 421, code: 'HOST_REFUSED' }, path)
  t.match(await ask(url, 'PUT', '/v1/catalogues/x', { ...host, 'content-type': 'text/csv' }, 'id,name\n1,jazz\n'), {
    status: 421,
    message: /"attacker\.example:8080"/,
  })
  t.equal((await ask(url, 'HEAD', '/metrics', host)).status, 421)
  t.same([jobs, catalogues.list(), uploads.requestsInProgress], [[], [], 0])
  t.match(
    await metric('asr_rejections_total'),
    ['asr_rejections_total{reason="host_refused"} 3'],
    'the three audio routes',
  )
  t.match(logged.join(''), /"status":421/)
})

t.test('probes are answered under any name, by address everything is', async (t) => {
  const { url } = await setUp(t, { EARSHOT_HOST: '0.0.0.0', EARSHOT_ALLOWED_HOSTS: 'asr.example.com' })
  for (const path of ['/healthz', '/readyz'])
    t.equal((await ask(url, 'GET', path, { host: 'balancer' })).status, 200, path)
  t.match(await ask(url, 'GET', '/metrics', { host: 'earshot:8080' }), { status: 421, code: 'HOST_REFUSED' })
  for (const host of ['10.2.3.4:8080', 'asr.example.com', 'localhost'])
    t.equal((await ask(url, 'GET', '/metrics', { host })).status, 200, host)
  t.match(
    await ask(url, 'GET', '/healthz', { host: 'balancer', ...CROSS_SITE }),
    { status: 403 },
    'and still not to pages of other sites',
  )
})

t.test('a client of HTTP/1.0, which has no name for anybody, is answered', async (t) => {
  const { url } = await setUp(t)
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1').setEncoding('utf8')
  socket.write('GET /healthz HTTP/1.0\r\n\r\n')
  let text = ''
  for await (const chunk of socket) text += chunk
  t.match(text, /^HTTP\/1\.1 200 /)
})

t.test('an upload is refused before its body is read', async (t) => {
  const { url } = await setUp(t)
  for (const [headers, status] of [
    ['host: attacker.example', 421],
    ['host: localhost\r\nsec-fetch-site: cross-site', 403],
    [`host: localhost\r\norigin: ${SHOP}`, 403],
  ] as const) {
    const socket = net.connect(Number(new URL(url).port), '127.0.0.1').setEncoding('utf8')
    socket.write(`POST /v1/transcriptions HTTP/1.1\r\n${headers}\r\ncontent-length: 1000000\r\n\r\n`)
    const [first] = await new Promise<string[]>((resolve) => {
      socket.once('data', (chunk) => {
        resolve([String(chunk)])
      })
    })
    t.match(first, new RegExp(`^HTTP/1\\.1 ${status} `), headers)
    socket.destroy()
  }
})

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
    ['/', 302],
    ['/docs', 200],
    ['/docs/', 200],
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
    '/v1/transcriptions/',
  ]) {
    const { status, headers } = await ask(url, 'OPTIONS', path, PREFLIGHT)
    t.match({ status, allowed: headers['access-control-allow-origin'] }, { status: 403, allowed: undefined }, path)
  }
  t.match(await ask(url, 'OPTIONS', '/v1/search', { ...PREFLIGHT, host: 'attacker.example' }), { status: 421 })
  t.match(await ask(url, 'OPTIONS', '/v1/search', { origin: SHOP }), { status: 404 }, 'no preflight')
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
          'earshot-feedback-token, earshot-ignored-parameters, retry-after, x-request-id',
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

t.test('the log says where any name is answered to, and nothing where none need be set', async (t) => {
  t.match((await setUp(t, { EARSHOT_HOST: '0.0.0.0' })).logged.join(''), /EARSHOT_ALLOWED_HOSTS/)
  t.notMatch((await setUp(t)).logged.join(''), /EARSHOT_ALLOWED/)
})

t.test('every answer tells browsers not to guess, frame or share it', async (t) => {
  const { url } = await setUp(t)
  for (const path of [
    '/',
    '/docs',
    '/docs/static/swagger-ui.css',
    '/docs/json',
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
