/** The HTTP side over a fake pool: our own route, the door, and what every route has in common. */
import net from 'node:net'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { ERROR_CODES, ERRORS, SpeechError, type ErrorCode } from '../../../src/domain/errors.js'
import type { Report } from '../../../src/domain/report.js'
import { CLIP, errorOf, post, REPORT, setUp } from './fake-service.js'
import { bombs } from '../../../fixtures/bombs.js'
import { mediaFile } from '../../audio/signals.js'
import { wavOfSeconds } from './wav.js'

t.test('a clip as the raw body is answered with the full report, whatever its type claims to be', async (t) => {
  const { url, jobs, metric } = await setUp(t)
  for (const type of [
    'audio/wav',
    'application/octet-stream',
    'application/x-www-form-urlencoded',
    'image/png',
    'application/json',
    'text/plain',
  ]) {
    const response = await post(`${url}/v1/transcriptions?language=en-US&deadlineSeconds=3`, CLIP, {
      'content-type': type,
      'x-request-id': 'mine-1',
    })
    t.equal(response.status, 200, type)
    t.equal(response.headers.get('x-request-id'), 'mine-1')
    const body = (await response.json()) as Report & { requestId: string }
    t.match(body, {
      text: 'play some jazz',
      requestId: 'mine-1',
      input: { rmsDbfs: null, loudnessLufs: -23 },
      seconds: { receive: Number, encoder: 0.01 },
    })
  }
  t.match(jobs[0], { model: 'moonshine-tiny-en', language: 'en', audioSeconds: 1 })
  t.ok(jobs[0]!.deadlineSeconds! > 0 && jobs[0]!.deadlineSeconds! <= 3)
  t.equal(Buffer.compare(Buffer.from(jobs[0]!.audio), CLIP), 0)
  t.match(await metric('asr_requests_total'), ['asr_requests_total{model="moonshine-tiny-en",outcome="ok"} 6'])
  t.match(await metric('asr_audio_seconds_total'), ['asr_audio_seconds_total{model="moonshine-tiny-en"} 12'])
  t.match(await metric('asr_worker_busy_seconds_total'), [/0\.3/])
})

t.test('what browsers and phones send is measured at the door and passed on as it is', async (t) => {
  const { url, jobs } = await setUp(t, { EARSHOT_DISABLED_CODECS: 'vorbis,amr_nb', EARSHOT_MAX_AUDIO_SECONDS: '3' })
  const ask = (name: string): Promise<Response> => post(`${url}/v1/transcriptions`, Buffer.from(mediaFile(name)))
  for (const name of [
    'recorder-opus.webm',
    'recorder-opus.mp4',
    'aac-mono.m4a',
    'opus-mono.ogg',
    'mono-16k.mp3',
    'wb.amr',
  ])
    t.equal((await ask(name)).status, 200, name)
  for (const { audioSeconds } of jobs) t.ok(audioSeconds > 2.5 && audioSeconds < 3, `${audioSeconds} s`)
  t.equal((await ask('streamed.flac')).status, 200, 'longer by an estimate only')
  t.equal(jobs.at(-1)!.audioSeconds, 2.71)
  t.match(await errorOf(await ask('vorbis-mono.ogg')), { status: 415, code: 'AUDIO_UNSUPPORTED' })
  t.match(await errorOf(await ask('nb.amr')), { status: 415, code: 'AUDIO_UNSUPPORTED' })
  t.match(
    await errorOf(
      await post(
        `${url}/v1/transcriptions`,
        Buffer.from(bombs().find(({ name }) => name.startsWith('WebM that declares'))!.bytes),
      ),
    ),
    { status: 413, code: 'AUDIO_TOO_LONG' },
  )
})

t.test('samples without a container are what the content type says, a channel is what the query says', async (t) => {
  const { url, jobs } = await setUp(t)
  const ask = (type: string, query = ''): Promise<Response> =>
    post(`${url}/v1/transcriptions${query}`, CLIP.subarray(44), { 'content-type': type })
  t.equal((await ask('audio/l16;rate=16000;channels=1', '?channel=1')).status, 200)
  t.match(jobs[0], {
    audioSeconds: 1,
    channel: 1,
    headerless: { codec: 'pcm_s16', sampleRate: 16_000, channels: 1, byteOrder: 'detect' },
  })
  t.equal(
    (await post(`${url}/v1/transcriptions?channel=mix`, CLIP, { 'content-type': 'audio/basic' })).status,
    200,
    'a WAV file is a WAV file',
  )
  t.match(jobs[1], { audioSeconds: 1, channel: 'mix', headerless: undefined })
  t.match(await errorOf(await ask('audio/l16')), { status: 400, code: 'REQUEST_INVALID', param: 'content-type' })
  t.match(await errorOf(await ask('application/octet-stream')), { status: 415, code: 'AUDIO_UNSUPPORTED' })
  for (const channel of ['0', '-1', '1.5', 'left', '100'])
    t.match(
      await errorOf(await ask('audio/l16;rate=16000', `?channel=${channel}`)),
      { status: 400, code: 'REQUEST_INVALID', param: 'channel' },
      channel,
    )
})

t.test('spelling is an option of the query, and raw text has no other numbers', async (t) => {
  const { url, jobs } = await setUp(t)
  const ask = (query: string): Promise<Response> => post(`${url}/v1/transcriptions?${query}`, CLIP)
  const answer = await ask('format=modern&numbers=words')
  t.equal(answer.status, 200)
  t.notOk('rawText' in (await answer.json() as object), 'the text of the model is asked for with format=raw')
  await ask('format=raw')
  t.match(jobs, [{ format: 'modern', numbers: 'words' }, { format: 'raw', numbers: 'as_heard' }])
  for (const query of ['format=old', 'numbers=roman', 'format=raw&numbers=digits']) {
    t.match(await errorOf(await ask(query)), { status: 400, code: 'REQUEST_INVALID' }, query)
  }
})

t.test('a request id that could break a log is replaced', async (t) => {
  const { url } = await setUp(t)
  const response = await post(`${url}/v1/transcriptions`, CLIP, { 'x-request-id': 'a b"c' })
  t.match(response.headers.get('x-request-id'), /^[\da-f-]{36}$/)
})

t.test('no word of a user is logged unless asked for', async (t) => {
  const quiet = await setUp(t)
  await post(`${quiet.url}/v1/transcriptions?model=whisper-tiny`, CLIP)
  t.notMatch(quiet.logged.join(''), /jazz/)
  t.match(quiet.logged.join(''), /"msg":"recognized"/)
  const open = await setUp(t, { EARSHOT_LOG_TRANSCRIPTS: 'true' })
  await post(`${open.url}/v1/transcriptions`, CLIP)
  t.match(open.logged.join(''), /play some jazz/)
})

t.test('bad requests get their own error each', async (t) => {
  const { url, metric } = await setUp(t, { EARSHOT_MAX_AUDIO_SECONDS: '2', EARSHOT_MAX_UPLOAD_BYTES: '100000' })
  const cases: [string, Buffer | string, object][] = [
    ['', '', { status: 400, code: 'AUDIO_MISSING' }],
    ['', '<html>', { status: 415, code: 'AUDIO_UNSUPPORTED' }],
    ['', CLIP.subarray(0, 30), { status: 422, code: 'AUDIO_UNREADABLE' }],
    ['', wavOfSeconds(3), { status: 413, code: 'AUDIO_TOO_LONG' }],
    ['', wavOfSeconds(4), { status: 413, code: 'UPLOAD_TOO_LARGE' }],
    ['?model=whisper-9', CLIP, { status: 404, code: 'MODEL_NOT_FOUND', param: 'model' }],
    ['?language=not%20a%20tag', CLIP, { status: 400, code: 'LANGUAGE_UNSUPPORTED', param: 'language' }],
    ['?deadlineSeconds=-1', CLIP, { status: 400, code: 'REQUEST_INVALID', param: 'deadlineSeconds' }],
    ['?deadlineSeconds=soon', CLIP, { status: 400, code: 'REQUEST_INVALID', param: 'deadlineSeconds' }],
  ]
  for (const [query, body, expected] of cases)
    t.match(await errorOf(await post(`${url}/v1/transcriptions${query}`, body)), expected, JSON.stringify(expected))
  t.match(await errorOf(await fetch(`${url}/v2/nothing`)), { status: 404, code: 'ROUTE_NOT_FOUND' })
  t.match(await errorOf(await fetch(`${url}/v1/transcriptions`)), { status: 405, code: 'METHOD_NOT_ALLOWED' })
  t.equal((await post(`${url}/v1/transcriptions?model=whisper-1`, CLIP)).status, 200, 'an alias is the default model')
  t.equal((await metric('asr_rejections_total')).length, 8, 'eight codes')
  t.match(
    await metric('asr_requests_total{model="none",outcome="rejected"}'),
    [/ 4$/],
    'refused before their model was known',
  )
})

t.test('whatever is wrong with a request, the answer is typed', async (t) => {
  const { url } = await setUp(t)
  const json = { 'content-type': 'application/json' }
  t.match(await errorOf(await post(`${url}/nowhere`, '{broken', json)), { status: 404, code: 'ROUTE_NOT_FOUND' })
  t.match(await errorOf(await post(`${url}/nowhere`, '{"__proto__":1}', json)), {
    status: 404,
    code: 'ROUTE_NOT_FOUND',
  })
  t.match(await errorOf(await fetch(`${url}/v1/models/%zz`)), { status: 400, code: 'REQUEST_INVALID' })
  t.match(await errorOf(await fetch(`${url}/v1/models/${'x'.repeat(150)}`)), { status: 400, code: 'REQUEST_INVALID' })
  t.match(await errorOf(await fetch(`${url}/v1/models/${'x'.repeat(3000)}`)), { code: 'REQUEST_INVALID' })
  t.match(await errorOf(await post(`${url}/v1/transcriptions`, CLIP, { 'content-type': 'foo' })), {
    code: 'REQUEST_INVALID',
  })
})

t.test('languages go by any of their names that the model knows, models by theirs before aliases', async (t) => {
  const { url, jobs } = await setUp(t, { EARSHOT_MODEL_ALIASES: 'whisper-tiny,whisper-1' }, {}, ['en', 'jw', 'tl'])
  const asked: [string, string][] = [['jw', 'jw'], ['TL-PH', 'tl'], ['en-GB', 'en'], ['EN', 'en']]
  for (const [tag, expected] of asked) {
    await post(`${url}/v1/transcriptions?language=${tag}`, CLIP)
    t.equal(jobs.at(-1)!.language, expected, tag)
  }
  t.match(await errorOf(await post(`${url}/v1/transcriptions?language=de`, CLIP)), {
    status: 400,
    code: 'LANGUAGE_UNSUPPORTED',
    param: 'language',
  })
  t.equal(jobs.length, asked.length, 'one that it does not know reaches no worker')
  await post(`${url}/v1/transcriptions?model=whisper-tiny`, CLIP)
  t.equal(jobs.at(-1)!.model, 'whisper-tiny')
})

t.test('words are in the answer with all that is known of them', async (t) => {
  const words = [
    { text: 'play', startSeconds: 0.25, endSeconds: 0.5, confidence: 0.9, logProbability: -0.1, correctness: 0.95 },
    { text: 'some', startSeconds: 0.5, endSeconds: 0.75, confidence: 0.5, logProbability: -0.7, correctness: null },
  ]
  const { url } = await setUp(
    t,
    {},
    { answer: async () => ({ ...REPORT, segments: [{ ...REPORT.segments[0]!, words }] }) },
  )
  const { segments } = await (await post(`${url}/v1/transcriptions?words=true`, CLIP)).json() as Report
  t.same(segments[0]!.words, words)
})

t.test(
  'what a cascade did is in the answer and in the log as the worker reports it, and nothing where there is none',
  async (t) => {
    const alone: Report = {
      ...REPORT,
      cascade: null,
      segments: REPORT.segments.map((segment) => ({ ...segment, cascade: null })),
    }
    for (const expected of [REPORT, alone]) {
      const { url, logged, metric } = await setUp(t, {}, { answer: async () => expected })
      const { cascade, segments } = (await (await post(`${url}/v1/transcriptions`, CLIP)).json()) as Report
      t.match({ cascade, segments }, { cascade: expected.cascade, segments: expected.segments })
      const line = logged
        .map((text) => JSON.parse(text) as { msg: string; cascade?: unknown })
        .find(({ msg }) => msg === 'recognized')!
      t.same(line.cascade, expected.cascade ?? undefined)
      t.equal((await metric('asr_cascade_total')).length, expected === alone ? 0 : 2)
    }
  },
)

t.test(
  'a model with a cascade accepts the languages of both and names the larger one; another served model does not',
  async (t) => {
    const { url, jobs } = await setUp(t, { EARSHOT_CASCADE_MODEL: 'whisper-base' })
    for (const [tag, expected] of [
      ['de-AT', 'de'],
      ['jw', 'jw'],
      ['en', 'en'],
    ] as const) {
      await post(`${url}/v1/transcriptions?language=${tag}`, CLIP)
      t.equal(jobs.at(-1)!.language, expected)
    }
    const other = await errorOf(await post(`${url}/v1/transcriptions?language=jw&model=whisper-tiny`, CLIP))
    t.match(other, { status: 400, code: 'LANGUAGE_UNSUPPORTED' }, 'a name that only the larger model has')
    const { data } = (await (await fetch(`${url}/v1/models`)).json()) as {
      data: { cascade: string | null; languages: string[] }[]
    }
    t.same(
      data.map(({ cascade, languages }) => ({ cascade, languages })),
      [
        { cascade: 'whisper-base', languages: ['en', 'de', 'jw'] },
        { cascade: null, languages: ['en'] },
      ],
    )
  },
)

t.test('every error of a worker becomes its status, its code and its count', async (t) => {
  let code: ErrorCode = 'INTERNAL'
  const { url, jobs, metric } = await setUp(
    t,
    {},
    {
      answer: async () => {
        throw new SpeechError(code, 'as told', { retryAfterSeconds: 2 })
      },
    },
  )
  for (code of ERROR_CODES) {
    const found = await errorOf(await post(`${url}/v1/transcriptions`, CLIP))
    t.match(found, { status: ERRORS[code].status, code, retryAfter: '2' })
  }
  const ended = (await metric('asr_requests_total'))
    .map((line) => Number(line.split(' ').at(-1)))
    .reduce((a, b) => a + b)
  t.equal(ended, jobs.length, 'each counted once')
  t.equal(
    jobs.length,
    ERROR_CODES.length + 1,
    'fetch asks once more on a new connection after 421, as its standard wants',
  )
})

t.test('what the pool would refuse is refused before the body comes, with a time to come back', async (t) => {
  const refusal = new SpeechError('QUEUE_FULL', 'x', { retryAfterSeconds: 1.2 })
  const { url, jobs } = await setUp(t, {}, { refusal: () => refusal })
  t.match(await errorOf(await post(`${url}/v1/transcriptions`, CLIP)), {
    status: 429,
    code: 'QUEUE_FULL',
    retryAfter: '2',
  })
  t.equal(jobs.length, 0)
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  socket.write('POST /v1/transcriptions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\nRIFF')
  t.match(
    String(await new Promise((resolve) => socket.once('data', resolve))),
    /^HTTP\/1\.1 429 /,
    'four bytes of a million had come',
  )
  socket.destroy()
})

t.test('a body that does not come is answered with 408, and one that stops coming is forgotten', async (t) => {
  const { url, uploads, metric } = await setUp(t, { EARSHOT_UPLOAD_SECONDS: '0.2' })
  const send = (): net.Socket => {
    const socket = net.connect((new URL(url).port as unknown) as number, '127.0.0.1')
    socket.write('POST /v1/transcriptions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\nRIFF')
    return socket
  }
  const slow = send()
  t.match(String(await new Promise((resolve) => slow.once('data', resolve))), /^HTTP\/1\.1 408 [^]*UPLOAD_TOO_SLOW/)
  const gone = send()
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.equal(uploads.requestsInProgress, 1)
  gone.destroy()
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.equal(uploads.requestsInProgress, 0)
  t.equal(uploads.bytesHeld, 0)
  t.match(await metric('asr_requests_total'), [
    'asr_requests_total{model="none",outcome="rejected"} 1',
    'asr_requests_total{model="none",outcome="cancelled"} 1',
  ])
})

t.test('uploads together may not fill the memory', async (t) => {
  const { url, uploads } = await setUp(
    t,
    { EARSHOT_MAX_UPLOADS_BYTES: '50000', EARSHOT_MAX_UPLOAD_BYTES: '50000' },
    { answer: () => new Promise((resolve) => setTimeout(resolve, 1000, REPORT)) },
  )
  const first = post(`${url}/v1/transcriptions`, CLIP)
  const since = performance.now()
  while (uploads.bytesHeld < CLIP.length && performance.now() - since < 900)
    await new Promise((resolve) => setTimeout(resolve, 5))
  t.equal(uploads.bytesHeld, CLIP.length)
  t.match(await errorOf(await post(`${url}/v1/transcriptions`, CLIP)), {
    status: 429,
    code: 'QUEUE_FULL',
    retryAfter: '1',
  })
  t.equal((await first).status, 200)
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(uploads.bytesHeld, 0)
})

t.test('a client that leaves cancels its job', async (t) => {
  let aborted = false
  const { url, uploads, logged, metric } = await setUp(
    t,
    {},
    {
      answer: (_job, signal) =>
        new Promise((_resolve, reject) => {
          signal!.addEventListener('abort', () => {
            aborted = true
            reject(new SpeechError('CANCELLED'))
          })
        }),
    },
  )
  const controller = new AbortController()
  const request = fetch(`${url}/v1/transcriptions`, {
    method: 'POST',
    body: CLIP as unknown as string,
    signal: controller.signal,
  })
  await new Promise((resolve) => setTimeout(resolve, 100))
  controller.abort()
  await t.rejects(request)
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.ok(aborted)
  t.equal(uploads.requestsInProgress, 0)
  t.match(logged.join(''), /"status":499.*"msg":"answered"/)
  t.match(await metric('http_server_request_duration_seconds_count'), [/http_response_status_code="499"} 1/])
})

t.test('a draining server answers what it let in and refuses what is new', async (t) => {
  const { url, uploads } = await setUp(
    t,
    {},
    { answer: () => new Promise((resolve) => setTimeout(resolve, 150, REPORT)) },
  )
  const accepted = post(`${url}/v1/transcriptions`, CLIP)
  while (uploads.requestsInProgress === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  const drained = uploads.drain(5)
  t.match(await errorOf(await post(`${url}/v1/transcriptions`, CLIP)), {
    status: 503,
    code: 'SHUTTING_DOWN',
    retryAfter: '1',
  })
  t.match(await (await fetch(`${url}/readyz`)).json(), { ready: false, missing: /shutting down/ })
  t.equal((await accepted).status, 200)
  await drained
})

t.test('health, readiness, models and metrics', async (t) => {
  let ready = false
  const { url } = await setUp(
    t,
    {},
    {
      readiness: () => ({ ready, workers: { idle: 0, busy: 0, starting: 2 }, missing: ready ? '' : '2 of 2 workers' }),
    },
  )
  t.same(await (await fetch(`${url}/healthz`)).json(), { status: 'ok' })
  const before = await fetch(`${url}/readyz`)
  t.equal(before.status, 503)
  t.match(await before.json(), { ready: false, missing: '2 of 2 workers' })
  ready = true
  t.equal((await fetch(`${url}/readyz`)).status, 200)
  const list = await (await fetch(`${url}/v1/models`)).json() as { data: unknown[] }
  t.match(list.data[0], {
    id: 'moonshine-tiny-en',
    object: 'model',
    isDefault: true,
    aliases: ['whisper-1', 'gpt-4o-transcribe', 'gpt-4o-mini-transcribe', 'nova-3', 'nova-2'],
    provider: 'cpu',
    refusedProviders: [{ provider: 'cuda', reason: 'no library' }],
  })
  t.match(list.data[1], { id: 'whisper-tiny', isDefault: false, provider: null })
  t.match(await (await fetch(`${url}/v1/models/whisper-1`)).json(), { id: 'moonshine-tiny-en' })
  t.match(await errorOf(await fetch(`${url}/v1/models/nope`)), { status: 404, code: 'MODEL_NOT_FOUND' })
  const metrics = await fetch(`${url}/metrics`)
  t.match(metrics.headers.get('content-type'), /text\/plain/)
  t.match(
    await metrics.text(),
    /http_server_request_duration_seconds_count\{http_request_method="GET",http_route="\/readyz",http_response_status_code="503"\} 1/,
  )
})

t.test('the OpenAPI document lists every route and its page can be read', async (t) => {
  const { url } = await setUp(t)
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as {
    openapi: string
    paths: Record<string, Record<string, { responses: object }>>
  }
  t.same(Object.keys(document.paths).sort(), [
    '/healthz',
    '/metrics',
    '/readyz',
    '/v1/audio/transcriptions',
    '/v1/catalogues',
    '/v1/catalogues/{name}',
    '/v1/collected',
    '/v1/collected/{id}',
    '/v1/drift',
    '/v1/feedback',
    '/v1/labels',
    '/v1/models',
    '/v1/models/{id}',
    '/v1/realtime/client_secrets',
    '/v1/search',
    '/v1/transcriptions',
  ])
  t.ok('200' in document.paths['/v1/transcriptions']!.post!.responses)
  t.notMatch(JSON.stringify(document), /~kind/)
  t.match(await (await fetch(`${url}/docs/`)).text(), /<title>API · Earshot</)
})

t.test('broken HTTP is answered as far as the connection takes it', async (t) => {
  const { app } = await setUp(t)
  const socket = net.connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('NONSENSE\r\n\r\n')
  t.match(String(await new Promise((resolve) => socket.once('data', resolve))), /^HTTP\/1\.1 400 [^]*REQUEST_INVALID/)
})
