/** OpenAI's route: its real client, and multipart bodies as they should and should not be. */
import OpenAI, { toFile } from 'openai'
import t from 'tap'
import { CLIP, errorOf, post, REPORT, setUp } from './fake-service.js'

t.test('the openai client', async (t) => {
  const { url, jobs } = await setUp(t, {}, { answer: async (job) => job.language === 'fr' ? { ...REPORT, text: '', segments: [], confidence: null, noSpeechReason: 'no_speech_detected' } : REPORT })
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })
  const file = (): Promise<File> => toFile(CLIP, 'clip.wav') as Promise<File>
  const ask = async (extra: object): Promise<unknown> => client.audio.transcriptions.create({ file: await file(), model: 'moonshine-tiny-en', ...extra } as OpenAI.Audio.TranscriptionCreateParamsNonStreaming)
  t.match(await ask({}), { text: 'play some jazz', usage: { type: 'duration', seconds: 2 } })
  t.equal(await ask({ response_format: 'text', model: 'whisper-1' }), 'play some jazz\n')
  t.match(await ask({ response_format: 'verbose_json', timestamp_granularities: ['segment'], language: 'en' }), {
    task: 'transcribe', language: 'english', duration: 2, text: 'play some jazz',
    segments: [{ id: 0, start: 0.25, end: 61.5, avg_logprob: -0.1, tokens: [5] }, { id: 1 }],
  })
  t.equal(await ask({ response_format: 'srt' }), '1\n00:00:00,250 --> 00:01:01,500\nplay\n\n2\n01:01:01,200 --> 01:01:02,250\nsome <b> & jazz\n')
  t.equal(await ask({ response_format: 'vtt' }), 'WEBVTT\n\n00:00:00.250 --> 00:01:01.500\nplay\n\n01:01:01.200 --> 01:01:02.250\nsome &lt;b&gt; &amp; jazz\n')
  t.equal(await ask({ response_format: 'srt', language: 'fr' }), '', 'nobody spoke')
  t.equal(await ask({ response_format: 'vtt', language: 'fr' }), 'WEBVTT\n')
  t.match(jobs.at(-1), { language: 'fr', audioSeconds: 1 })
  await t.rejects(ask({ model: 'gpt-9' }), { status: 404, code: 'MODEL_NOT_FOUND', param: 'model', type: 'invalid_request_error' })
  await t.rejects(ask({ file: await toFile(Buffer.from('broken'), 'clip.wav') }), { status: 415, code: 'AUDIO_UNSUPPORTED' })
  await t.rejects(ask({ timestamp_granularities: ['word'], response_format: 'verbose_json' }), { status: 400, code: 'PARAMETER_UNSUPPORTED', param: 'timestamp_granularities' })
  await t.rejects(ask({ timestamp_granularities: ['segment'] }), { status: 400, code: 'REQUEST_INVALID' })
  await t.rejects(ask({ stream: true }), { status: 400, code: 'PARAMETER_UNSUPPORTED', param: 'stream' })
  await t.rejects(ask({ temperature: 7 }), { status: 400, code: 'REQUEST_INVALID', param: 'temperature' })
  await t.rejects(ask({ response_format: 'xml' }), { status: 400, code: 'REQUEST_INVALID', param: 'response_format' })
  const { response } = await client.audio.transcriptions.create({ file: await file(), model: 'whisper-1', prompt: 'jazz', temperature: 0.4 }).withResponse()
  t.equal(response.headers.get('earshot-ignored-parameters'), 'prompt, temperature')
})

t.test('a channel is asked for by a field of the form, and is no ignored parameter', async (t) => {
  const { url, jobs } = await setUp(t)
  const form = (channel: string): FormData => {
    const fields = new FormData()
    fields.append('file', new Blob([CLIP]), 'clip.wav')
    fields.append('model', 'whisper-1')
    fields.append('channel', channel)
    return fields
  }
  const ask = (channel: string): Promise<Response> => fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', body: form(channel) })
  const response = await ask('2')
  t.equal(response.status, 200)
  t.equal(response.headers.get('earshot-ignored-parameters'), null)
  t.match(jobs, [{ channel: 2 }])
  t.match(await errorOf(await ask('left')), { status: 400, code: 'REQUEST_INVALID', param: 'channel' })
})

t.test('multipart bodies in any order, and broken ones', async (t) => {
  const { url, jobs } = await setUp(t)
  const route = `${url}/v1/audio/transcriptions`
  const part = (name: string, value: string | Buffer, extra = ''): Buffer => Buffer.concat([Buffer.from(`--x\r\ncontent-disposition: form-data; name="${name}"${extra}\r\n\r\n`), Buffer.from(value), Buffer.from('\r\n')])
  const send = (parts: Buffer[], type = 'multipart/form-data; boundary=x', end = '--x--\r\n'): Promise<Response> => post(route, Buffer.concat([...parts, Buffer.from(end)]), { 'content-type': type })
  const [file, model] = [part('file', CLIP, '; filename="a.wav"'), part('model', 'whisper-1')]
  t.equal((await send([file, model])).status, 200, 'file first')
  t.equal((await send([model, part('file', CLIP)])).status, 200, 'file last, without a name')
  t.equal(Buffer.compare(Buffer.from(jobs[1]!.audio), CLIP), 0)
  const refused: [string, Promise<Response>, object][] = [
    ['no file', send([model]), { status: 400, code: 'AUDIO_MISSING', param: 'file' }],
    ['no model', send([file]), { status: 400, code: 'REQUEST_INVALID', param: 'model' }],
    ['two files', send([file, file, model]), { status: 400, code: 'REQUEST_INVALID' }],
    ['two models', send([file, model, model]), { status: 400, code: 'REQUEST_INVALID', param: 'model' }],
    ['never ended', send([file, model], undefined, ''), { status: 400, code: 'REQUEST_INVALID' }],
    ['no boundary', send([file, model], 'multipart/form-data'), { status: 400, code: 'REQUEST_INVALID' }],
    ['another boundary', send([file, model], 'multipart/form-data; boundary=y'), { status: 400, code: 'REQUEST_INVALID' }],
    ['no form at all', post(route, CLIP, { 'content-type': 'audio/wav' }), { status: 400, code: 'REQUEST_INVALID' }],
    ['empty', post(route, '', { 'content-type': 'multipart/form-data; boundary=x' }), { status: 400, code: 'REQUEST_INVALID' }],
    ['a hundred fields', send([file, ...Array.from({ length: 100 }, (_, i) => part(`f${i}`, 'v'))]), { status: 400, code: 'REQUEST_INVALID' }],
    ['a huge field', send([file, part('prompt', 'x'.repeat(100_000)), model]), { status: 400, code: 'REQUEST_INVALID' }],
    ['a prototype', send([file, part('__proto__', 'x'), part('constructor', 'y')]), { status: 400, code: 'REQUEST_INVALID', param: 'model' }],
  ]
  for (const [name, response, expected] of refused) t.match(await errorOf(await response), expected, name)
})

t.test('a megabyte of empty parts neither blocks the server nor gets through', async (t) => {
  const { url } = await setUp(t)
  const bodies = { 'empty parts': '--x\r\n\r\n\r\n', 'tiny fields': '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\nb\r\n' }
  for (const [name, part] of Object.entries(bodies)) {
    let longestMs = 0
    let last = performance.now()
    const watch = setInterval(() => { longestMs = Math.max(longestMs, performance.now() - last - 5); last = performance.now() }, 5)
    const response = await post(`${url}/v1/audio/transcriptions`, part.repeat(Math.floor(1e6 / part.length)), { 'content-type': 'multipart/form-data; boundary=x' })
    clearInterval(watch)
    t.match(await errorOf(response), { status: 400, code: 'REQUEST_INVALID' }, name)
    t.comment(`${name}: event loop held for at most ${longestMs.toFixed(0)} ms`)
  }
})
