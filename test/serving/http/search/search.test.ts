/** Spoken search over a fake pool: who answers, with what, and that no search engine holds up a transcript. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { SpeechError } from '../../../../src/domain/errors.js'
import type { PhraseList, RankedAlternative } from '../../../../src/domain/phrases.js'
import { openExternalSearchEngine } from '../../../../src/search/external-engine.js'
import type { Report } from '../../../../src/domain/report.js'
import { CLIP, errorOf, post, REPORT, setUp } from '../fake-service.js'
import { wavOfSeconds } from '../wav.js'

const reading = (text: string, logProbability: number, phrases: number[] = []): RankedAlternative => ({
  text,
  confidence: 0.9,
  logProbability,
  phrases,
  posterior: 0.5,
})
const heard =
  (...alternatives: RankedAlternative[]): (() => Promise<Report>) =>
  async () => ({
    ...REPORT,
    text: alternatives[0]?.text ?? '',
    alternatives,
    ...(alternatives.length === 0 && { confidence: null, noSpeechReason: 'no_speech_detected' as const }),
  })
const CSV = 'id,name,tags\nt1,Green Tea,drinks|hot\nt2,Black Tea,\nlamp,Desk Lamp,\n'

async function putShop(url: string): Promise<void> {
  t.equal(
    (await fetch(`${url}/v1/catalogues/shop`, { method: 'PUT', body: CSV, headers: { 'content-type': 'text/csv' } }))
      .status,
    200,
  )
}

interface Answer {
  outcome: string
  hits: { id: string; name: string; why: string[]; tags: string[]; score: number }[] | null
  didYouMean: { id: string }[]
  reason: string | null
  text: string
  alternatives: { phrases: string[] }[]
  catalogue: string | null
  searchSeconds: number
  feedbackToken: string
}
const search = async (url: string, query: string): Promise<Answer> => {
  const response = await post(`${url}/v1/search?${query}`, CLIP)
  t.equal(response.status, 200, query)
  return await response.json() as Answer
}

t.test(
  'a catalogue answers with ids, reasons and the transcript, and the worker is told to hear with it',
  async (t) => {
    const { url, jobs, metric, logged } = await setUp(
      t,
      {},
      { answer: heard(reading('green tee', -2), reading('green tea', -2.5, [1])) },
    )
    await putShop(url)
    const answer = await search(url, 'catalogue=shop&biasStrength=0.5')
    t.match(answer, {
      outcome: 'hit',
      text: 'green tee',
      catalogue: 'shop@1',
      reason: null,
      didYouMean: [],
      alternatives: [{ phrases: [] }, { phrases: ['t1'] }],
    })
    t.match(answer.hits, [{ id: 't1', name: 'Green Tea', tags: ['drinks', 'hot'], why: ['heard'] }])
    t.ok(answer.feedbackToken.length > 50 && answer.searchSeconds >= 0)
    t.match(jobs[0], { phrases: 'shop@1', nBest: 5, biasStrength: 0.5 })
    t.match(await metric('asr_search_requests_total'), ['asr_search_requests_total{outcome="hit"} 1'])
    t.match(await metric('asr_search_duration_seconds_count'), [/ 1$/])
    t.notMatch(logged.join(''), /green|Green/)
  },
)

t.test('a threshold parts hits from suggestions, and both from nothing', async (t) => {
  let report = heard(reading('desk ramp', -1))
  const { url, metric } = await setUp(t, {}, { answer: () => report() })
  await putShop(url)
  t.match(await search(url, 'catalogue=shop'), { outcome: 'hit', hits: [{ id: 'lamp' }] })
  t.match(await search(url, 'catalogue=shop&threshold=0.95'), {
    outcome: 'did_you_mean',
    hits: [],
    didYouMean: [{ id: 'lamp' }],
  })
  report = heard(reading('what is the time', -1))
  t.match(await search(url, 'catalogue=shop'), { outcome: 'no_match', hits: [], didYouMean: [] })
  report = heard()
  t.match(await search(url, 'catalogue=shop'), {
    outcome: 'no_match',
    hits: [],
    text: '',
    noSpeechReason: 'no_speech_detected',
  })
  report = heard(reading('tea', -1))
  t.match(
    await search(url, 'catalogue=shop'),
    { outcome: 'did_you_mean', hits: [], didYouMean: [{ id: 't1' }, { id: 't2' }] },
    'either',
  )
  t.equal((await search(url, 'catalogue=shop&threshold=0.3')).hits!.length, 2)
  t.equal((await search(url, 'catalogue=shop&threshold=0.3&limit=1')).hits!.length, 1)
  t.match(await metric('asr_search_requests_total'), [/hit"} 3/, /did_you_mean"} 2/, /no_match"} 2/])
})

t.test('phrases of the request are a catalogue of their own', async (t) => {
  let report = heard(reading('play some jazz', -1, [1]))
  const { url, jobs } = await setUp(t, {}, { answer: () => report() })
  const answer = await search(url, 'phrases=some%20jazz&phrases=blues')
  t.match(answer, {
    outcome: 'hit',
    catalogue: null,
    hits: [{ id: 'some jazz', name: 'some jazz', why: ['heard'] }],
    alternatives: [{ phrases: ['some jazz'] }],
  })
  t.match(jobs[0]!.phrases, {
    phrases: [{ spellings: ['blues', 'Blues'], weight: 1 }, { spellings: ['some jazz', 'Some jazz', 'Some Jazz'] }],
  })
  report = heard(reading('play some jazz', -1))
  t.match(await search(url, 'phrases=blues'), { outcome: 'no_match' }, 'one alone is a list too')
})

t.test('transcriptions are steered by the same parameters and give readings when asked', async (t) => {
  const { url, jobs, metric } = await setUp(t, {}, { answer: heard(reading('green tea', -1, [1])) })
  await putShop(url)
  t.match(await (await post(`${url}/v1/transcriptions?catalogue=shop&nBest=3`, CLIP)).json(), {
    text: 'green tea',
    alternatives: [{ text: 'green tea', logProbability: -1, phrases: ['t1'] }],
  })
  t.match(jobs[0], { phrases: 'shop@1', nBest: 3 })
  await post(`${url}/v1/transcriptions`, CLIP)
  t.match(jobs[1], { phrases: undefined, nBest: 1, biasStrength: 1 })
  t.match(await metric('asr_bias_hits_total'), ['asr_bias_hits_total 2'])
})

t.test('a search says when words were said where it is asked to, as a transcription does', async (t) => {
  const { url, jobs } = await setUp(t, {}, { answer: heard(reading('blues', -1)) })
  await search(url, 'phrases=blues&words=true')
  await search(url, 'phrases=blues')
  t.match(jobs.map(({ words }) => words), [true, false])
})

t.test("the prompt of OpenAI's route is a list of phrases; prose steers nothing and is named as ignored", async (t) => {
  const { url, jobs } = await setUp(t)
  const ask = (prompt: string): Promise<Response> => {
    const form = new FormData()
    form.set('file', new Blob([new Uint8Array(CLIP)]), 'a.wav')
    form.set('model', 'whisper-1')
    form.set('prompt', prompt)
    return fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', body: form })
  }
  const listed = await ask('Kallax, Billy\tbookcase\r\nIvar,,')
  t.equal(listed.headers.get('earshot-ignored-parameters'), null)
  t.same(
    (jobs[0]!.phrases as PhraseList).phrases.map(({ spellings }) => spellings[0]),
    ['Billy bookcase', 'Ivar', 'Kallax'],
  )
  const prose = await ask(
    'And so we went on to the next of the seven towns,\tas it was already getting dark and nobody wanted to stay.',
  )
  t.equal(prose.headers.get('earshot-ignored-parameters'), 'prompt')
  t.equal(jobs[1]!.phrases, undefined)
  t.match(await errorOf(await ask(Array.from({ length: 201 }, (_, i) => `phrase ${i}`).join(','))), {
    status: 400,
    code: 'REQUEST_INVALID',
    param: 'prompt',
  })
  t.match(await errorOf(await ask('a\u0007b')), { status: 400, code: 'REQUEST_INVALID', param: 'prompt' })
})

t.test('what cannot be searched is refused before it is recognized', async (t) => {
  const { url, jobs, metric } = await setUp(t)
  await putShop(url)
  const many = Array.from({ length: 201 }, (_, i) => `phrases=p${i}`).join('&')
  const cases: [string, object][] = [
    ['', { status: 400, code: 'REQUEST_INVALID', param: 'catalogue' }],
    ['?catalogue=nope', { status: 404, code: 'CATALOGUE_NOT_FOUND', param: 'catalogue' }],
    ['?catalogue=shop&phrases=tea', { status: 400, code: 'REQUEST_INVALID', param: 'phrases' }],
    ['?catalogue=shop&hits=engine', { status: 400, code: 'REQUEST_INVALID', param: 'hits' }],
    ['?catalogue=shop&threshold=2', { status: 400, code: 'REQUEST_INVALID', param: 'threshold' }],
    ['?catalogue=shop&limit=0', { status: 400, code: 'REQUEST_INVALID', param: 'limit' }],
    ['?catalogue=shop&nBest=11', { status: 400, code: 'REQUEST_INVALID', param: 'nBest' }],
    [`?${many}`, { status: 400, code: 'REQUEST_INVALID', param: 'phrases' }],
    [`?phrases=${'x'.repeat(101)}`, { status: 400, code: 'REQUEST_INVALID' }],
    ['?phrases=%1B', { status: 400, code: 'REQUEST_INVALID', param: 'phrases' }],
  ]
  for (const [query, expected] of cases)
    t.match(await errorOf(await post(`${url}/v1/search${query}`, CLIP)), expected, query.slice(0, 40))
  t.equal(jobs.length, 0)
  t.match(await metric('asr_rejections_total{reason="catalogue_not_found"}'), [/ 1$/])
})

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

const TWO = heard(reading('green tee & more', -1), reading('green tea', -2))

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

t.test('OpenSearch and Meilisearch get every reading, weighted by how likely it is', async (t) => {
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

t.test('an engine that hangs, fails, floods or talks nonsense costs the hits and not the transcript', async (t) => {
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

t.test('a list of a request is made when nothing else refuses it, and its time is part of the deadline', async (t) => {
  let asked = 0
  const full = new SpeechError('QUEUE_FULL', 'full', { retryAfterSeconds: 3 })
  const { url, jobs, catalogues } = await setUp(t, {}, { refusal: () => ++asked === 4 ? full : undefined, answer: TWO })
  const list = (query: string): Promise<Response> =>
    post(`${url}/v1/search?phrases=tea&deadlineSeconds=3${query}`, CLIP)
  t.match(await errorOf(await list('&language=xx')), { status: 400, code: 'LANGUAGE_UNSUPPORTED', param: 'language' })
  t.equal((await list('')).status, 200)
  t.equal(catalogues.inline.size, 1)
  t.ok(jobs[0]!.deadlineSeconds! < 3 && jobs[0]!.deadlineSeconds! > 0, `${jobs[0]!.deadlineSeconds} s are left`)
  const refused = new URLSearchParams([['phrases', 'another list']]).toString()
  asked = 2
  t.match(await errorOf(await post(`${url}/v1/search?${refused}`, CLIP)), { status: 429, retryAfter: '3' })
  t.equal(catalogues.inline.size, 1, 'nothing was made for those that were refused')
})

t.test('a client whose long upload was read and whose list had no place may not come back too early', async (t) => {
  const { url, catalogues } = await setUp(t, {}, { answer: TWO })
  t.capture(catalogues.inline, 'list', () => {
    throw new SpeechError('QUEUE_FULL', 'lists without end', { retryAfterSeconds: 60 })
  })
  const send = async (): Promise<string> => (await post(`${url}/v1/search?phrases=tea`, wavOfSeconds(10))).text()
  t.match(await send(), /lists without end/)
  t.match(await send(), /told to retry later/)
})

t.test('however much was said, little of it goes out, and it is cut between words', async (t) => {
  const long = (letter: string): string =>
    Array.from({ length: 900 }, (_, index) => `${letter.repeat(1 + (index % 7))}${index}`).join(' ')
  const said = ['ä', 'b', '漢', 'd', '한', 'f', 'g', 'h'].map((letter, index) => reading(long(letter), -1 - index))
  const { address, asked } = await makeEngine(t, (_request, response) => { response.end('[]') })
  const one = await setUp(
    t,
    { EARSHOT_SEARCH_ENGINE: 'url', EARSHOT_SEARCH_URL: `${address}/find?q={query}&again={query}&all={alternatives}` },
    { answer: heard(...said) },
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
    { answer: heard(...said) },
  )
  await search(two.url, '')
  t.ok(asked[1]!.body.length < 8 * 700, `${asked[1]!.body.length} characters`)
  const three = await setUp(
    t,
    { EARSHOT_SEARCH_ENGINE: 'meilisearch', EARSHOT_SEARCH_URL: `${address}/indexes/shop` },
    { answer: heard(...said) },
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
        { answer: heard(reading(text, -1)) },
      )
      t.match(await search(url, ''), { reason: null })
      t.equal(asked.at(-1)!.url, expected)
    }
  },
)

t.test('of an answer come back as many hits as were asked for, with ids and names of a bounded length', async (t) => {
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

t.test('an answer that nests without end is read or refused, and costs the hits at most', async (t) => {
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

t.test('an engine is asked so much at a time, and no more', async (t) => {
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
  const answers = Array.from({ length: 70 }, () => engine.find([reading('tea', -1)], 5))
  t.same(await Promise.all(answers.slice(64)), Array.from({ length: 6 }, () => ({ failure: 'busy' })))
  release()
  t.same(await Promise.all(answers.slice(0, 64)), Array.from({ length: 64 }, () => ({ hits: [] })))
  t.equal(asked.length, 64)
  t.same(await engine.find([reading('tea', -1)], 5), { hits: [] }, 'and there is room again')
})

t.test('after failures in a row nobody waits for a dead engine any more', async (t) => {
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

t.test('which hit was clicked comes back as feedback', async (t) => {
  const { url, metric } = await setUp(t, {}, { answer: heard(reading('green tea', -1)) })
  await putShop(url)
  const { feedbackToken: token } = await search(url, 'catalogue=shop')
  const tell = (body: object): Promise<Response> =>
    post(`${url}/v1/feedback`, JSON.stringify({ token, ...body }), { 'content-type': 'application/json' })
  t.match(await errorOf(await tell({ event: 'accepted', rank: 1 })), { status: 400, param: 'rank' })
  for (const rank of [0, 1.5, 'first'])
    t.match(await errorOf(await tell({ event: 'clicked', rank })), { status: 400, code: 'REQUEST_INVALID' })
  t.equal((await tell({ event: 'clicked', rank: 2 })).status, 202)
  t.match(await metric('asr_clicked_rank_sum'), ['asr_clicked_rank_sum 2'])
})
