/** Host names under which requests are answered, and those that are refused. */
import net from 'node:net'
import t from 'tap'
import { SpeechError } from '../../../../src/domain/errors.js'
import { readConfig } from '../../../../src/config.js'
import { answersToAnyName, hostCheck } from '../../../../src/serving/http/browsers/hosts.js'
import { CLIP, setUp } from '../fake-service.js'
import { ask, CROSS_SITE, SHARED, SHOP } from './requests.js'

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
  for (const origin of ['shop.example', 'https://shop.example/', 'https://shop.example/path', 'https://Shop.example', 'https://shop.example:443', 'null', 'https://*.shop.example/', `${SHOP},*`]) {
    t.throws(() => readConfig({ EARSHOT_ALLOWED_ORIGINS: origin }), SpeechError, origin)
  }
  t.throws(() => readConfig({ EARSHOT_ALLOWED_ORIGINS: 'https://shop.example:443' }), { code: 'CONFIG_INVALID', message: /such as https:\/\/shop\.example, not/ })
  for (const origin of [SHOP, 'http://localhost:3000', 'http://[::1]:3000', 'chrome-extension://abcdefgh', 'capacitor://localhost', '*']) t.same(readConfig({ EARSHOT_ALLOWED_ORIGINS: origin }).allowedOrigins, [origin])
  for (const host of ['asr.example.com:8080', 'https://asr.example.com', 'a..b', '*.', 'a.*.b', 'a,,b', 'a b', 'a,*']) t.throws(() => readConfig({ EARSHOT_ALLOWED_HOSTS: host }), SpeechError, host)
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
    ['GET', '/docs/page.css'],
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

t.test('the log says where any name is answered to, and nothing where none need be set', async (t) => {
  t.match((await setUp(t, { EARSHOT_HOST: '0.0.0.0' })).logged.join(''), /EARSHOT_ALLOWED_HOSTS/)
  t.notMatch((await setUp(t)).logged.join(''), /EARSHOT_ALLOWED/)
})
