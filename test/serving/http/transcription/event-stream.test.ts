/** Transcripts as server-sent events: what is appended, what is refused, and what the client of OpenAI makes of it. */
import OpenAI, { toFile } from 'openai'
import t from 'tap'
import { SpeechError } from '../../../../src/domain/errors.js'
import type { Segment } from '../../../../src/domain/transcript.js'
import { deltasOf } from '../../../../src/serving/http/transcription/event-stream.js'
import { CLIP, errorOf, post, REPORT, setUp } from '../fake-service.js'

const token = (text: string) => ({ token: text, logProbability: -0.5, bytes: [...Buffer.from(text)] })
const segment = (text: string): Segment =>
  ({ ...REPORT.segments[0]!, text, tokenLogProbabilities: text.split(' ').map(token) })
const LONG = {
  ...REPORT, text: 'Play some jazz. Then stop.', segments: [segment('Play some jazz.'), segment('Then stop.')],
}

interface Event { readonly type: string; readonly delta?: string; readonly [field: string]: unknown }

async function eventsIn(response: Response): Promise<Event[]> {
  const blocks = (await response.text()).split('\n\n')
  if (blocks.pop() !== '') throw new Error('the last event has no end')
  return blocks.map((block) => JSON.parse(block.replace(/^data: /, '')) as Event)
}

t.test('the client of OpenAI gets deltas that are the text', async (t) => {
  const { url } = await setUp(t, {}, { answer: async () => LONG })
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })
  const ask = async (extra: object) => {
    const stream = await client.audio.transcriptions.create({
      file: await toFile(CLIP, 'clip.wav'), model: 'whisper-1', stream: true, ...extra,
    })
    const events = []
    for await (const event of stream) events.push(event)
    return events
  }
  t.same(await ask({}), [
    { type: 'transcript.text.delta', delta: 'Play some jazz.' }, { type: 'transcript.text.delta', delta: ' Then stop.' },
    { type: 'transcript.text.done', text: LONG.text, usage: { type: 'duration', seconds: 2 } },
  ])
  const [first, second, done] = await ask({ include: ['logprobs'], response_format: 'json' })
  t.match(first, { logprobs: [{ token: 'Play', logprob: -0.5, bytes: [80, 108, 97, 121] }, { token: 'some' }, {}] })
  t.match(second, { logprobs: [{ token: 'Then' }, { token: 'stop.' }] })
  t.equal((done as { logprobs: unknown[] }).logprobs.length, 5)
})

t.test('errors have their status', async (t) => {
  const { url } = await setUp(t, {}, { answer: async () => { throw new SpeechError('RECOGNIZER_FAILED') } })
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })
  const ask = async (extra: object) => client.audio.transcriptions.create({
    file: await toFile(CLIP, 'clip.wav'), model: 'whisper-1', stream: true, ...extra,
  })
  await t.rejects(ask({}), { code: 'RECOGNIZER_FAILED' })
  await t.rejects(ask({ response_format: 'srt' }), { status: 400, code: 'REQUEST_INVALID', param: 'stream' })
  await t.rejects(ask({ model: 'gpt-9' }), { status: 404, code: 'MODEL_NOT_FOUND' })
  const own = await post(`${url}/v1/transcriptions`, CLIP, { accept: 'text/event-stream' })
  t.match(await errorOf(own), { code: 'RECOGNIZER_FAILED' })
})

t.test('our own routes send events to those who ask for them', async (t) => {
  const { url } = await setUp(t, {}, { answer: async () => LONG })
  const ask = (route: string, accept: string) => post(`${url}${route}`, CLIP, { accept })
  for (const route of ['/v1/transcriptions', '/v1/search?phrases=some+jazz']) {
    const response = await ask(route, 'text/event-stream')
    t.equal(response.headers.get('content-type'), 'text/event-stream')
    const events = await eventsIn(response)
    t.equal(events.flatMap(({ delta }) => delta ?? []).join(''), LONG.text)
    t.match(events.at(-1), { type: 'transcript.text.done', text: LONG.text, model: REPORT.model, feedbackToken: String })
    if (route.includes('search')) t.match(events.at(-1), { hits: [{ id: 'some jazz' }] })
  }
  for (const accept of ['*/*', 'application/json', 'application/json, text/event-stream', 'text/event-stream;q=0']) {
    const response = await ask('/v1/transcriptions', accept)
    t.match(response.headers.get('content-type'), /^application\/json/, accept)
  }
  t.match((await ask('/v1/transcriptions', 'text/event-stream, text/plain')).headers.get('content-type'), /event-stream/)
})

t.test('deltas are the text, whatever the segments are', async (t) => {
  const cases: readonly [string, readonly string[], readonly string[]][] = [
    ['', [], []],
    ['', [''], []],
    ['one', ['one'], ['one']],
    ['one two three', ['one', 'two', 'three'], ['one', ' two', ' three']],
    ['one one', ['one', 'one'], ['one', ' one']],
    ['one  two ', ['one', '', 'two'], ['one', '  two ']],
    // Spelled together: "to day" in two segments.
    ['go today now', ['go to', 'day', 'now'], ['go to', 'day', ' now']],
    ['25 cats', ['twenty', 'five cats'], ['25 cats']],
    ['two 25 cats', ['two', 'twenty', 'five', 'cats'], ['two', ' 25 cats']],
    ['text without segments', [], ['text without segments']],
  ]
  for (const [text, segments, deltas] of cases) {
    const told = deltasOf({ text, segments: segments.map(segment) })
    t.same(told.map((one) => one.text), deltas, text)
    t.equal(told.map((one) => one.text).join(''), text)
  }
})
