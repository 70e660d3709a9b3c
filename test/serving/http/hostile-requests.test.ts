/**
 * Requests that no client of good will sends, to every route there is: paths, methods, headers and bodies. All are
 * answered with a typed 4xx (or 503 where a service has no more to say), none is a failure of the service, and
 * nothing of them stays behind. Limits of numbers, for every parameter there is, stand here too.
 */
import t, { type Test } from 'tap'
import { documentOf, resolve } from './documentation/document.js'
import { CLIP, errorOf, post, setUp } from './fake-service.js'
import { converse, eventually, openConnections } from './raw.js'

type Service = Awaited<ReturnType<typeof setUp>>

/** Method and path of every route, from the tree that Fastify prints. */
function routesOf({ app }: Service): { method: string; path: string }[] {
  const above: string[] = []
  return app.printRoutes({ commonPrefix: true }).split('\n').flatMap((line) => {
    const found = /^([│├└─ ]*?)([^│├└─ (][^(]*?)(?: \(([A-Z, ]+)\))?$/.exec(line)
    if (found === null) return []
    const depth = found[1]!.length / 4
    above.length = depth
    above[depth - 1] = found[2]!
    return (found[3] ?? '')
      .split(', ')
      .filter((method) => method !== '')
      .map((method) => ({ method, path: above.join('') }))
  })
}

/** What one raw request is answered with, until the server has ended its half. */
async function ask(
  url: string,
  text: string | Buffer,
): Promise<{ status: number; code: string | undefined; heard: string }> {
  const conversation = converse(url, text)
  const heard = await conversation.ended
  conversation.socket.destroy()
  return { ...conversation.error(), heard }
}

/** Whether nothing of what was sent is left. */
async function leavesNothing(t: Test, { app, uploads }: Service): Promise<void> {
  await eventually(
    async () =>
      (await openConnections(app.server)) === 0 && uploads.requestsInProgress === 0 && uploads.bytesHeld === 0,
  )
  t.equal(uploads.bytesHeld, 0)
}

const fill = (path: string): string => path.replace(/:\w+/, 'x').replace('*', 'x')

t.test('the tree of routes is read whole', async (t) => {
  const service = await setUp(t)
  const routes = routesOf(service)
  const { paths } = service.app.swagger() as { paths: Record<string, object> }
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of Object.keys(methods))
      t.ok(
        routes.some(
          (route) => route.method === method.toUpperCase() && route.path === path.replace(/\{(\w+)\}/, ':$1'),
        ),
        `${method} ${path}`,
      )
  }
  t.ok(routes.some(({ path }) => path === '/docs/:file'))
})

t.test('odd paths', async (t) => {
  const service = await setUp(t)
  const tails = [
    '/../../../etc/passwd',
    '/..',
    '/.',
    '//',
    '/%2e%2e/%2e%2e/x',
    '/..%2f..%2fx',
    '/%2e%2e%5c%2e%2e%5cx',
    '\\..\\..\\x',
    '/%00',
    '/x%00.js',
    '/%',
    '/%zz',
    '/%c0%ae%c0%ae/',
    '/%ff',
    '/%ed%a0%80',
    `/${'x'.repeat(300)}`,
    `/${'x'.repeat(10_000)}`,
    `/${'%2e%2e%2f'.repeat(500)}`,
    '/;x',
    '/?',
    '?%zz',
    '?x[]=1&x[y]=2',
    '?__proto__[a]=1',
    `?${'a=1&'.repeat(3_000)}`,
    '#x',
    '/\u00e9',
    '/*',
    ':',
    '@x',
  ]
  const starts = [...new Set(routesOf(service).flatMap(({ path }) => [fill(path), path.replace(/\/?(:\w+|\*)$/, '')]))]
  const failed: string[] = []
  for (const start of starts) {
    for (const tail of tails) {
      const { status, code, heard } = await ask(
        service.url,
        Buffer.from(`GET ${start}${tail} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`),
      )
      if (!(status < 400 ? status >= 200 : status < 500 && code !== undefined))
        failed.push(`${start}${tail.slice(0, 40)}: ${heard.slice(0, 200)}`)
    }
  }
  t.same(failed, [])
  t.notMatch(service.logged.join(''), /"level":(50|60)/, 'none is logged as a failure')
  await leavesNothing(t, service)
})

t.test('odd targets and methods', async (t) => {
  const service = await setUp(t)
  const failed: string[] = []
  const answered = async (line: string, ok: boolean): Promise<void> => {
    const { status, code, heard } = await ask(
      service.url,
      Buffer.from(`${line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`),
    )
    const typed = status >= 400 && status < 500 && (code !== undefined || line.startsWith('HEAD '))
    if (!typed && !(ok && status >= 200 && status < 400)) failed.push(`${line}: ${heard.slice(0, 200)}`)
  }
  for (const target of ['*', 'x', '?', '#', 'http://', 'http://x', 'http://x:99999999/', 'http://[::1', 'ftp://x/y', 'http:///healthz', 'http://x/docs/static/../../x', '//x/y', '\\', '\u00ff', `/${'y'.repeat(20_000)}`]) {
    for (const method of ['GET', 'POST', 'OPTIONS', 'HEAD']) await answered(`${method} ${target}`, true)
  }
  for (const { path } of routesOf(service)) {
    for (const method of [
      'DELETE',
      'PATCH',
      'TRACE',
      'PROPFIND',
      'M-SEARCH',
      'PURGE',
      'QUERY',
      'CONNECT',
      'BREW',
      'get',
      'G\u00cbT',
      '',
      'PRI',
    ])
      await answered(`${method} ${fill(path)}`, method === 'DELETE')
  }
  t.same(failed, [])
  t.notMatch(service.logged.join(''), /"level":(50|60)/)
  await leavesNothing(t, service)
})

t.test('odd headers', async (t) => {
  const service = await setUp(t)
  const headers: [string, number][] = [
    ['host: localhost\r\ncontent-length: 4\r\ncontent-length: 5', 400],
    ['host: localhost\r\ncontent-length: 4, 5', 400],
    ['host: localhost\r\ncontent-length: -1', 400],
    ['host: localhost\r\ncontent-length: 1e3', 400],
    ['host: localhost\r\ncontent-length: 0x10', 400],
    ['host: localhost\r\ncontent-length: 99999999999999999999999', 400],
    ['host: localhost\r\ncontent-length: 4\r\ntransfer-encoding: chunked', 400],
    ['host: localhost\r\ntransfer-encoding: chunked\r\ntransfer-encoding: identity', 400],
    ['host: localhost\r\ntransfer-encoding: gzip', 400],
    ['host: localhost\r\ntransfer-encoding : chunked', 400],
    ['host: localhost\r\nexpect: the worst', 400],
    [`host: localhost\r\nx: ${'y'.repeat(20_000)}`, 431],
    [`host: localhost\r\n${'x: y\r\n'.repeat(10_000)}z: z`, 431],
    ['', 400],
    ['host: localhost\r\nhost: y', 400],
    ['host: localhost\r\n: nameless', 400],
    ['host: localhost\r\nx\u0000: y', 400],
    ['host: localhost\r\nx: \u0000', 400],
    ['host: localhost\r\n folded: y', 400],
    ['host: localhost\r\nno colon', 400],
  ]
  const odd = [
    'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: x',
    'connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAARAAAAAAAIAAAAA',
    'content-type: \u00ff;;;=',
    'content-type: application/json; charset=utf-7',
    'range: bytes=99999999999999-',
    'range: bytes=-0,1-,x',
    'if-none-match: ***',
    'if-modified-since: never',
    'accept-encoding: *;q=1e400',
    'x-request-id: \u0001',
    'x-http-method-override: DELETE',
    'content-encoding: gzip',
    'trailer: x',
    'te: trailers',
    'x-forwarded-host: a\\b',
  ]
  const failed: string[] = []
  for (const { method, path } of routesOf(service).filter(({ method }) => method !== 'HEAD')) {
    for (const [header, expected] of headers) {
      const { status, code, heard } = await ask(
        service.url,
        Buffer.from(
          `${method} ${fill(path)} HTTP/1.1\r\n${header}${header === '' ? '' : '\r\n'}connection: close\r\n\r\n`,
          'latin1',
        ),
      )
      if (status !== expected || code !== 'REQUEST_INVALID')
        failed.push(`${method} ${path} ${header.slice(0, 60)}: ${heard.slice(0, 200)}`)
    }
    for (const header of odd) {
      const { status, code, heard } = await ask(
        service.url,
        Buffer.from(
          `${method} ${fill(path)} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${header}\r\ncontent-length: 0\r\n\r\n`,
          'latin1',
        ),
      )
      if (!(status >= 200 && status < 500) || (status >= 400 && code === undefined))
        failed.push(`${method} ${path} ${header}: ${heard.slice(0, 200)}`)
    }
  }
  t.same(failed, [])
  t.notMatch(service.logged.join(''), /"level":(50|60)/)
  await leavesNothing(t, service)
})

t.test('bodies that break, are too long, or come short, on every route that takes one', async (t) => {
  const service = await setUp(t, { EARSHOT_MAX_UPLOAD_BYTES: '100000', EARSHOT_MAX_CATALOGUE_BYTES: '100000' })
  const routes = routesOf(service).filter(({ method }) => method === 'POST' || method === 'PUT')
  const tooLarge = /^(UPLOAD|CATALOGUE)_TOO_LARGE$/
  for (const { method, path } of routes) {
    const type = path.includes('audio')
      ? 'multipart/form-data; boundary=x'
      : path.endsWith('feedback') || path.endsWith('labels')
        ? 'application/json'
        : 'text/csv'
    const top = `${method} ${fill(path)}${path === '/v1/search' ? '?phrases=tea' : ''} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: ${type}\r\n`
    const chunked = `${top}transfer-encoding: chunked\r\n\r\n`
    for (const chunks of [
      'zz\r\nabc\r\n',
      '5\r\nabcdefgh\r\n',
      '-1\r\n',
      `${'f'.repeat(20)}\r\n`,
      '3;\u0000\r\nabc\r\n',
    ])
      t.match(
        await ask(service.url, chunked + chunks),
        { status: 400, code: 'REQUEST_INVALID' },
        `${path} ${JSON.stringify(chunks)}`,
      )
    t.match(
      await ask(service.url, `${top}content-length: 5000000\r\n\r\n`.concat('x'.repeat(200_000))),
      { status: 413, code: tooLarge },
      `${path}: declared`,
    )
    t.match(
      await ask(service.url, `${chunked}30d40\r\n${'x'.repeat(200_000)}\r\n0\r\n\r\n`),
      { status: 413, code: tooLarge },
      `${path}: undeclared`,
    )
    const short = converse(service.url, `${top}content-length: 5000\r\n\r\nabc`)
    await new Promise((resolve) => setTimeout(resolve, 20))
    short.socket.destroy()
  }
  t.ok(routes.length >= 6)
  t.notMatch(service.logged.join(''), /"level":(50|60)/)
  await leavesNothing(t, service)
})

t.test('a client that asks before it sends is told to send, or why not, and never both', async (t) => {
  const { url, uploads, jobs } = await setUp(t)
  const top = (length: number): string =>
    `POST /v1/transcriptions HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: ${length}\r\n\r\n`
  const welcome = converse(url, top(CLIP.length))
  await welcome.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
  welcome.socket.write(CLIP)
  t.match(await welcome.until(/jazz/), /HTTP\/1\.1 200 /)
  t.equal(jobs.length, 1)
  welcome.socket.destroy()
  const large = converse(url, top(1e9))
  await large.ended
  t.same(large.error(), { status: 413, code: 'UPLOAD_TOO_LARGE' })
  t.match(large.heard(), /^HTTP\/1\.1 413 [^]*connection: close/i)
  large.socket.destroy()
  const lost = converse(
    url,
    'POST /nowhere HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n',
  )
  await lost.ended
  t.match(lost.heard(), /^HTTP\/1\.1 404 /)
  lost.socket.destroy()
  await eventually(() => uploads.requestsInProgress === 0)
})

t.test('garbage behind a request that is being answered is not answered in its place', async (t) => {
  const { url, uploads } = await setUp(t, {}, { answer: () => new Promise(() => undefined) })
  const { heard } = await ask(
    url,
    Buffer.concat([
      Buffer.from(`POST /v1/transcriptions HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${CLIP.length}\r\n\r\n`),
      CLIP,
      Buffer.from('NONSENSE\r\n\r\n'),
    ]),
  )
  t.equal(heard, '')
  await eventually(() => uploads.requestsInProgress === 0)
})

t.test('every number in a query is finite and within limits that are stated', async (t) => {
  const { url } = await setUp(t)
  const document = await documentOf(url)
  let numbers = 0
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { parameters = [] }] of Object.entries(methods)) {
      for (const { name, schema } of parameters.map((parameter) => resolve(document, parameter)).filter(
        ({ schema }) => schema.type === 'number' || schema.type === 'integer',
      )) {
        numbers++
        t.ok(
          Number.isFinite(schema.minimum ?? schema.exclusiveMinimum) && Number.isFinite(schema.maximum),
          `${path} ${name} has limits`,
        )
        for (const value of ['1e400', '-1e400', 'Infinity', '-Infinity', 'NaN', '1e308']) {
          t.match(
            await errorOf(
              await fetch(`${url}${path}?phrases=tea&${name}=${value}`, { method, body: CLIP as unknown as string }),
            ),
            { status: 400, code: 'REQUEST_INVALID', param: name },
            `${name}=${value}`,
          )
        }
      }
    }
  }
  t.ok(numbers >= 8, `${numbers} of them`)
})

t.test('so is every number in a form or in JSON', async (t) => {
  const { url } = await setUp(t)
  for (const temperature of ['1e400', '-1e400', 'Infinity', 'NaN']) {
    const form = new FormData()
    form.set('file', new Blob([CLIP]), 'a.wav')
    form.set('model', 'whisper-1')
    form.set('temperature', temperature)
    t.match(
      await errorOf(await fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', body: form })),
      { status: 400, code: 'REQUEST_INVALID', param: 'temperature' },
      temperature,
    )
  }
  const { feedbackToken } = await (await post(`${url}/v1/transcriptions`, CLIP)).json() as { feedbackToken: string }
  const json = { 'content-type': 'application/json' }
  for (const [name, value] of [
    ['delayMs', '1e400'],
    ['delayMs', '1e300'],
    ['delayMs', '-1e400'],
    ['rank', '1e400'],
    ['rank', '1e300'],
  ]) {
    t.match(
      await errorOf(
        await post(`${url}/v1/feedback`, `{"token":"${feedbackToken}","event":"clicked","${name}":${value}}`, json),
      ),
      { status: 400, code: 'REQUEST_INVALID', param: name },
      `${name}: ${value}`,
    )
  }
})
