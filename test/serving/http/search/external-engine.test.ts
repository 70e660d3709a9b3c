/** Spoken search with an external search engine: what it is asked, and that it never delays a transcript for long. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import t,{ type Test } from 'tap'
import { openExternalSearchEngine } from '../../../../src/search/external-engine.js'
import { setUp } from '../fake-service.js'
import { alternative, recognizing, putShop, search } from './spoken-search.js'

interface Asked {
  readonly method: string
  readonly url: string
  readonly body: string
  readonly authorization: string | undefined
}

/** A search engine as told; what it was asked. */
async function makeEngine(t: Test, answer: RequestListener): Promise<{ address: string; asked: Asked[] }> {
  const asked: Asked[] = []
  const server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => { body += chunk }).on('end', () => {
      asked.push({ method: request.method!, url: request.url!, body, authorization: request.headers.authorization })
      answer(request, response)
    })
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.closeAllConnections(); server.close() })
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

const TWO = recognizing(alternative('green tee & more', -1), alternative('green tea', -2))

t.test('a URL template is fetched with the query, and its hits are passed on', async (t) => {
  const { address, asked } = await makeEngine(t, (_request, response) => {
    response.end(
      JSON.stringify({
        results: [{ id: 7, name: 'Tea', score: 3.5 }, { name: 'no id' }, 'nonsense', { id: 'x', name: { deep: 1 } }],
      }),
    )
  })
  const { url } = await setUp(
    t,
    {
      EARSHOT_SEARCH_ENGINE: 'url',
      EARSHOT_SEARCH_URL: `${address}/find?q={query}&n={limit}&all={alternatives}`,
      EARSHOT_SEARCH_AUTHORIZATION: 'Bearer x',
    },
    { answer: TWO },
  )
  t.match(await search(url, 'limit=3'), {
    outcome: 'hit',
    catalogue: null,
    reason: null,
    hits: [
      { id: '7', name: 'Tea', score: 3.5, why: [], tags: [] },
      { id: 'x', name: null, score: null },
    ],
  })
  t.match(asked, [
    {
      method: 'GET',
      url: '/find?q=green%20tee%20%26%20more&n=3&all=%5B%22green%20tee%20%26%20more%22%2C%22green%20tea%22%5D',
      authorization: 'Bearer x',
    },
  ])
})

t.test('OpenSearch and Meilisearch get every alternative, weighted by its probability', async (t) => {
  const openSearch = await makeEngine(t, (_request, response) => {
    response.end(JSON.stringify({ hits: { hits: [{ _id: 'a', _score: 1.5, _source: { title: 'Tea' } }] } }))
  })
  const one = await setUp(
    t,
    {
      EARSHOT_SEARCH_ENGINE: 'opensearch',
      EARSHOT_SEARCH_URL: `${openSearch.address}/shop/`,
      EARSHOT_SEARCH_FIELD: 'title',
    },
    { answer: TWO },
  )
  t.match(await search(one.url, ''), { hits: [{ id: 'a', name: 'Tea', score: 1.5 }] })
  t.match(openSearch.asked, [{ method: 'POST', url: '/shop/_search' }])
  const queries = (
    JSON.parse(openSearch.asked[0]!.body) as {
      query: { dis_max: { queries: { match: { title: { query: string; boost: number } } }[] } }
    }
  ).query.dis_max.queries
  t.same(queries.map(({ match }) => match.title.query), ['green tee & more', 'green tea'])
  t.ok(queries[0]!.match.title.boost === 1 && Math.abs(queries[1]!.match.title.boost - Math.exp(-1)) < 1e-9)

  const meilisearch = await makeEngine(t, (_request, response) => {
    response.end(JSON.stringify({ hits: [{ id: 3, name: 'Tea', _federation: { weightedRankingScore: 0.8 } }] }))
  })
  const two = await setUp(
    t,
    { EARSHOT_SEARCH_ENGINE: 'meilisearch', EARSHOT_SEARCH_URL: `${meilisearch.address}/base/indexes/shop` },
    { answer: TWO },
  )
  t.match(await search(two.url, 'limit=2'), { hits: [{ id: '3', name: 'Tea', score: 0.8 }] })
  t.equal(meilisearch.asked[0]!.url, '/base/multi-search')
  t.match(JSON.parse(meilisearch.asked[0]!.body), {
    federation: { limit: 2 },
    queries: [
      { indexUid: 'shop', q: 'green tee & more', federationOptions: { weight: 1 } },
      { indexUid: 'shop', q: 'green tea' },
    ],
  })
})

t.test(
  'with an engine, a catalogue steers the hearing and the engine answers, unless the catalogue is asked',
  async (t) => {
    const { address } = await makeEngine(t, (_request, response) => {
      response.end('[]')
    })
    const { url, jobs } = await setUp(
      t,
      { EARSHOT_SEARCH_ENGINE: 'url', EARSHOT_SEARCH_URL: `${address}/{query}` },
      { answer: TWO },
    )
    await putShop(url)
    t.match(await search(url, 'catalogue=shop'), { outcome: 'no_match', hits: [], catalogue: 'shop@1' })
    t.equal(jobs[0]!.phrases, 'shop@1')
    t.match(await search(url, 'catalogue=shop&hits=catalogue'), { outcome: 'hit', hits: [{ id: 't1' }] })
  },
)

t.test('an engine that hangs, fails, sends too much or nonsense costs the hits, not the transcript', async (t) => {
  const faults: [string, RequestListener, string][] = [
    ['hangs', () => undefined, 'timeout'],
    ['begins and hangs', (_request, response) => { response.write('{"hits"') }, 'timeout'],
    ['500', (_request, response) => { response.writeHead(500).end('[]') }, 'refused'],
    ['redirects', (_request, response) => { response.writeHead(302, { location: '/' }).end() }, 'refused'],
    ['floods', (_request, response) => { response.end(`["${'x'.repeat(3e6)}"]`) }, 'answer_too_large'],
    ['garbage', (_request, response) => { response.end('<html>') }, 'answer_unreadable'],
    ['another shape', (_request, response) => { response.end('{"hits":{"total":1}}') }, 'answer_unreadable'],
    ['null', (_request, response) => { response.end('null') }, 'answer_unreadable'],
    ['hangs up', (request) => { request.socket.destroy() }, 'unreachable'],
  ]
  for (const [name, answer, reason] of faults) {
    const { address } = await makeEngine(t, answer)
    const { url, metric } = await setUp(
      t,
      {
        EARSHOT_SEARCH_ENGINE: 'url',
        EARSHOT_SEARCH_URL: `${address}/?q={query}`,
        EARSHOT_SEARCH_SECONDS: reason === 'timeout' ? '0.2' : '10',
      },
      { answer: TWO },
    )
    t.match(
      await search(url, ''),
      { outcome: 'engine_failed', hits: null, didYouMean: [], reason, text: 'green tee & more' },
      name,
    )
    t.match(await metric('asr_search_requests_total'), [/engine_failed"} 1/])
  }
})

t.test('a long transcript is shortened for the engine, between words', async (t) => {
  const long = (letter: string): string =>
    Array.from({ length: 900 }, (_, index) => `${letter.repeat(1 + (index % 7))}${index}`).join(' ')
  const said = ['ä', 'b', '漢', 'd', '한', 'f', 'g', 'h'].map((letter, index) => alternative(long(letter), -1 - index))
  const { address, asked } = await makeEngine(t, (_request, response) => { response.end('[]') })
  const one = await setUp(
    t,
    { EARSHOT_SEARCH_ENGINE: 'url', EARSHOT_SEARCH_URL: `${address}/find?q={query}&again={query}&all={alternatives}` },
    { answer: recognizing(...said) },
  )
  t.match(await search(one.url, ''), { outcome: 'no_match', reason: null })
  t.ok(asked[0]!.url.length <= 8_000, `${asked[0]!.url.length} characters`)
  const query = new URL(asked[0]!.url, address).searchParams.get('q')!
  t.ok(query.length <= 512 && long('ä').startsWith(`${query} `), 'whole words from the beginning')
  const all = JSON.parse(new URL(asked[0]!.url, address).searchParams.get('all')!) as string[]
  t.ok(all.length >= 1 && all[0] === query)
  const two = await setUp(
    t,
    { EARSHOT_SEARCH_ENGINE: 'opensearch', EARSHOT_SEARCH_URL: `${address}/shop` },
    { answer: recognizing(...said) },
  )
  await search(two.url, '')
  t.ok(asked[1]!.body.length < 8 * 700, `${asked[1]!.body.length} characters`)
  const three = await setUp(
    t,
    { EARSHOT_SEARCH_ENGINE: 'meilisearch', EARSHOT_SEARCH_URL: `${address}/indexes/shop` },
    { answer: recognizing(...said) },
  )
  await search(three.url, '')
  t.ok(asked[2]!.body.length < 8 * 700, `${asked[2]!.body.length} characters`)
  t.equal((JSON.parse(asked[2]!.body) as { queries: unknown[] }).queries.length, 8)
})

t.test(
  'text without blanks is cut within a word and never within a character; dots lead to no other folder',
  async (t) => {
    const { address, asked } = await makeEngine(t, (_request, response) => {
      response.end('[]')
    })
    for (const [text, expected] of [
      [`x${'\u{1f3b8}'.repeat(400)}`, `/in/${encodeURIComponent(`x${'\u{1f3b8}'.repeat(255)}`)}/here`],
      ['..', '/in//here'],
      ['a\ud800', '/in/a%EF%BF%BD/here'],
    ] as const) {
      const { url } = await setUp(
        t,
        { EARSHOT_SEARCH_ENGINE: 'url', EARSHOT_SEARCH_URL: `${address}/in/{query}/here` },
        { answer: recognizing(alternative(text, -1)) },
      )
      t.match(await search(url, ''), { reason: null })
      t.equal(asked.at(-1)!.url, expected)
    }
  },
)

t.test('an answer is cut to the requested hits, with ids and names of bounded length', async (t) => {
  const hits = [
    { id: 'x'.repeat(513), name: 'no id' },
    { id: 'y'.repeat(512), name: 'word '.repeat(200), score: 1e999 },
    ...Array.from({ length: 20_000 }, (_, id) => ({ id })),
  ]
  const { address } = await makeEngine(t, (_request, response) => {
    response.end(JSON.stringify({ results: hits }).replace('"score":null', '"score":1e999'))
  })
  const { url } = await setUp(
    t,
    { EARSHOT_SEARCH_ENGINE: 'url', EARSHOT_SEARCH_URL: `${address}/?q={query}` },
    { answer: TWO },
  )
  const { hits: found } = (await search(url, 'limit=3')) as {
    hits: { id: string; name: string | null; score: number | null }[]
  }
  t.same(found.map(({ id }) => id), ['y'.repeat(512), '0', '1'])
  t.equal(found[0]!.name!.length, 'word '.repeat(102).trim().length)
  t.equal(found[0]!.score, null)
})

t.test('a deeply nested answer is read or refused, and costs the hits at most', async (t) => {
  const { address } = await makeEngine(t, (_request, response) => {
    response.end(`${'['.repeat(400_000)}${']'.repeat(400_000)}`)
  })
  const { url } = await setUp(
    t,
    { EARSHOT_SEARCH_ENGINE: 'url', EARSHOT_SEARCH_URL: `${address}/?q={query}`, EARSHOT_SEARCH_SECONDS: '5' },
    { answer: TWO },
  )
  t.match(await search(url, ''), { text: 'green tee & more' })
})

t.test('requests to an engine are limited at a time', async (t) => {
  let release: () => void = () => undefined
  const released = new Promise<void>((resolve) => { release = resolve })
  const { address, asked } = await makeEngine(t, (_request, response) => {
    void released.then(() => response.end('[]'))
  })
  const engine = openExternalSearchEngine({
    searchEngine: 'url',
    searchUrl: `${address}/?q={query}`,
    searchField: 'name',
    searchAuthorization: undefined,
    searchSeconds: 10,
  })!
  const answers = Array.from({ length: 70 }, () => engine.find([alternative('tea', -1)], 5))
  t.same(await Promise.all(answers.slice(64)), Array.from({ length: 6 }, () => ({ failure: 'busy' })))
  release()
  t.same(await Promise.all(answers.slice(0, 64)), Array.from({ length: 64 }, () => ({ hits: [] })))
  t.equal(asked.length, 64)
  t.same(await engine.find([alternative('tea', -1)], 5), { hits: [] }, 'and there is room again')
})

t.test('after failures in a row, requests no longer wait for the engine', async (t) => {
  const { address, asked } = await makeEngine(t, () => undefined)
  const { url } = await setUp(
    t,
    { EARSHOT_SEARCH_ENGINE: 'url', EARSHOT_SEARCH_URL: `${address}/?q={query}`, EARSHOT_SEARCH_SECONDS: '0.1' },
    { answer: TWO },
  )
  for (let i = 0; i < 5; i++) t.match(await search(url, ''), { reason: 'timeout' })
  const { reason, searchSeconds, text } = await search(url, '')
  t.equal(reason, 'resting')
  t.ok(searchSeconds < 0.05, `${searchSeconds} s`)
  t.equal(text, 'green tee & more')
  t.equal(asked.length, 5)
})
