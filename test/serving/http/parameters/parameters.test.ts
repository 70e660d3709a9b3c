/** Parameters as clients write them: on every route, in the query and in forms. */
import t from 'tap'
import { CLIP, errorOf, post, REPORT, setUp } from '../fake-service.js'

type Fields = readonly (readonly [string, string])[]

const formOf = (fields: Fields, audio: Buffer = CLIP): FormData => {
  const form = new FormData()
  for (const [name, value] of fields) form.append(name, value)
  form.append('file', new Blob([new Uint8Array(audio)]), 'clip.wav')
  return form
}

const sendForm = (url: string, fields: Fields, path = '/v1/audio/transcriptions'): Promise<Response> =>
  fetch(`${url}${path}`, { method: 'POST', body: formOf(fields) })

const ignored = ({ headers }: Response): string | null => headers.get('earshot-ignored-parameters')

const messageOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { error: { message: string } }).error.message

t.test('a language is a code, a tag, a name in English or its own, and auto is none', async (t) => {
  const { url, jobs } = await setUp(t, {}, {}, ['en', 'de', 'zh', 'pt', 'jw', 'ja'])
  const readings: readonly (readonly [string, string | undefined])[] = [
    ['auto', undefined], ['AUTO', undefined], ['', undefined], ['  ', undefined], ['null', undefined],
    ['None', undefined], ['undefined', undefined], ['auto-detect', undefined], ['English', 'en'], ['german', 'de'],
    ['Deutsch', 'de'], ['中文', 'zh'], ['日本語', 'ja'], ['Mandarin', 'zh'], ['Chinese (Simplified)', 'zh'],
    ['Brazilian Portuguese', 'pt'], ['Javanese', 'jw'], ['en_US', 'en'], ['de_DE.UTF-8', 'de'], [' EN ', 'en'],
    ['deu', 'de'], ['zh-Hant-TW', 'zh'],
  ]
  for (const [given, code] of readings) {
    const query = `?language=${encodeURIComponent(given)}`
    t.equal((await post(`${url}/v1/transcriptions${query}`, CLIP)).status, 200, given)
    t.equal(jobs.at(-1)!.language, code, `in the query: "${given}"`)
    t.equal((await sendForm(url, [['language', given]])).status, 200, given)
    t.equal(jobs.at(-1)!.language, code, `in a form: "${given}"`)
  }
  await post(`${url}/v1/transcriptions?languages=German,en_GB&languages[]=auto&languages=中文`, CLIP)
  t.same(jobs.at(-1)!.languages, ['de', 'en', 'zh'])
  for (const given of ['klingonese', 'not a tag', 'e']) {
    const response = await post(`${url}/v1/transcriptions?language=${given}`, CLIP)
    const error = await errorOf(response.clone())
    t.match(error, { status: 400, code: 'LANGUAGE_UNSUPPORTED', param: 'language' }, given)
    t.match(await messageOf(response), /auto.*language=en/, given)
  }
  const french = await errorOf(await post(`${url}/v1/transcriptions?language=French`, CLIP))
  t.match(french, { status: 400, code: 'LANGUAGE_UNSUPPORTED' }, 'a language that the model does not know')
})

t.test('an empty value means that the parameter is not given', async (t) => {
  const { url, jobs } = await setUp(t, {}, { answer: async () => REPORT })
  const names = [
    'model', 'language', 'languages[]', 'channel', 'prompt', 'keywords[]', 'response_format', 'temperature',
    'timestamp_granularities[]', 'stream', 'include[]', 'format', 'numbers',
  ]
  for (const value of ['', ' ', 'undefined', 'null']) {
    const fields = names.filter((name) => value.trim() === '' || !/model|prompt|keywords/.test(name))
    const response = await sendForm(url, fields.map((name) => [name, value] as const))
    t.equal(response.status, 200, JSON.stringify(value))
    t.equal(ignored(response), null)
    t.match(await response.json(), { text: 'play some jazz', usage: {} })
  }
  t.match(jobs[0], { model: 'moonshine-tiny-en', language: undefined, channel: 'mix', format: 'modern' })
  const query = 'model=&language=&languages=&channel=&words=&tokenLogProbabilities=&deadlineSeconds=&catalogue=&phrases='
    + '&biasStrength=&nBest=&format=&numbers='
  const response = await post(`${url}/v1/transcriptions?${query}`, CLIP)
  t.equal(response.status, 200)
  t.equal(ignored(response), null)
  t.match(jobs.at(-1), { nBest: 1, biasStrength: 1, words: false, phrases: undefined })
})

t.test('true and false have the same spellings everywhere', async (t) => {
  const { url, jobs } = await setUp(t)
  const spellings = [[true, ['true', 'True', 'TRUE', '1', 'yes', 'on']], [false, ['false', 'False', '0', 'no', 'off']]] as const
  for (const [meant, texts] of spellings) {
    for (const text of texts) {
      await post(`${url}/v1/transcriptions?words=${text}&tokenLogProbabilities=${text}`, CLIP)
      t.match(jobs.at(-1), { words: meant, tokenLogProbabilities: meant }, text)
      const streamed = await sendForm(url, [['stream', text]])
      const type = meant ? 'text/event-stream' : 'application/json; charset=utf-8'
      t.equal(streamed.headers.get('content-type'), type, `stream=${text}`)
    }
  }
  const wrong = await post(`${url}/v1/transcriptions?words=maybe`, CLIP)
  t.match(await messageOf(wrong), /words must be true or false, not "maybe"; for example words=true/)
  t.match(await messageOf(await sendForm(url, [['stream', 'maybe']])), /stream must be true or false, not "maybe"/)
})

t.test('what has no effect is named, on every route', async (t) => {
  const { url } = await setUp(t)
  const granular = await sendForm(url, [['timestamp_granularities[]', 'segment'], ['vad_filter', 'true'], ['a b', 'x']])
  t.equal(granular.status, 200)
  t.equal(ignored(granular), 'timestamp_granularities[], vad_filter, a%20b')
  const used = await sendForm(url, [['timestamp_granularities[]', 'Word'], ['response_format', 'VERBOSE_JSON']])
  t.equal(ignored(used), null)
  t.equal(ignored(await post(`${url}/v1/transcriptions?lang=de&words=1&utm=x`, CLIP)), 'lang, utm')
  t.equal(ignored(await post(`${url}/v1/transcriptions?a.b=1&l%C3%A4nge=2&x%0D%0Ay=3&z%2C=4`, CLIP)),
    'a.b, l%C3%A4nge, x%0D%0Ay, z%2C')
  t.equal(ignored(await post(`${url}/v1/search?phrases=jazz&lang=de&constructor=x`, CLIP)), 'lang, constructor')
  for (const path of ['/healthz', '/readyz', '/metrics', '/v1/models', '/v1/models/whisper-1', '/v1/drift']) {
    t.equal(ignored(await fetch(`${url}${path}?verbose=1`)), 'verbose', path)
    t.equal(ignored(await fetch(`${url}${path}`)), null, path)
  }
  const refused = await post(`${url}/v1/transcriptions?lang=de&nBest=0`, CLIP)
  t.match([refused.status, ignored(refused)], [400, 'lang'], 'also of a request that is refused')
  const both = await sendForm(url, [['vad', '1']], '/v1/audio/transcriptions?api-version=2024')
  t.equal(ignored(both), 'api-version, vad')
  const many = Array.from({ length: 50 }, (_, index) => `p${index}=1`).join('&')
  t.equal(ignored(await fetch(`${url}/healthz?${many}`))!.split(', ').length, 20)
})

t.test('a wrong value is refused with what is allowed and an example', async (t) => {
  const { url } = await setUp(t)
  const queries: Record<string, RegExp> = {
    'format=old': /format must be one of modern, raw, json, text, not "old"; for example format=modern/,
    'numbers=roman': /numbers must be one of as_heard, digits, words, not "roman"; for example numbers=as_heard/,
    'nBest=99': /nBest must be a whole number from 1 to 10, not "99"; for example nBest=5/,
    'nBest=many': /nBest must be a whole number from 1 to 10, not "many"/,
    'biasStrength=-1': /biasStrength must be a number from 0 to 4, not "-1"; for example biasStrength=1/,
    'deadlineSeconds=0': /deadlineSeconds must be a number above 0 and up to 3600, not "0"; for example deadlineSeconds=10/,
    'channel=left': /channel must be "mix" or the number of a channel, .*not "left"; for example channel=2/,
    'words=true&words=true': /words is given more than once/,
    'model=gpt-9': /"gpt-9"; served models: moonshine-tiny-en, .*whisper-1.*model=moonshine-tiny-en/,
  }
  for (const [query, message] of Object.entries(queries)) {
    const response = await post(`${url}/v1/transcriptions?${query}`, CLIP)
    const { param, status } = await errorOf(response.clone())
    t.ok(status === 400 || status === 404, query)
    t.equal(param, query.split('=')[0], query)
    t.match(await messageOf(response), message, query)
  }
  const fields: Record<string, RegExp> = {
    response_format: /must be one of json, text, verbose_json, srt, vtt, not "xml".*response_format=json/,
    temperature: /must be a number from 0 to 1, not "xml".*temperature=0/,
    channel: /channel=2/,
    numbers: /one of as_heard, digits, words/,
  }
  for (const [name, message] of Object.entries(fields)) t.match(await messageOf(await sendForm(url, [[name, 'xml']])), message)
  t.match(await messageOf(await fetch(`${url}/v1/collected`, { method: 'DELETE' })), /session is missing/)
})

t.test('capitals and blanks around a name do not matter', async (t) => {
  const { url, jobs } = await setUp(t)
  await post(`${url}/v1/transcriptions?format=RAW&channel=%20Mix&model=%20whisper-tiny%20`, CLIP)
  t.match(jobs.at(-1), { format: 'raw', channel: 'mix', model: 'whisper-tiny' })
  t.equal(await (await sendForm(url, [['response_format', 'Text']])).text(), 'play some jazz\n')
})

t.test('the routes for raw clips take forms, whose fields are the parameters', async (t) => {
  const { url, jobs } = await setUp(t)
  const response = await sendForm(url, [
    ['model', 'whisper-1'], ['words', 'True'], ['phrases', 'jazz'], ['phrases', 'blues'], ['response_format', 'json'],
  ], '/v1/transcriptions?nBest=3')
  t.equal(response.status, 200)
  t.match(await response.json(), { text: 'play some jazz', input: {} })
  t.match(jobs[0], { words: true, nBest: 3, model: 'moonshine-tiny-en', audioSeconds: 1 })
  t.equal(Buffer.compare(Buffer.from(jobs[0]!.audio), CLIP), 0)
  t.equal(ignored(response), 'response_format')
  t.equal((await sendForm(url, [['phrases', 'jazz'], ['limit', '3']], '/v1/search')).status, 200)
  const wrong = await sendForm(url, [['nBest', '99']], '/v1/transcriptions')
  t.match(await errorOf(wrong), { status: 400, code: 'REQUEST_INVALID', param: 'nBest' })
  const twice = await sendForm(url, [['nBest', '2']], '/v1/transcriptions?nBest=2')
  t.match(await errorOf(twice), { status: 400, code: 'REQUEST_INVALID', param: 'nBest' })
  const form = new FormData()
  form.append('audio', new Blob([new Uint8Array(CLIP)]), 'clip.wav')
  const other = await fetch(`${url}/v1/transcriptions`, { method: 'POST', body: form })
  t.match(await messageOf(other), /no part named "file", but one named "audio"/)
})

t.test('text in the place of audio is refused by what it is', async (t) => {
  const { url } = await setUp(t)
  const base64 = CLIP.toString('base64')
  const texts: Record<string, RegExp> = {
    [`data:audio/wav;base64,${base64}`]: /data URL with base64 text/,
    [base64]: /base64 text/,
    [base64.replace(/(.{76})/g, '$1\n')]: /base64 text/,
    [`{"file":"${base64}"}`]: /JSON.*base64/,
    '@clip.wav': /name of a file/,
    'recordings/clip.mp3': /name of a file/,
    'https://example.com/clip.wav': /an address.*fetches nothing/,
    '<html></html>': /HTML/,
    'file=clip&model=whisper-1': /urlencoded form/,
    '--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nRIFF': /multipart form without its content type/,
  }
  for (const [text, message] of Object.entries(texts)) {
    const raw = await post(`${url}/v1/transcriptions`, text, { 'content-type': 'application/octet-stream' })
    t.match(await errorOf(raw.clone()), { status: 415, code: 'AUDIO_UNSUPPORTED', param: null })
    t.match(await messageOf(raw), message)
    const part = await fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', body: formOf([], Buffer.from(text)) })
    t.match(await errorOf(part.clone()), { status: 415, code: 'AUDIO_UNSUPPORTED', param: 'file' })
    t.match(await messageOf(part), message)
  }
  const urlencoded = { 'content-type': 'application/x-www-form-urlencoded' }
  const stripped = Buffer.from(CLIP.filter((byte) => byte !== 0 && byte !== 10 && byte !== 13))
  const noisy = Buffer.concat([stripped.subarray(0, 30), Buffer.alloc(5_000, 0xa5)])
  t.match(await messageOf(await post(`${url}/v1/transcriptions`, noisy, urlencoded)), /curl -d removes.*--data-binary/)
  t.equal((await post(`${url}/v1/transcriptions`, CLIP, urlencoded)).status, 200, 'curl --data-binary says the same type')
  const json = await post(`${url}/v1/audio/transcriptions`, '{}', { 'content-type': 'application/json' })
  t.match(await messageOf(json), /multipart\/form-data, not .*application\/json.*curl -F file=@clip.wav/)
  const boundless = await post(`${url}/v1/transcriptions`, CLIP, { 'content-type': 'multipart/form-data' })
  t.match(await messageOf(boundless), /boundary/)
})

t.test('the answer is the transcript alone by `format` or by the header Accept, and errors are JSON', async (t) => {
  const { url, jobs } = await setUp(t)
  const ask = (query: string, accept = '*/*', body: Buffer = CLIP): Promise<Response> =>
    post(`${url}/v1/transcriptions${query}`, body, { accept })
  const text = await ask('?format=text')
  t.match(text.headers.get('content-type'), /^text\/plain/)
  t.ok(text.headers.get('earshot-feedback-token'))
  t.equal(await text.text(), 'play some jazz\n')
  t.equal(jobs[0]!.format, 'modern')
  t.equal(await (await ask('?format=raw', 'text/plain')).text(), 'play some jazz\n')
  t.equal(jobs[1]!.format, 'raw')
  t.equal(await (await ask('', 'text/plain, application/json;q=0.5')).text(), 'play some jazz\n')
  const asJson = [['?format=json', 'text/plain'], ['', 'application/json, text/plain, */*'], ['', '*/*'], ['', 'text/plain;q=0']]
  for (const [query = '', accept] of asJson) {
    t.match(await (await ask(query, accept)).json(), { text: 'play some jazz' }, `${query} ${accept}`)
  }
  t.match(await errorOf(await ask('?format=text', 'text/plain', Buffer.from('nothing'))), { status: 415 })
})
