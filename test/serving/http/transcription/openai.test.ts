/** OpenAI's route: its real client, and multipart bodies as they should and should not be. */
import OpenAI, { toFile } from 'openai'
import t from 'tap'
import { cuesOf } from '../../../../src/serving/http/transcription/subtitles.js'
import { seededRandom } from '../../../../src/domain/scoring/seeded-random.js'
import type { PhraseList } from '../../../../src/domain/phrases.js'
import type { Report } from '../../../../src/domain/report.js'
import { CLIP, errorOf, post, REPORT, setUp } from '../fake-service.js'

t.test('the openai client', async (t) => {
  const { url, jobs } = await setUp(
    t,
    {},
    {
      answer: async (job) =>
        job.language === 'fr'
          ? { ...REPORT, text: '', segments: [], confidence: null, noSpeechReason: 'no_speech_detected' }
          : REPORT,
    },
    ['en', 'fr'],
  )
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })
  const file = (): Promise<File> => toFile(CLIP, 'clip.wav')
  const ask = async (extra: object): Promise<unknown> =>
    client.audio.transcriptions.create({
      file: await file(),
      model: 'moonshine-tiny-en',
      ...extra,
    } as OpenAI.Audio.TranscriptionCreateParamsNonStreaming)
  t.match(await ask({}), { text: 'play some jazz', usage: { type: 'duration', seconds: 2 } })
  t.equal(await ask({ response_format: 'text', model: 'whisper-1' }), 'play some jazz\n')
  t.match(await ask({ response_format: 'verbose_json', timestamp_granularities: ['segment'], language: 'en' }), {
    task: 'transcribe', language: 'english', duration: 2, text: 'play some jazz',
    segments: [{ id: 0, start: 0.25, end: 61.5, avg_logprob: -0.1, tokens: [5] }, { id: 1 }],
  })
  t.equal(
    await ask({ response_format: 'srt' }),
    '1\n00:00:00,250 --> 00:01:01,500\nplay\n\n2\n01:01:01,200 --> 01:01:02,250\nsome <b> & jazz\n',
  )
  t.equal(
    await ask({ response_format: 'vtt' }),
    'WEBVTT\n\n00:00:00.250 --> 00:01:01.500\nplay\n\n01:01:01.200 --> 01:01:02.250\nsome &lt;b&gt; &amp; jazz\n',
  )
  t.equal(await ask({ response_format: 'srt', language: 'fr' }), '', 'nobody spoke')
  t.equal(await ask({ response_format: 'vtt', language: 'fr' }), 'WEBVTT\n')
  t.match(jobs.at(-1), { language: 'fr', audioSeconds: 1 })
  await t.rejects(ask({ model: 'gpt-9' }), {
    status: 404,
    code: 'MODEL_NOT_FOUND',
    param: 'model',
    type: 'invalid_request_error',
  })
  await t.rejects(ask({ file: await toFile(Buffer.from('broken'), 'clip.wav') }), {
    status: 415,
    code: 'AUDIO_UNSUPPORTED',
  })
  await t.rejects(ask({ timestamp_granularities: ['phoneme'], response_format: 'verbose_json' }), {
    status: 400,
    code: 'REQUEST_INVALID',
    param: 'timestamp_granularities',
  })
  t.match(await ask({ timestamp_granularities: ['segment'] }), { text: 'play some jazz' }, 'without effect')
  await t.rejects(ask({ temperature: 7 }), { status: 400, code: 'REQUEST_INVALID', param: 'temperature' })
  await t.rejects(ask({ response_format: 'xml' }), { status: 400, code: 'REQUEST_INVALID', param: 'response_format' })
  const { response } = await client.audio.transcriptions
    .create({ file: await file(), model: 'whisper-1', prompt: 'Keywords: jazz', temperature: 0.4 })
    .withResponse()
  t.equal(response.headers.get('earshot-ignored-parameters'), 'temperature')
})

/** Said with a pause in the middle. */
const TIMED: Report = {
  ...REPORT,
  text: '"Play some jazz," please. And 50% of it.',
  segments: [
    {
      ...REPORT.segments[0]!,
      startSeconds: 0.2,
      endSeconds: 6.5,
      text: '"Play some jazz," please. And 50% of it.',
      words: [
        ['"Play', 0.25, 0.5],
        ['some', 0.5, 0.7],
        ['jazz,"', 0.7, 1.1],
        ['please.', 1.15, 1.5],
        ['And', 4, 4.2],
        ['50%', 4.2, 5],
        ['of', 5, 5.1],
        ['it.', 5.1, 5.4],
      ].map(([text, startSeconds, endSeconds]) => ({
        text: text as string,
        startSeconds: startSeconds as number,
        endSeconds: endSeconds as number,
        confidence: 0.9,
        logProbability: -0.1,
        correctness: 0.8,
      })),
    },
  ],
}

t.test('words with their times, and subtitles by phrase', async (t) => {
  const { url, jobs } = await setUp(t, {}, { answer: async ({ words }) => words ? TIMED : REPORT })
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })
  const ask = async (extra: object): Promise<unknown> =>
    client.audio.transcriptions.create({
      file: (await toFile(CLIP, 'clip.wav')),
      model: 'whisper-1',
      ...extra,
    } as OpenAI.Audio.TranscriptionCreateParamsNonStreaming)
  const words = (await ask({ response_format: 'verbose_json', timestamp_granularities: ['word'] })) as {
    words: object[]
    segments?: object[]
  }
  t.match(words.words, [
    { word: 'Play', start: 0.25, end: 0.5 },
    { word: 'some' },
    { word: 'jazz' },
    { word: 'please' },
    { word: 'And' },
    { word: '50%', start: 4.2 },
    { word: 'of' },
    { word: 'it', end: 5.4 },
  ])
  t.equal(words.segments, undefined, 'only what was asked for')
  t.match(await ask({ response_format: 'verbose_json', timestamp_granularities: ['word', 'segment'] }), {
    words: { length: 8 },
    segments: { length: 1 },
  })
  t.same(
    [((await ask({ response_format: 'verbose_json' })) as typeof words).words, jobs.at(-1)!.words],
    [undefined, false],
    'nobody asked',
  )
  t.equal(
    await ask({ response_format: 'srt' }),
    '1\n00:00:00,250 --> 00:00:01,500\n"Play some jazz," please.\n\n2\n00:00:04,000 --> 00:00:05,400\nAnd 50% of it.\n',
  )
  t.equal(
    await ask({ response_format: 'vtt' }),
    'WEBVTT\n\n00:00:00.250 --> 00:00:01.500\n"Play some jazz," please.\n\n00:00:04.000 --> 00:00:05.400\nAnd 50% of it.\n',
  )
  await ask({ response_format: 'text' })
  t.equal(jobs.at(-1)!.words, false)
  t.match(await (await post(`${url}/v1/transcriptions?words=true`, CLIP)).json(), {
    segments: [{ words: [{ text: '"Play', startSeconds: 0.25, endSeconds: 0.5, confidence: 0.9 }] }],
  })
  t.match(await (await post(`${url}/v1/transcriptions`, CLIP)).json(), { segments: [{ words: null }, { words: null }] })
})

t.test('an engine that knows no word times refuses them by name, and writes subtitles by segment', async (t) => {
  const loaded = (name: string, timesWords: boolean) => ({
    name,
    languages: ['en'],
    engine: { engine: 'reference' as const, notes: [] },
    timesWords,
    provider: { provider: 'cpu', refused: [] },
    loadSeconds: 1,
  })
  const { url } = await setUp(
    t,
    { EARSHOT_CASCADE_MODEL: 'whisper-base' },
    { models: [loaded('moonshine-tiny-en', true), loaded('whisper-base', false), loaded('whisper-tiny', true)] },
  )
  const form = (fields: Record<string, string>): FormData => {
    const body = new FormData()
    body.append('file', new Blob([CLIP]), 'clip.wav')
    for (const [name, value] of Object.entries(fields)) body.append(name, value)
    return body
  }
  const ask = (fields: Record<string, string>): Promise<Response> =>
    fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', body: form(fields) })
  const words = { 'response_format': 'verbose_json', 'timestamp_granularities[]': 'word' }
  t.match(
    await errorOf(await ask({ model: 'whisper-1', ...words })),
    { status: 400, code: 'PARAMETER_UNSUPPORTED', param: 'timestamp_granularities' },
    'the larger model of a cascade counts',
  )
  t.equal((await ask({ model: 'whisper-tiny', ...words })).status, 200)
  t.match(await errorOf(await post(`${url}/v1/transcriptions?words=true`, CLIP)), {
    status: 400,
    code: 'PARAMETER_UNSUPPORTED',
    param: 'words',
  })
  t.equal((await ask({ model: 'whisper-1', response_format: 'srt' })).status, 200)
})

t.test('cues are short, in order, made of whole words, and leave nothing out', async (t) => {
  const random = seededRandom(7)
  for (let turn = 0; turn < 50; turn++) {
    let at = 0
    const words = Array.from({ length: 1 + Math.floor(60 * random()) }, () => {
      const startSeconds = at + (random() < 0.2 ? 2 * random() : 0)
      at = startSeconds + 0.05 + random()
      return {
        text:
          'x'.repeat(1 + Math.floor(12 * random())) +
          (random() < 0.2 ? [',', '.', '?!'][Math.floor(3 * random())]! : ''),
        startSeconds,
        endSeconds: at,
        confidence: 1,
        logProbability: 0,
        correctness: null,
      }
    })
    const text = words.map((word) => word.text).join(' ')
    const cues = cuesOf({ ...REPORT.segments[0]!, startSeconds: 0, endSeconds: at, text, words })
    t.equal(cues.map((cue) => cue.text).join(' '), text)
    t.ok(cues.every((cue) => cue.text.length <= 42 && cue.endSeconds - cue.startSeconds <= 7))
    t.ok(
      cues.every(
        ({ startSeconds, endSeconds }, index) =>
          startSeconds < endSeconds && startSeconds >= (cues[index - 1]?.endSeconds ?? 0),
      ),
    )
  }
  const japanese = ['今日', 'は、', '東京。'].map((text, index) => ({
    text,
    startSeconds: index,
    endSeconds: index + 1,
    confidence: 1,
    logProbability: 0,
    correctness: null,
  }))
  t.same(
    cuesOf({ ...REPORT.segments[0]!, text: '今日は、東京。', words: japanese }).map(({ text }) => text),
    ['今日は、東京。'],
    'no space where the text has none',
  )
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
  const ask = (channel: string): Promise<Response> =>
    fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', body: form(channel) })
  const response = await ask('2')
  t.equal(response.status, 200)
  t.equal(response.headers.get('earshot-ignored-parameters'), null)
  t.match(jobs, [{ channel: 2 }])
  t.match(await errorOf(await ask('left')), { status: 400, code: 'REQUEST_INVALID', param: 'channel' })
})

t.test('spelling is asked for by fields of the form, and raw text has no other numbers', async (t) => {
  const { url, jobs } = await setUp(t)
  const ask = (fields: Readonly<Record<string, string>>): Promise<Response> => {
    const form = new FormData()
    form.append('file', new Blob([CLIP]), 'clip.wav')
    for (const [name, value] of Object.entries({ model: 'whisper-1', ...fields })) form.append(name, value)
    return fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', body: form })
  }
  t.equal((await ask({})).status, 200)
  const response = await ask({ format: 'modern', numbers: 'digits' })
  t.equal(response.headers.get('earshot-ignored-parameters'), null)
  await ask({ format: 'raw' })
  t.match(jobs, [
    { format: 'modern', numbers: 'as_heard' }, { format: 'modern', numbers: 'digits' }, { format: 'raw' },
  ])
  t.match(await errorOf(await ask({ format: 'old' })), { status: 400, code: 'REQUEST_INVALID', param: 'format' })
  const both = await ask({ format: 'raw', numbers: 'words' })
  t.match(await errorOf(both), { status: 400, code: 'REQUEST_INVALID', param: 'numbers' })
})

/** What the workers return for tokens: two clips, the last character in two tokens. */
const WITH_TOKENS: Report = {
  ...REPORT,
  text: 'play café', rawText: 'play café',
  segments: [[' play'], [' caf', 'Ã', '©']].map((tokens, index) => ({
    ...REPORT.segments[index]!,
    tokenLogProbabilities: tokens.map((token) => {
      const bytes = [...Buffer.from(token, 'latin1')]
      return { token: Buffer.from(bytes).toString(), logProbability: -0.25, bytes }
    }),
  })),
}

const asking = (url: string) => async (
  fields: readonly (readonly [string, string])[], audio: Buffer = CLIP,
): Promise<Response> => {
  const form = new FormData()
  form.append('file', new Blob([new Uint8Array(audio)]), 'clip.wav')
  for (const [name, value] of [['model', 'whisper-1'], ...fields] as const) form.append(name, value)
  return fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', body: form })
}

t.test('log-probabilities of tokens in the order of the clips, in json and verbose_json alone', async (t) => {
  const { url, jobs } = await setUp(t, {}, { answer: async (job) => job.tokenLogProbabilities ? WITH_TOKENS : REPORT })
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })
  const ask = async (extra: object): Promise<OpenAI.Audio.Transcription> =>
    client.audio.transcriptions.create({ file: await toFile(CLIP, 'clip.wav'), model: 'whisper-1', ...extra })
  for (const format of ['json', 'verbose_json']) {
    const { text, logprobs = [] } = await ask({ include: ['logprobs'], response_format: format })
    t.same(logprobs.slice(0, 2), [
      { token: ' play', logprob: -0.25, bytes: [32, 112, 108, 97, 121] },
      { token: ' caf', logprob: -0.25, bytes: [32, 99, 97, 102] },
    ])
    t.equal(Buffer.from(logprobs.flatMap(({ bytes = [] }) => bytes)).toString().trim(), text)
    t.equal((await ask({ response_format: format })).logprobs, undefined, 'nobody asked')
  }
  t.match(jobs.map((job) => job.tokenLogProbabilities), [true, false, true, false])
  for (const format of ['text', 'srt', 'vtt']) {
    const error = { status: 400, code: 'REQUEST_INVALID', param: 'include' }
    await t.rejects(ask({ include: ['logprobs'], response_format: format }), error, format)
  }
  const error = { status: 400, code: 'PARAMETER_UNSUPPORTED', param: 'include' }
  await t.rejects(ask({ include: ['logprobs', 'usage'] }), error)
  t.match(await (await post(`${url}/v1/transcriptions?tokenLogProbabilities=true`, CLIP)).json(), {
    segments: [{ tokenLogProbabilities: [{ token: ' play', logProbability: -0.25, bytes: { length: 5 } }] }, {}],
  })
  t.match(await (await post(`${url}/v1/transcriptions`, CLIP)).json(), { segments: [{ tokenLogProbabilities: null }] })
})

t.test('without text there are no tokens and no language that was spoken', async (t) => {
  const silent = { ...REPORT, text: '', rawText: '', segments: [], noSpeechReason: 'no_speech_detected' as const }
  const { url } = await setUp(t, {}, { answer: async () => silent }, ['en', 'de'])
  const response = await asking(url)([['include[]', 'logprobs'], ['languages[]', 'de'], ['languages[]', 'en']])
  t.match(await response.json(), { text: '', logprobs: [], languages: [] })
})

t.test('keywords bias as phrases do, the first 200 of all, and the header reports it', async (t) => {
  const { url, jobs } = await setUp(t)
  const ask = asking(url)
  const phrasesOf = (index: number): string[] =>
    (jobs[index]!.phrases as PhraseList).phrases.map(({ spellings }) => spellings[0]!)
  const many = Array.from({ length: 230 }, (_, i) => ['keywords[]', `keyword ${i}`] as const)
  const all = await ask([...many, ['prompt', 'Glossary: Lack'], ['phrases[]', 'Kallax']])
  t.equal(all.headers.get('earshot-prompt'), 'list; used=200; given=232')
  t.equal(all.headers.get('earshot-ignored-parameters'), null)
  t.same([phrasesOf(0).length, phrasesOf(0).includes('keyword 200')], [200, false])
  const few = await ask([['keywords', '["Kallax","Lack"]'], ['prompt', 'We said hero before.']])
  t.equal(few.headers.get('earshot-prompt'), 'context')
  t.equal(few.headers.get('earshot-ignored-parameters'), 'prompt')
  t.same(phrasesOf(1), ['Kallax', 'Lack'])
  await ask([['keywords[]', '']])
  t.equal(jobs[2]!.phrases, undefined, 'an empty keyword is none')
  const long = await errorOf(await ask([['keywords[]', 'x'.repeat(101)]]))
  t.match(long, { status: 400, code: 'REQUEST_INVALID', param: 'keywords' })
  const fields = Array.from({ length: 1_100 }, () => ['keywords[]', 'x'] as const)
  t.match(await errorOf(await ask(fields)), { status: 400, code: 'REQUEST_INVALID' }, 'the form is bounded')
})

t.test('the languages that may be spoken', async (t) => {
  const { url, jobs } = await setUp(t, {}, { answer: async (job) => ({ ...REPORT, language: job.language ?? 'de' }) }, [
    'en', 'de', 'fr',
  ])
  const ask = (...tags: readonly string[]): Promise<Response> =>
    asking(url)(tags.map((tag) => ['languages[]', tag] as const))
  const several = await ask('de-AT', 'EN', 'en-US', 'it')
  t.match(jobs[0], { language: undefined, languages: ['de', 'en'] }, 'Italian is not known to the model')
  t.equal(several.headers.get('earshot-languages'), 'de, en')
  t.match(await several.json(), { languages: [{ code: 'de' }] })
  await ask('fr')
  t.match(jobs[1], { language: 'fr', languages: [] }, 'one is as `language`')
  await ask('it', 'fr')
  t.match(jobs[2], { language: 'fr', languages: [] }, 'the only one that is known')
  await asking(url)([['languages', 'de,en']])
  await asking(url)([['languages', '["de","en"]'], ['language', 'en']])
  t.match(jobs.slice(3), [{ language: undefined, languages: ['de', 'en'] }, { language: 'en', languages: [] }])
  const plain = await asking(url)([['language', 'en']])
  t.equal(plain.headers.get('earshot-languages'), null)
  t.notOk('languages' in (await plain.json() as object))
  for (const tags of [['it', 'es'], ['xx', 'de'], ['klingonese', 'de'], ['d e', 'en']]) {
    const error = { status: 400, code: 'LANGUAGE_UNSUPPORTED', param: 'languages' }
    t.match(await errorOf(await ask(...tags)), error, tags.join())
  }
  const contrary = await errorOf(await asking(url)([['languages[]', 'de'], ['language', 'en']]))
  t.match(contrary, { status: 400, code: 'REQUEST_INVALID', param: 'languages' })
  for (const tags of [Array.from({ length: 101 }, () => 'en'), ['x'.repeat(36)]]) {
    t.match(await errorOf(await ask(...tags)), { status: 400, code: 'REQUEST_INVALID', param: 'languages' })
  }
  const native = await post(`${url}/v1/transcriptions?languages=de&languages=en`, CLIP)
  t.match([native.headers.get('earshot-languages'), jobs.at(-1)], ['de, en', { languages: ['de', 'en'] }])
  await post(`${url}/v1/transcriptions?languages=en`, CLIP)
  t.match(jobs.at(-1), { language: 'en', languages: [] })
})

t.test('multipart bodies in any order, and broken ones', async (t) => {
  const { url, jobs } = await setUp(t)
  const route = `${url}/v1/audio/transcriptions`
  const part = (name: string, value: string | Buffer, extra = ''): Buffer =>
    Buffer.concat([
      Buffer.from(`--x\r\ncontent-disposition: form-data; name="${name}"${extra}\r\n\r\n`),
      Buffer.from(value),
      Buffer.from('\r\n'),
    ])
  const send = (parts: Buffer[], type = 'multipart/form-data; boundary=x', end = '--x--\r\n'): Promise<Response> =>
    post(route, Buffer.concat([...parts, Buffer.from(end)]), { 'content-type': type })
  const [file, model] = [part('file', CLIP, '; filename="a.wav"'), part('model', 'whisper-1')]
  t.equal((await send([file, model])).status, 200, 'file first')
  t.equal((await send([model, part('file', CLIP)])).status, 200, 'file last, without a name')
  t.equal(Buffer.compare(Buffer.from(jobs[1]!.audio), CLIP), 0)
  t.equal((await send([file])).status, 200, 'no model: the default one')
  const refused: [string, Promise<Response>, object][] = [
    ['no file', send([model]), { status: 400, code: 'AUDIO_MISSING', param: 'file' }],
    ['two files', send([file, file, model]), { status: 400, code: 'REQUEST_INVALID' }],
    ['two models', send([file, model, model]), { status: 400, code: 'REQUEST_INVALID', param: 'model' }],
    ['never ended', send([file, model], undefined, ''), { status: 400, code: 'REQUEST_INVALID' }],
    ['no boundary', send([file, model], 'multipart/form-data'), { status: 400, code: 'REQUEST_INVALID' }],
    [
      'another boundary',
      send([file, model], 'multipart/form-data; boundary=y'),
      { status: 400, code: 'REQUEST_INVALID' },
    ],
    ['no form at all', post(route, CLIP, { 'content-type': 'audio/wav' }), { status: 400, code: 'REQUEST_INVALID' }],
    [
      'empty',
      post(route, '', { 'content-type': 'multipart/form-data; boundary=x' }),
      { status: 400, code: 'REQUEST_INVALID' },
    ],
    [
      'two thousand fields',
      send([file, model, ...Array.from({ length: 2_000 }, (_, i) => part(`f${i}`, 'v'))]),
      { status: 400, code: 'REQUEST_INVALID' },
    ],
    [
      'a huge field',
      send([file, part('prompt', 'x'.repeat(100_000)), model]),
      { status: 400, code: 'REQUEST_INVALID' },
    ],
    [
      'a prototype',
      send([part('__proto__', 'x'), part('constructor', 'y')]),
      { status: 400, code: 'AUDIO_MISSING', param: 'file' },
    ],
  ]
  for (const [name, response, expected] of refused) t.match(await errorOf(await response), expected, name)
})

t.test('a megabyte of empty parts neither blocks the server nor gets through', async (t) => {
  const { url } = await setUp(t)
  const bodies = {
    'empty parts': '--x\r\n\r\n\r\n',
    'tiny fields': '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\nb\r\n',
  }
  for (const [name, part] of Object.entries(bodies)) {
    let longestMs = 0
    let last = performance.now()
    const watch = setInterval(() => {
      longestMs = Math.max(longestMs, performance.now() - last - 5)
      last = performance.now()
    }, 5)
    const response = await post(`${url}/v1/audio/transcriptions`, part.repeat(Math.floor(1e6 / part.length)), {
      'content-type': 'multipart/form-data; boundary=x',
    })
    clearInterval(watch)
    t.match(await errorOf(response), { status: 400, code: 'REQUEST_INVALID' }, name)
    t.comment(`${name}: event loop held for at most ${longestMs.toFixed(0)} ms`)
  }
})
