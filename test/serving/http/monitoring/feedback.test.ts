/**
 * Feedback and labels over HTTP: a token with every answer, typed refusals, small bodies, counters, and no word in a
 * log.
 */
import t from 'tap'
import { FEEDBACK_EVENTS, LABEL_SOURCES, UNMATCHED_REASONS } from '../../../../src/monitoring/feedback/events.js'
import { Feedback } from '../../../../src/monitoring/feedback/feedback.js'
import { feedbackCounters, exposeConceptDrift } from '../../../../src/monitoring/metrics/feedback-metrics.js'
import { Telemetry } from '../../../../src/monitoring/metrics/telemetry.js'
import { CLIP, errorOf, post, REPORT, setUp } from '../fake-service.js'
import { converse, eventually, head } from '../raw.js'

const JSON_TYPE = { 'content-type': 'application/json' }

const say = (url: string, route: 'feedback' | 'labels', body: object | string): Promise<Response> =>
  post(`${url}/v1/${route}`, typeof body === 'string' ? body : JSON.stringify(body), JSON_TYPE)

async function answer(url: string): Promise<string> {
  return (await (await post(`${url}/v1/transcriptions`, CLIP)).json() as { feedbackToken: string }).feedbackToken
}

function form(format: string): FormData {
  const body = new FormData()
  body.set('file', new Blob([new Uint8Array(CLIP)]))
  body.set('model', 'whisper-1')
  body.set('response_format', format)
  return body
}

t.test('every answer carries a token with which its event and its label are taken', async (t) => {
  const { url, metric } = await setUp(t)
  const tokens = [await answer(url)]
  for (const format of ['json', 'text', 'verbose_json', 'srt', 'vtt']) {
    const response = await fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', body: form(format) })
    const token = response.headers.get('earshot-feedback-token')!
    tokens.push(token)
    if (format === 'verbose_json') t.equal((await response.json() as { feedback_token: string }).feedback_token, token)
  }
  for (const token of tokens) {
    const told = await say(url, 'feedback', { token, event: 'clicked', delayMs: 400 })
    t.equal(told.status, 202)
    t.same(await told.json(), { accepted: true })
    const labelled = await say(url, 'labels', {
      token,
      reference: 'Play sum more jazz!',
      transcript: REPORT.text,
      source: 'random',
      session: 'a phone',
    })
    t.equal(labelled.status, 202)
    t.same(await labelled.json(), { accepted: true, words: 4, errors: 2 })
  }
  const model = 'model="moonshine-tiny-en"'
  t.same(await metric('asr_feedback_events_total'), [`asr_feedback_events_total{${model},event="clicked"} 6`])
  t.same(await metric('asr_label_words_total'), [`asr_label_words_total{${model},source="random"} 24`])
  t.same(await metric('asr_label_word_errors_total'), [
    `asr_label_word_errors_total{${model},source="random",type="substitution"} 6`,
    `asr_label_word_errors_total{${model},source="random",type="deletion"} 6`,
  ])
  t.same(await metric('asr_label_utterances_total'), [
    `asr_label_utterances_total{${model},source="random",result="wrong"} 6`,
  ])
  t.match(await metric('asr_feedback_delay_seconds_count'), [/ 6$/])
})

t.test('what cannot be taken is refused by a code of its own, and counted by its reason', async (t) => {
  const { url, metric } = await setUp(t)
  const token = await answer(url)
  const label = { token, reference: 'a', transcript: REPORT.text, source: 'random' }
  await say(url, 'feedback', { token, event: 'accepted' })
  const cases: ['feedback' | 'labels', object | string, object][] = [
    ['feedback', { token, event: 'accepted' }, { status: 409, code: 'FEEDBACK_DUPLICATE', param: 'token' }],
    ['feedback', { token: `${token}x`, event: 'accepted' }, { status: 401, code: 'TOKEN_INVALID', param: 'token' }],
    ['labels', { ...label, transcript: 'play some' }, { status: 422, code: 'TRANSCRIPT_OTHER', param: 'transcript' }],
    ['feedback', { token, event: 'liked' }, { status: 400, code: 'REQUEST_INVALID', param: 'event' }],
    ['feedback', { token, event: 'clicked', delayMs: -1 }, { status: 400, code: 'REQUEST_INVALID', param: 'delayMs' }],
    ['feedback', { token, event: 'clicked', user: 'me' }, { status: 400, code: 'REQUEST_INVALID' }],
    [
      'feedback',
      { token, event: 'clicked', text: 'a', transcript: REPORT.text },
      { status: 400, code: 'REQUEST_INVALID', param: 'text' },
    ],
    [
      'feedback',
      { token, event: 'corrected', text: 'a' },
      { status: 400, code: 'REQUEST_INVALID', param: 'transcript' },
    ],
    [
      'feedback',
      { token, event: 'corrected', text: null, transcript: REPORT.text },
      { status: 400, code: 'REQUEST_INVALID', param: 'text' },
    ],
    ['labels', { ...label, source: 'guess' }, { status: 400, code: 'REQUEST_INVALID', param: 'source' }],
    ['labels', { ...label, reference: null }, { status: 400, code: 'REQUEST_INVALID', param: 'reference' }],
    [
      'labels',
      { ...label, reference: 'no '.repeat(501) },
      { status: 400, code: 'REQUEST_INVALID', param: 'reference' },
    ],
    [
      'labels',
      { ...label, reference: 'a'.repeat(4_001) },
      { status: 400, code: 'REQUEST_INVALID', param: 'reference' },
    ],
    ['labels', { ...label, reference: 'a'.repeat(70_000) }, { status: 413, code: 'UPLOAD_TOO_LARGE' }],
    ['labels', '{broken', { status: 400, code: 'REQUEST_INVALID' }],
    ['labels', '{"__proto__":1}', { status: 400, code: 'REQUEST_INVALID' }],
    ['labels', '', { status: 400, code: 'REQUEST_INVALID' }],
    ['labels', '[]', { status: 400, code: 'REQUEST_INVALID' }],
  ]
  for (const [route, body, expected] of cases)
    t.match(await errorOf(await say(url, route, body)), expected, JSON.stringify(body).slice(0, 100))
  t.match(await errorOf(await post(`${url}/v1/labels`, JSON.stringify(label), { 'content-type': 'text/plain' })), {
    status: 400,
    code: 'REQUEST_INVALID',
  })
  t.same(
    (await metric('asr_feedback_unmatched_total')).sort(),
    ['bad_token', 'duplicate', 'other_text'].map((reason) => `asr_feedback_unmatched_total{reason="${reason}"} 1`),
  )
  t.equal((await say(url, 'labels', label)).status, 202, 'none of the refusals has used it up')
  t.same(await metric('asr_requests_total{model="none"'), [], 'feedback is no recognition request')
})

t.test('a shutdown waits for feedback that is on its way, and refuses what comes later before its body', async (t) => {
  const { url, uploads } = await setUp(t)
  const body = JSON.stringify({ token: await answer(url), event: 'accepted' })
  const json = 'content-type: application/json\r\n'
  const begun = converse(url, head(body.length, '/v1/feedback', json) + body.slice(0, 10))
  await eventually(() => uploads.requestsInProgress === 1)
  let drained = false
  const drain = uploads.drain(30).then(() => { drained = true })
  const late = converse(url, head(body.length, '/v1/feedback', json))
  await late.until(/SHUTTING_DOWN/)
  t.notOk(drained)
  begun.socket.write(body.slice(10))
  t.match(await begun.until(/accepted/), /^HTTP\/1\.1 202 /)
  await drain
})

t.test(
  'replicas with one secret take the tokens of each other; without a secret no process takes those of another',
  async (t) => {
    const shared = { EARSHOT_FEEDBACK_SECRET: 'the same thirty-two characters here' }
    const [one, two, alone] = await Promise.all([
      setUp(t, shared),
      setUp(t, { ...shared, EARSHOT_MODELS: 'whisper-tiny' }),
      setUp(t),
    ])
    t.equal((await say(two.url, 'feedback', { token: await answer(one.url), event: 'typed' })).status, 202)
    t.same(
      await two.metric('asr_feedback_events_total'),
      ['asr_feedback_events_total{model="none",event="typed"} 1'],
      'a model that is not served here has no label of its own',
    )
    t.equal((await say(alone.url, 'feedback', { token: await answer(one.url), event: 'typed' })).status, 401)
    t.equal((await say(one.url, 'feedback', { token: await answer(alone.url), event: 'typed' })).status, 401)
  },
)

t.test('labels of a random sample become a rate with an interval', async (t) => {
  const { url, metric } = await setUp(t)
  for (let index = 0; index < 34; index++) {
    t.same(await metric('asr_label_wer_ratio'), [], 'absent below 100 words')
    await say(url, 'labels', {
      token: await answer(url),
      reference: index % 2 === 0 ? 'play some jazz' : 'play some jam',
      transcript: REPORT.text,
      source: 'random',
    })
  }
  const rates = (await metric('asr_label_wer_ratio')).map((line) =>
    line.replace(/[\d.]+$/, (value) => Number(value).toFixed(2)),
  )
  t.match(rates, [
    'asr_label_wer_ratio{model="moonshine-tiny-en",bound="estimate"} 0.17',
    /bound="low"} 0\.1/,
    /bound="high"} 0\.2/,
  ])
  t.same(await metric('asr_calibration_p_value'), [], 'without a table')
  t.same(await metric('asr_estimated_wer_ratio'), [])
})

t.test('with a table of the baseline there is an estimate at once, and a test when there are labels', async (t) => {
  const telemetry = new Telemetry(['with', 'without'], { version: '0', revision: 'r', node_version: 'n' })
  const feedback = new Feedback({
    secret: undefined,
    expirySeconds: 60,
    models: ['with', 'without'],
    observer: feedbackCounters(telemetry.registry, ['with', 'without']),
    confidenceToWer: {
      with: [
        { upTo: 0.8, words: 100, errors: 50 },
        { upTo: 1, words: 1_000, errors: 100 },
      ],
    },
  })
  exposeConceptDrift(telemetry.registry, () => feedback.estimates())
  const shown = async (name: string): Promise<string[]> =>
    (await telemetry.exposition()).split('\n').filter((line) => line.startsWith(`${name}{`))
  const tokens = ['with', 'without'].flatMap((model) =>
    Array.from({ length: 60 }, (_, index) =>
      feedback.answered({ ...REPORT, model, confidence: index % 4 === 0 ? 0.8 : 0.9 }, `${model} ${index}`),
    ),
  )
  t.same(await shown('asr_estimated_wer_ratio'), ['asr_estimated_wer_ratio{model="with"} 0.2'])
  t.same(await shown('asr_calibration_p_value'), [])
  for (const token of tokens)
    feedback.label(token, { reference: 'other words altogether', transcript: REPORT.text, source: 'random' })
  const pValues = await shown('asr_calibration_p_value')
  t.equal(pValues.length, 1)
  t.ok(Number(pValues[0]!.split(' ').at(-1)) < 1e-6, pValues.join())
})

t.test('all events, sources and reasons are there before the first', async (t) => {
  const { url } = await setUp(t)
  const metrics = await (await fetch(`${url}/metrics`)).text()
  for (const event of FEEDBACK_EVENTS)
    t.ok(metrics.includes(`asr_feedback_events_total{model="moonshine-tiny-en",event="${event}"} 0`), event)
  for (const source of LABEL_SOURCES)
    t.ok(metrics.includes(`asr_label_words_total{model="moonshine-tiny-en",source="${source}"} 0`), source)
  for (const reason of UNMATCHED_REASONS)
    t.ok(metrics.includes(`asr_feedback_unmatched_total{reason="${reason}"} 0`), reason)
})

t.test('no word of a reference, transcript or correction is logged, nor a token or a session', async (t) => {
  const { url, logged } = await setUp(t, { EARSHOT_LOG_LEVEL: 'trace' })
  const token = await answer(url)
  await say(url, 'feedback', { token, event: 'corrected', text: 'secretword', transcript: REPORT.text })
  await say(url, 'labels', {
    token,
    reference: 'secretword',
    transcript: REPORT.text,
    source: 'random',
    session: 'secretword',
  })
  await say(url, 'labels', { token, reference: 'secretword', transcript: 'secretword', source: 'canary_set' })
  await say(url, 'labels', '{"reference": "secretword')
  await say(url, 'labels', {
    token: 'secretword',
    reference: 'secretword'.repeat(1_000),
    transcript: 'x',
    source: 'secretword',
  })
  const log = logged.join('')
  t.notMatch(log, /secretword|jazz/)
  t.notOk(log.includes(token.slice(20, 60)))
  const lines = logged
    .map((line) => JSON.parse(line) as { msg: string; event?: string; source?: string })
    .filter(({ msg }) => msg === 'feedback')
  t.match(lines, [
    { event: 'corrected', answer: String, words: 3, confidence: 0.9 },
    { source: 'random', referenceWords: 1, errors: 3 },
  ])
})
