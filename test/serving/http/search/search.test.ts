/** Spoken search over a fake pool: hits from catalogues and phrases, and what is refused. */
import t from 'tap'
import { SpeechError } from '../../../../src/domain/errors.js'
import type { PhraseList } from '../../../../src/domain/phrases.js'
import { CLIP, errorOf, post, setUp } from '../fake-service.js'
import { alternative, recognizing, putShop, search } from './spoken-search.js'
import { wavOfSeconds } from '../wav.js'

t.test(
  'a catalogue answers with ids, reasons and the transcript, and the worker gets it for biasing',
  async (t) => {
    const { url, jobs, metric, logged } = await setUp(
      t,
      {},
      { answer: recognizing(alternative('green tee', -2), alternative('green tea', -2.5, [1])) },
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

t.test('a threshold separates hits from suggestions', async (t) => {
  let report = recognizing(alternative('desk ramp', -1))
  const { url, metric } = await setUp(t, {}, { answer: () => report() })
  await putShop(url)
  t.match(await search(url, 'catalogue=shop'), { outcome: 'hit', hits: [{ id: 'lamp' }] })
  t.match(await search(url, 'catalogue=shop&threshold=0.95'), {
    outcome: 'did_you_mean',
    hits: [],
    didYouMean: [{ id: 'lamp' }],
  })
  report = recognizing(alternative('what is the time', -1))
  t.match(await search(url, 'catalogue=shop'), { outcome: 'no_match', hits: [], didYouMean: [] })
  report = recognizing()
  t.match(await search(url, 'catalogue=shop'), {
    outcome: 'no_match',
    hits: [],
    text: '',
    noSpeechReason: 'no_speech_detected',
  })
  report = recognizing(alternative('tea', -1))
  t.match(
    await search(url, 'catalogue=shop'),
    { outcome: 'did_you_mean', hits: [], didYouMean: [{ id: 't1' }, { id: 't2' }] },
    'either',
  )
  t.equal((await search(url, 'catalogue=shop&threshold=0.1')).hits!.length, 2)
  t.equal((await search(url, 'catalogue=shop&threshold=0.1&limit=1')).hits!.length, 1)
  t.match(await metric('asr_search_requests_total'), [/hit"} 3/, /did_you_mean"} 2/, /no_match"} 2/])
})

t.test('phrases of the request are a catalogue of their own', async (t) => {
  let report = recognizing(alternative('play some jazz', -1, [1]))
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
  report = recognizing(alternative('play some jazz', -1))
  t.match(await search(url, 'phrases=blues'), { outcome: 'no_match' }, 'one alone is a list too')
})

t.test('transcriptions take the same parameters and have alternatives on request', async (t) => {
  const { url, jobs, metric } = await setUp(t, {}, { answer: recognizing(alternative('green tea', -1, [1])) })
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

t.test('a search has word times on request, as a transcription does', async (t) => {
  const { url, jobs } = await setUp(t, {}, { answer: recognizing(alternative('blues', -1)) })
  await search(url, 'phrases=blues&words=true')
  await search(url, 'phrases=blues')
  t.match(jobs.map(({ words }) => words), [true, false])
})

t.test("the prompt of OpenAI's route is a list of phrases; prose does not bias and is reported as ignored", async (t) => {
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
  t.same([listed, prose].map(({ headers }) => headers.get('earshot-prompt')), ['list', 'context'])
  const long = await ask(Array.from({ length: 201 }, (_, i) => `phrase ${i}`).join(','))
  t.same([long.status, long.headers.get('earshot-prompt')], [200, 'list; used=200; given=201'])
  t.equal((jobs[2]!.phrases as PhraseList).phrases.length, 200)
  t.match(await errorOf(await ask('Keywords: a\u0007b')), { status: 400, code: 'REQUEST_INVALID', param: 'prompt' })
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

t.test('a list of a request is made when nothing else refuses it, and its time is part of the deadline', async (t) => {
  let asked = 0
  const full = new SpeechError('QUEUE_FULL', 'full', { retryAfterSeconds: 3 })
  const { url, jobs, catalogues } = await setUp(t, {}, { refusal: () => ++asked === 4 ? full : undefined, answer: recognizing(alternative('green tee & more', -1), alternative('green tea', -2)) })
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
  const { url, catalogues } = await setUp(t, {}, { answer: recognizing(alternative('green tee & more', -1), alternative('green tea', -2)) })
  t.capture(catalogues.inline, 'list', () => {
    throw new SpeechError('QUEUE_FULL', 'lists without end', { retryAfterSeconds: 60 })
  })
  const send = async (): Promise<string> => (await post(`${url}/v1/search?phrases=tea`, wavOfSeconds(10))).text()
  t.match(await send(), /lists without end/)
  t.match(await send(), /told to retry later/)
})

t.test('which hit was clicked comes back as feedback', async (t) => {
  const { url, metric } = await setUp(t, {}, { answer: recognizing(alternative('green tea', -1)) })
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
