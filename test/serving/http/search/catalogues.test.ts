/**
 * Catalogues by HTTP over fake workers: what is taken, what is refused, and that what is served goes on being served.
 */
import t from 'tap'
import { SpeechError } from '../../../../src/domain/errors.js'
import type { Report } from '../../../../src/domain/report.js'
import { CLIP, errorOf, post, REPORT, setUp } from '../fake-service.js'
import { converse, eventually } from '../raw.js'

const CSV = 'id,name,aliases,weight,tags\ntea-1,Green Tea,sencha|matcha,2,drinks\ntea-2,Black Tea,,,\n'

function put(url: string, name: string, body: string | Buffer, type = 'text/csv'): Promise<Response> {
  return fetch(`${url}/v1/catalogues/${name}`, {
    method: 'PUT',
    body: body as unknown as string,
    headers: { 'content-type': type },
  })
}

t.test('a catalogue is put, described, listed, replaced and removed', async (t) => {
  const { url, metric, logged } = await setUp(t)
  const made = await put(url, 'shop', CSV)
  t.equal(made.status, 200)
  const described = await made.json() as Record<string, unknown>
  t.match(described, {
    name: 'shop',
    version: 1,
    entries: 2,
    names: 4,
    compileSeconds: 0.1,
    report: { duplicateNames: { count: 0 }, soundAlikes: { count: 0 }, unspellable: { count: 0, listed: [] } },
  })
  t.same(await (await fetch(`${url}/v1/catalogues/shop`)).json(), described)
  t.same(await (await fetch(`${url}/v1/catalogues`)).json(), { data: [described] })
  t.match(await metric('asr_catalogue_entries'), ['asr_catalogue_entries{catalogue="shop"} 2'])
  t.match(await (await put(url, 'shop', '{"id":"a","name":"b"}', 'application/octet-stream')).json(), {
    version: 2,
    entries: 1,
  })
  t.equal((await fetch(`${url}/v1/catalogues/shop`, { method: 'DELETE' })).status, 204)
  t.same(await (await fetch(`${url}/v1/catalogues`)).json(), { data: [] })
  t.same(await metric('asr_catalogue_entries{'), [])
  for (const method of ['GET', 'DELETE'])
    t.match(await errorOf(await fetch(`${url}/v1/catalogues/shop`, { method })), {
      status: 404,
      code: 'CATALOGUE_NOT_FOUND',
    })
  t.notMatch(logged.join(''), /sencha|Green/, 'names are nobody\'s business but the operator\'s')
})

t.test('what is refused is typed, and the old version still answers', async (t) => {
  const { url } = await setUp(
    t,
    { EARSHOT_MAX_CATALOGUE_BYTES: '10000000', EARSHOT_MAX_CATALOGUES: '1' },
    { answer: async () => ({ ...REPORT, text: 'green tea' }) },
  )
  await put(url, 'shop', CSV)
  const rows = (count: number, name = 'n'): string => Array.from({ length: count }, (_, i) => `${i},${name}`).join('\n')
  const invalid = { status: 422, code: 'CATALOGUE_INVALID' }
  const tooLarge = { status: 413, code: 'CATALOGUE_TOO_LARGE' }
  const hostile: [string, string | Buffer, object][] = [
    ['a million rows', `id,name\n${rows(1e6)}`, tooLarge],
    ['one row more than there may be', `id,name\n${rows(100_001)}`, tooLarge],
    ['more bytes than there may be', `id,name\n${rows(100_000, 'x'.repeat(100))}`, tooLarge],
    [
      'names without end',
      `id,name,aliases\n${Array.from({ length: 30_000 }, (_, i) => `${i},n,${Array.from({ length: 16 }, (_, alias) => `a${alias}`).join('|')}`).join('\n')}`,
      tooLarge,
    ],
    ['a row of a megabyte', `id,name\n1,${'x'.repeat(1e6)}`, invalid],
    ['a quoted row of a megabyte', `id,name\n1,"${'x\n'.repeat(5e5)}"`, invalid],
    ['a line of a megabyte', `{"id":"1","name":"${'x'.repeat(1e6)}"}`, invalid],
    ['nesting without end', `{"id":${'['.repeat(1e6)}`, invalid],
    ['control characters', 'id,name\n1,a\u001b[31m', { ...invalid, param: 'name' }],
    ['control characters, escaped', '{"id":"1","name":"a\\u0000"}', { ...invalid, param: 'name' }],
    ['a control character in an alias', 'id,name,aliases\n1,a,b|c\u0008', { ...invalid, param: 'aliases' }],
    ['text that turns around', 'id,name\n1,a\u202egpj.exe', { ...invalid, param: 'name' }],
    ['an id that turns around', 'id,name\n1\u2067,a', { ...invalid, param: 'id' }],
    ['duplicate ids', 'id,name\n1,a\n1,b', { ...invalid, param: 'id' }],
    ['duplicate ids, one a number', '{"id":1,"name":"a"}\n{"id":"1","name":"b"}', { ...invalid, param: 'id' }],
    ['half a surrogate pair', '{"id":"1","name":"\\udc00"}', { ...invalid, param: 'name' }],
    ['no UTF-8', Buffer.from([...Buffer.from('id,name\n1,'), 0xc3, 0x28]), invalid],
    ['an empty body', '', invalid],
    ['a page', '<html><body>404</body></html>', invalid],
  ]
  const answers = async (after: string): Promise<void> => {
    t.match(
      await (await post(`${url}/v1/search?catalogue=shop`, CLIP)).json(),
      { catalogue: 'shop@1', hits: [{ id: 'tea-1' }] },
      `after ${after}`,
    )
  }
  for (const [name, body, expected] of hostile) {
    const type = typeof body === 'string' && body.startsWith('{') ? 'application/jsonl' : 'text/csv'
    t.match(await errorOf(await put(url, 'shop', body, type)), expected, name)
    await answers(name)
  }
  const unmeasured = new ReadableStream({
    start: (stream) => {
      stream.enqueue(Buffer.alloc(10_000_001, 'id,name\n'))
      stream.close()
    },
  })
  t.match(
    await errorOf(
      await fetch(`${url}/v1/catalogues/shop`, { method: 'PUT', body: unmeasured, duplex: 'half' }),
    ),
    tooLarge,
    'a body that does not say how long it is',
  )
  t.match(await errorOf(await put(url, 'another', CSV)), tooLarge, 'one catalogue more than there may be')
  for (const name of ['UPPER', '..%2f..%2fetc', 'x'.repeat(65)])
    t.match(await errorOf(await put(url, name, CSV)), { status: 400, code: 'REQUEST_INVALID' }, name)
  await answers('all of it')
  t.match(await (await fetch(`${url}/v1/catalogues`)).json(), { data: [{ name: 'shop', version: 1, entries: 2 }] })
})

t.test('phrases past a limit are refused wherever they may stand, and the catalogue still answers', async (t) => {
  const { url, jobs } = await setUp(t)
  await put(url, 'shop', CSV)
  const listOf = (count: number): string => Array.from({ length: count }, (_, i) => `phrases=p${i}`).join('&')
  for (const route of ['/v1/search', '/v1/transcriptions']) {
    for (const query of [
      listOf(201),
      `phrases=${'x'.repeat(101)}`,
      'phrases=%1B',
      'phrases=%E2%80%AEa',
      'phrases=%20',
      'catalogue=shop&phrases=tea',
    ]) {
      t.match(
        await errorOf(await post(`${url}${route}?${query}`, CLIP)),
        { status: 400, code: 'REQUEST_INVALID' },
        `${route} ${query.slice(0, 40)}`,
      )
    }
    t.equal(jobs.length, 0, 'no worker was asked')
    t.equal((await post(`${url}${route}?${listOf(200)}`, CLIP)).status, 200, 'the limit itself')
    t.equal((await post(`${url}${route}?catalogue=shop`, CLIP)).status, 200)
    jobs.length = 0
  }
})

t.test(
  'what the workers do not take, and what all catalogues have no room for, leaves the old version answering',
  async (t) => {
    let takes = true
    const { url } = await setUp(
      t,
      { EARSHOT_MAX_CATALOGUE_ENTRIES: '1000' },
      {
        publisher: {
          publish: async () => {
            if (takes) return { seconds: 0, unspellable: [] }
            throw new SpeechError('CATALOGUE_NOT_TAKEN')
          },
          forget: () => undefined,
        },
      },
    )
    await put(url, 'shop', CSV)
    t.match(
      await errorOf(await put(url, 'shop', `id,name\n${Array.from({ length: 1_001 }, (_, i) => `${i},n`).join('\n')}`)),
      { status: 413, code: 'CATALOGUE_TOO_LARGE' },
    )
    takes = false
    t.match(await errorOf(await put(url, 'shop', CSV)), { status: 503, code: 'CATALOGUE_NOT_TAKEN', retryAfter: '1' })
    t.match(await (await fetch(`${url}/v1/catalogues/shop`)).json(), { version: 1, entries: 2 })
    t.equal((await post(`${url}/v1/search?catalogue=shop`, CLIP)).status, 200)
  },
)

t.test('one catalogue is taken in at a time, and another is asked to come back', async (t) => {
  let finish = (): void => undefined
  let begin = (): void => undefined
  const begun = new Promise<void>((resolve) => { begin = resolve })
  const publish = (): Promise<{ seconds: number; unspellable: number[] }> => new Promise((resolve) => {
    finish = () => { resolve({ seconds: 0, unspellable: [] }) }
    begin()
  })
  const { url } = await setUp(t, {}, { publisher: { publish, forget: () => undefined } })
  const first = put(url, 'shop', CSV)
  await begun
  t.match(await errorOf(await put(url, 'shop', CSV)), { status: 429, code: 'QUEUE_FULL', retryAfter: '2' })
  finish()
  t.equal((await first).status, 200)
})

t.test('two catalogues of the largest size come in at a time, from two clients, and a third does not', async (t) => {
  const bytes = 200_000
  const { url, uploads } = await setUp(t, {
    EARSHOT_MAX_CATALOGUE_BYTES: String(bytes),
    EARSHOT_CLIENT_HEADER: 'x-client',
  })
  const putHead = (name: string, client: string): string =>
    `PUT /v1/catalogues/${name} HTTP/1.1\r\nhost: localhost\r\nx-client: ${client}\r\ncontent-length: ${bytes}\r\n\r\n`
  const begin = Buffer.alloc(bytes / 2 + 1, 'id,name\n')
  const open = ['one', 'two'].map((name) => converse(url, Buffer.concat([Buffer.from(putHead(name, name)), begin])))
  await eventually(() => uploads.requestsInProgress === 2)
  const third = converse(url, putHead('three', 'three'))
  await third.until(/QUEUE_FULL/)
  for (const one of open) {
    one.socket.write(Buffer.alloc(bytes - begin.length, 'x'))
    await one.until(/"code":"CATALOGUE_INVALID"/) // all of it was read
  }
})

t.test(
  'a second version of one catalogue is refused before its body is read, and another catalogue is not',
  async (t) => {
    const { url, uploads } = await setUp(t, { EARSHOT_CLIENT_HEADER: 'x-client' })
    const putHead = (name: string, client: string, length: number): string =>
      `PUT /v1/catalogues/${name} HTTP/1.1\r\nhost: localhost\r\nx-client: ${client}\r\ncontent-length: ${length}\r\n\r\n`
    const first = converse(url, putHead('shop', 'one', CSV.length))
    await eventually(() => uploads.requestsInProgress === 1)
    const second = converse(url, putHead('shop', 'two', CSV.length))
    t.match(await second.until(/QUEUE_FULL/), /^HTTP\/1\.1 429 [^]*retry-after: 2/i)
    t.equal((await put(url, 'cafe', CSV)).status, 200)
    first.socket.write(CSV)
    await first.until(/"version":2/)
    t.equal((await put(url, 'shop', CSV)).status, 200, 'and afterwards it is let in')
  },
)

t.test('right-to-left names are served as they are', async (t) => {
  const { url } = await setUp(t, {}, { answer: async () => ({ ...REPORT, text: 'شاي أخضر' }) })
  t.equal((await put(url, 'shop', 'id,name\n1,شاي أخضر\n')).status, 200)
  t.match(await (await post(`${url}/v1/search?catalogue=shop`, CLIP)).json(), {
    hits: [{ id: '1', name: 'شاي أخضر', why: ['heard'] }],
  })
})

t.test('the service is not ready before it has the catalogues of its settings', async (t) => {
  const { url, catalogues } = await setUp(t)
  catalogues.await(['shop'])
  const before = await fetch(`${url}/readyz`)
  t.equal(before.status, 503)
  t.match(await before.json(), { ready: false, missing: /shop/ })
  await put(url, 'shop', CSV)
  t.equal((await fetch(`${url}/readyz`)).status, 200)
})

t.test(
  'catalogues change places under load, and every request is answered by the version that it was heard with',
  async (t) => {
    const lists = new Set<string>()
    const { url, jobs } = await setUp(
      t,
      {},
      {
        publisher: {
          publish: async ({ id }) => {
            await pause(3)
            lists.add(id)
            return { seconds: 0, unspellable: [] }
          },
          forget: (id) => {
            lists.delete(id)
          },
        },
        answer: async ({ phrases }): Promise<Report> => {
          await pause(5 + Math.random() * 20)
          if (!lists.has(phrases as string)) throw new SpeechError('CATALOGUE_NOT_FOUND', phrases as string)
          return { ...REPORT, text: `version ${(phrases as string).split('@')[1]!}` }
        },
      },
    )
    const version = (number: number): string => `id,name\n${number},version ${number}\n`
    await put(url, 'shop', version(1))
    let putting = true
    const client = async (): Promise<number> => {
      let answered = 0
      for (; putting; answered++) {
        const body = (await (await post(`${url}/v1/search?catalogue=shop`, CLIP)).json()) as {
          catalogue: string
          hits: { id: string; why: string[] }[]
        }
        t.equal(`shop@${body.hits[0]?.id}`, body.catalogue, body.catalogue)
      }
      return answered
    }
    const clients = Array.from({ length: 6 }, client)
    for (let number = 2; number <= 8; number++) t.equal((await put(url, 'shop', version(number))).status, 200)
    putting = false
    const answered = (await Promise.all(clients)).reduce((a, b) => a + b)
    t.equal(jobs.length, answered)
    await pause(20)
    t.same([...lists], ['shop@8'])
  },
)

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds) })
}
