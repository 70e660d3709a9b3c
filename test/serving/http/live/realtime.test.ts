/** OpenAI Realtime transcription sessions, over a fake pool: messages, their order, and what is refused. */
import { request as httpRequest } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import type { Report } from '../../../../src/domain/report.js'
import { SpeechError } from '../../../../src/domain/errors.js'
import { REPORT, setUp } from '../fake-service.js'
import { wavOfSeconds } from '../wav.js'
import { connect, samples, type RealtimeEvent } from './realtime-client.js'

const QUERY = Buffer.concat([samples(0, 0.5), samples(1_000, 1), samples(0, 1)])
const RESULT = 'conversation.item.input_audio_transcription'
const typesOf = (events: readonly RealtimeEvent[]): string[] => events.map(({ type }) => type)
const errorOf = (event: RealtimeEvent): { readonly code: string; readonly param: string | null } =>
  event['error'] as { code: string; param: string | null }

t.test('an utterance that a pause ends: events in the order that clients rely on', async (t) => {
  const { url, jobs, metric } = await setUp(t, {}, { runIfFree: async () => null })
  const client = await connect(t, url)
  client.append(QUERY)
  const completed = await client.until(`${RESULT}.completed`)
  t.same(typesOf(client.events), [
    'session.created', 'input_audio_buffer.speech_started', 'input_audio_buffer.speech_stopped',
    'input_audio_buffer.committed', 'conversation.item.added', 'conversation.item.done',
    `${RESULT}.delta`, `${RESULT}.completed`,
  ])
  const items = new Set(client.events.flatMap((event) => event['item_id'] ?? []))
  t.equal(items.size, 1, 'all are about one item')
  t.match(completed, {
    content_index: 0, transcript: REPORT.text, usage: { type: 'duration', seconds: 2 }, languages: [{ code: 'en' }],
  })
  t.match(jobs, [{ headerless: { codec: 'pcm_s16', sampleRate: 24_000, channels: 1 }, model: 'moonshine-tiny-en' }])
  client.socket.close()
  await client.closed
  await setImmediate()
  t.match((await metric('asr_live_sessions_total')).join(), /protocol="realtime",outcome="closed"} 1/)
  t.match((await metric('asr_live_endpoints_total')).join(), /reason="pause"} 1/)
  t.match((await metric('asr_requests_total')).join(), /outcome="ok"} 1/)
})

t.test('deltas only append, and are what the transcript begins with', async (t) => {
  let partials = 0
  const texts = ['play', 'play some', 'play some jazz', 'play some jazz']
  const { url } = await setUp(t, {}, {
    runIfFree: async () => {
      const text = texts[Math.min(partials++, texts.length - 1)]!
      const report = { ...REPORT, text, rawText: text }
      return { outcome: { ok: true, report }, workSeconds: 0, elapsedSeconds: 0, attempts: 1 }
    },
  })
  const client = await connect(t, url)
  client.send({ type: 'session.update', session: { type: 'transcription', earshot: { details: true } } })
  for (let part = 0; part < 30; part++) {
    client.append(samples(1_000, 0.1))
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  client.append(samples(0, 1))
  const completed = await client.until(`${RESULT}.completed`)
  const deltas = client.events.filter(({ type }) => type === `${RESULT}.delta`).map(({ delta }) => delta)
  t.equal(deltas.join(''), completed['transcript'])
  t.ok(deltas.length > 1, `${deltas.length} deltas`)
  t.ok(client.events.some(({ type, stable, unstable }) =>
    type === 'earshot.partial' && stable === 'play some' && unstable === 'jazz'))
  t.match(completed, { earshot: { reason: 'pause', report: { text: REPORT.text } } })
})

t.test('turn_detection null: the client commits, and no speech events are sent', async (t) => {
  const { url } = await setUp(t)
  const client = await connect(t, url)
  client.send({ type: 'session.update', session: {
    type: 'transcription', audio: { input: { format: { type: 'audio/pcmu' }, turn_detection: null } },
  } })
  t.match(await client.until('session.updated'), {
    session: { type: 'transcription', audio: { input: { format: { type: 'audio/pcmu' }, turn_detection: null } } },
  })
  client.send({ type: 'input_audio_buffer.commit', event_id: 'mine' })
  const refused = await client.until('error')
  t.match(refused['error'], { type: 'invalid_request_error', event_id: 'mine', message: /0 ms.*100 ms/ })
  client.append(new Uint8Array(8_000).fill(0x7f))
  client.send({ type: 'input_audio_buffer.commit' })
  await client.until(`${RESULT}.completed`)
  t.notOk(typesOf(client.events).some((type) => type.includes('speech_')))
  client.append(new Uint8Array(4_000))
  client.send({ type: 'input_audio_buffer.clear' })
  await client.until('input_audio_buffer.cleared')
  client.send({ type: 'input_audio_buffer.commit' })
  t.equal(errorOf(await client.until('error')).code, 'REQUEST_INVALID', 'nothing is left')
})

t.test('an update in the middle of an utterance loses nothing, unless the format changes', async (t) => {
  const { url, jobs } = await setUp(t, {}, { runIfFree: async () => null })
  const client = await connect(t, url)
  const manual = { audio: { input: { turn_detection: null } } }
  client.send({ type: 'session.update', session: manual })
  client.append(samples(1_000, 0.5))
  client.send({ type: 'session.update', session: { audio: { input: { transcription: { language: 'en' } } } } })
  client.append(samples(1_000, 0.5))
  client.send({ type: 'input_audio_buffer.commit' })
  await client.until(`${RESULT}.completed`)
  t.match(jobs.at(-1), { language: 'en', audioSeconds: 1 })
  client.append(samples(1_000, 0.5))
  client.send({ type: 'session.update', session: { audio: { input: { format: { type: 'audio/pcmu' } } } } })
  await client.until('session.updated')
  client.append(new Uint8Array(4_000).fill(9))
  client.send({ type: 'input_audio_buffer.commit' })
  await client.until(`${RESULT}.completed`)
  t.match(jobs.at(-1), { headerless: { codec: 'mulaw' }, audioSeconds: 0.5 })
})

t.test('the shapes of the beta are understood', async (t) => {
  const { url, jobs } = await setUp(t)
  const client = await connect(t, url, '?intent=transcription')
  client.send({ type: 'transcription_session.update', session: {
    input_audio_format: 'g711_alaw', turn_detection: null,
    input_audio_transcription: { model: 'whisper-1', language: 'en', prompt: 'Glossary: Zebra, Okapi' },
  } })
  await client.until('transcription_session.updated')
  client.append(new Uint8Array(4_000).fill(9))
  client.send({ type: 'input_audio_buffer.commit' })
  await client.until(`${RESULT}.completed`)
  t.match(jobs.at(-1), {
    headerless: { codec: 'alaw', sampleRate: 8_000 }, language: 'en', phrases: { phrases: { length: 2 } },
  })
})

t.test('what is wrong is answered with a typed error that names it, and the session goes on', async (t) => {
  const { url } = await setUp(t)
  const client = await connect(t, url)
  const wrong: readonly (readonly [event: object | string, param: string | null])[] = [
    ['{', null], ['[]', null], ['{"type":7}', null],
    [{ type: 'response.create' }, 'type'],
    [{ type: 'input_audio_buffer.append' }, 'audio'],
    [{ type: 'input_audio_buffer.append', audio: '***' }, 'audio'],
    [{ type: 'session.update' }, 'session'],
    [{ type: 'session.update', session: { type: 'realtime' } }, 'session.type'],
    [{ type: 'session.update', session: { audio: { input: { format: { type: 'audio/opus' } } } } }, /^session\.audio/],
    [{ type: 'session.update', session: { audio: { input: { transcription: { model: 'nobody' } } } } }, 'model'],
    [{ type: 'session.update', session: { audio: { input: { transcription: { language: 'xx' } } } } }, 'language'],
    [{ type: 'session.update', session: { audio: { input: { transcription: { keywords: ['a<b'] } } } } }, 'keywords'],
    [{ type: 'session.update', session: { earshot: { catalogue: 'none' } } }, 'catalogue'],
    [{ type: 'session.update', session: { earshot: { hits: 'final' } } }, 'catalogue'],
    [{ type: 'session.update', session: { earshot: { colour: 'red' } } }, /^session\.earshot/],
  ] as never
  for (const [event, param] of wrong) {
    client.send(event)
    const error = errorOf(await client.until('error'))
    t.match(error, { code: /^[A-Z_]+$/, param }, JSON.stringify(event))
  }
  client.socket.send(Buffer.from([1, 2, 3]), { binary: true })
  t.match(errorOf(await client.until('error')), { code: 'REQUEST_INVALID' })
  client.append(QUERY)
  await client.until(`${RESULT}.completed`)
})

t.test('an utterance that cannot be recognized has an event, and the next one is recognized', async (t) => {
  let calls = 0
  const { url, metric } = await setUp(t, {}, {
    answer: async (): Promise<Report> => {
      if (calls++ === 0) throw new SpeechError('QUEUE_FULL')
      return REPORT
    },
    runIfFree: async () => null,
  })
  const client = await connect(t, url)
  client.append(Buffer.concat([QUERY, QUERY]))
  t.match(await client.until(`${RESULT}.failed`), { content_index: 0, error: { code: 'QUEUE_FULL' } })
  await client.until(`${RESULT}.completed`)
  t.match((await metric('asr_rejections_total')).join(), /reason="queue_full"} 1/)
})

t.test('hits come with final results, and logprobs where they are included', async (t) => {
  const { url, jobs } = await setUp(t, {}, { runIfFree: async () => null })
  const client = await connect(t, url)
  client.send({ type: 'session.update', session: {
    include: ['item.input_audio_transcription.logprobs'], earshot: { hits: 'final' },
    audio: { input: { transcription: { keywords: ['play some jazz', 'play some rock'] } } },
  } })
  await client.until('session.updated')
  client.append(QUERY)
  const completed = await client.until(`${RESULT}.completed`)
  t.match(completed, { logprobs: [], earshot: { found: { outcome: 'hit', hits: [{ name: 'play some jazz' }] } } })
  t.match(jobs, [{ nBest: 5, tokenLogProbabilities: true }])
})

t.test('pages of other sites open no session, and plain requests are told what the address takes', async (t) => {
  const { url } = await setUp(t)
  t.match(await upgradeRefusal(url, { origin: 'https://evil.example' }), { status: 403, code: 'ORIGIN_REFUSED' })
  const plain = await fetch(`${url}/v1/realtime`)
  t.equal(plain.status, 400)
  t.match(await plain.json(), { error: { code: 'REQUEST_INVALID', message: /WebSockets/ } })
})

t.test('an upload that offers another protocol is read like any other', async (t) => {
  const { url, jobs } = await setUp(t)
  for (const upgrade of ['h2c', 'websocket']) {
    const answer = await new Promise<string>((resolve, reject) => {
      const headers = { connection: 'upgrade', upgrade }
      const request = httpRequest(`${url}/v1/transcriptions`, { method: 'POST', headers }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => { body += text }).on('end', () => { resolve(body) })
      })
      request.on('error', reject).end(wavOfSeconds(1))
    })
    t.match(JSON.parse(answer), { text: REPORT.text }, upgrade)
  }
  t.equal(jobs.length, 2)
})

t.test('too many sessions, and sessions that are off, are refused before the upgrade', async (t) => {
  const full = await setUp(t, { EARSHOT_LIVE_SESSIONS: '1' })
  await connect(t, full.url)
  t.match(await upgradeRefusal(full.url), { status: 429, code: 'QUEUE_FULL' })
  const off = await setUp(t, { EARSHOT_LIVE_SESSIONS: '0' })
  t.match(await upgradeRefusal(off.url), { status: 400, code: 'PARAMETER_UNSUPPORTED' })
})

t.test('a session without a message, and one that is too long, are closed', async (t) => {
  const idle = await setUp(t, { EARSHOT_LIVE_IDLE_SECONDS: '0.2' })
  t.same(await (await connect(t, idle.url)).closed, [1001, 'no message'])
  await setImmediate() // the server's end of the connection
  t.match((await idle.metric('asr_live_sessions_total')).join(), /outcome="idle"} 1/)
  const long = await setUp(t, { EARSHOT_LIVE_SESSION_SECONDS: '1' })
  t.same(await (await connect(t, long.url)).closed, [1001, 'the session is too long'])
})

t.test('a message that is too large ends the session', async (t) => {
  const { url, metric } = await setUp(t)
  const client = await connect(t, url)
  client.send('x'.repeat(5 * 1024 * 1024))
  t.equal((await client.closed)[0], 1009)
  await setImmediate()
  t.match((await metric('asr_live_sessions_total')).join(), /outcome="invalid"} 1/)
})

t.test('the utterance that is being said is finished when the service shuts down', async (t) => {
  const { url, dependencies } = await setUp(t, {}, { runIfFree: async () => null })
  const client = await connect(t, url)
  client.append(samples(1_000, 0.8))
  await client.until('input_audio_buffer.speech_started')
  await dependencies.sessions.drain(5)
  t.same(await client.closed, [1012, 'the service is shutting down'])
  t.match(client.events.at(-1), { type: `${RESULT}.completed` })
  t.match(await upgradeRefusal(url), { status: 503, code: 'SHUTTING_DOWN' })
})

/** Status and code of an answer of HTTP to an upgrade. */
function upgradeRefusal(
  url: string, headers: Record<string, string> = {},
): Promise<{ readonly status: number | undefined; readonly code: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}/v1/realtime`, { headers: {
      'connection': 'upgrade', 'upgrade': 'websocket', 'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', ...headers,
    } })
    request.on('error', reject).on('response', (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => { body += text }).on('end', () => {
        resolve({ status: response.statusCode, code: (JSON.parse(body) as { error: { code: string } }).error.code })
      })
    }).end()
  })
}
