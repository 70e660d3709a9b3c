/** Sessions in the protocol of Deepgram, over a fake pool: what messages mean, and what is refused. */
import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { SpeechError } from '../../../../src/domain/errors.js'
import type { PhraseList } from '../../../../src/domain/phrases.js'
import type { Report } from '../../../../src/domain/report.js'
import type { JobRequest } from '../../../../src/serving/workers/job.js'
import { REPORT, setUp } from '../fake-service.js'
import { makeKeys } from '../keys.js'
import { createKey } from '../../../../src/serving/access/secret.js'
import { LINEAR, listen, refused, type DeepgramMessage } from './deepgram-client.js'
import { samples } from './realtime-client.js'

const RATE = 16_000
const speech = (seconds: number): Uint8Array => samples(1_000, seconds, RATE)
const silence = (seconds: number): Uint8Array => samples(0, seconds, RATE)

const word = (text: string, startSeconds: number, endSeconds: number, correctness: number | null) =>
  ({ text, startSeconds, endSeconds, confidence: 0.7, logProbability: -0.3, correctness })
const WORDS = [word('Play', 0.5, 0.8, 0.9), word('some', 0.8, 1, null), word('jazz.', 1, 1.4, 0.8)]
const SAID: Report = {
  ...REPORT, text: 'Play some jazz.', rawText: 'Play some jazz.', segments: [{ ...REPORT.segments[0]!, words: WORDS }],
}
/** Nothing was said. */
const UNSAID: Report = { ...REPORT, text: '', rawText: '', confidence: null, segments: [] }

function serve(t: Test, reports: (job: JobRequest) => Report = () => SAID) {
  return setUp(t, {}, { answer: async (job) => reports(job), runIfFree: async () => null })
}

const typesOf = (messages: readonly DeepgramMessage[]): string[] => messages.map(({ type }) => type)

t.test('a pause makes words final and is told; the end of the stream too', async (t) => {
  const { url, jobs, metric } = await serve(t)
  const client = await listen(t, url, `${LINEAR}&vad_events=true&punctuate=true&model=whisper-1`)
  const audio = [silence(0.5), speech(1), silence(1), speech(0.5)]
  for (const piece of audio) client.hear(piece)
  const first = await client.until('Results')
  t.match(first, { is_final: true, speech_final: true, from_finalize: false, channel_index: [0, 1] })
  t.notOk('earshot' in first)
  client.send({ type: 'CloseStream' })
  const metadata = await client.until('Metadata')
  t.same(await client.closed, [1000, ''])
  t.same(typesOf(client.messages), ['SpeechStarted', 'Results', 'SpeechStarted', 'Results', 'Metadata'])
  t.match(client.results()[1], { is_final: true, speech_final: true })
  t.match(metadata, {
    duration: 3, channels: 1, transaction_key: 'deprecated',
    sha256: createHash('sha256').update(Buffer.concat(audio)).digest('hex'),
  })
  t.match(jobs[0], { headerless: { codec: 'pcm_s16', sampleRate: RATE }, words: true, numbers: 'as_heard' })
  await setImmediate()
  t.match((await metric('asr_live_sessions_total')).join(), /protocol="deepgram",outcome="closed"} 1/)
})

t.test('words have their times in the stream, and calibrated confidences where there are any', async (t) => {
  const { url } = await serve(t)
  const client = await listen(t, url, `${LINEAR}&smart_format=true`)
  for (const piece of [silence(2), speech(1), silence(1)]) client.hear(piece)
  const { start, duration, channel: { alternatives: [best] } } = await client.until('Results')
  t.equal(best.transcript, 'Play some jazz.')
  t.same(best.words, [
    { word: 'play', punctuated_word: 'Play', start: round(start + 0.5), end: round(start + 0.8), confidence: 0.9 },
    { word: 'some', punctuated_word: 'some', start: round(start + 0.8), end: round(start + 1), confidence: 0.7 },
    { word: 'jazz', punctuated_word: 'jazz.', start: round(start + 1), end: round(start + 1.4), confidence: 0.8 },
  ])
  t.ok(start > 1.4 && start < 2, `the utterance begins at ${start} s, shortly before the speech`)
  t.ok(start + duration > 3 && start + duration <= 4)

  const plain = await listen(t, url)
  for (const piece of [speech(1), silence(1)]) plain.hear(piece)
  const { channel } = await plain.until('Results')
  t.match(channel.alternatives[0], { transcript: 'play some jazz', confidence: 0.9 })
  t.notOk('punctuated_word' in channel.alternatives[0].words[0]!)
})

const round = (seconds: number): number => Number(seconds.toFixed(3))

t.test('interim results have the whole hypothesis, and are not final', async (t) => {
  const heard = ['Play', 'Pay some', 'Play some jazz']
  let partials = 0
  const { url, jobs } = await setUp(t, {}, {
    answer: async () => SAID,
    runIfFree: async () => {
      const text = heard[Math.min(partials++, heard.length - 1)]!
      const outcome = { ok: true, report: { ...SAID, text, rawText: text } } as const
      return { outcome, workSeconds: 0, elapsedSeconds: 0, attempts: 1 }
    },
  })
  const client = await listen(t, url, `${LINEAR}&interim_results=true&punctuate=true`)
  for (let part = 0; part < 12; part++) {
    client.hear(speech(0.1))
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  client.hear(silence(1))
  const final = await client.until('Results', ({ is_final: isFinal }) => isFinal)
  const interim = client.results().filter((result) => !result.is_final)
  t.same(interim.slice(0, 2).map(({ channel }) => channel.alternatives[0].transcript), ['Play', 'Pay some'])
  t.ok(interim.every((result) => !result.speech_final && result.start === final.start && result.duration <= 1.2))
  t.equal(jobs.length, 1, 'the final one is decoded by itself')

  const quiet = await listen(t, url, LINEAR)
  for (const piece of [speech(1.2), silence(1)]) quiet.hear(piece)
  await quiet.until('Results')
  t.equal(quiet.results().length, 1, 'none without interim_results')
})

t.test('UtteranceEnd is a gap after the last final word, whatever pauses are told', async (t) => {
  const { url } = await serve(t)
  const query = `${LINEAR}&interim_results=true&utterance_end_ms=1000`
  const client = await listen(t, url, query)
  for (const piece of [speech(1.4), silence(0.6)]) client.hear(piece)
  const first = await client.until('Results')
  const end = first.channel.alternatives[0].words.at(-1)!.end
  client.hear(speech(0.5)) // within the gap
  client.hear(silence(3))
  const second = await client.until('Results')
  t.match(await client.until('UtteranceEnd'), {
    channel: [0, 1], last_word_end: second.channel.alternatives[0].words.at(-1)!.end,
  })
  t.not(end, second.channel.alternatives[0].words.at(-1)!.end)
  t.same(typesOf(client.messages), ['Results', 'Results', 'UtteranceEnd'])
  client.hear(silence(5))
  client.send({ type: 'CloseStream' })
  await client.closed
  t.equal(typesOf(client.messages).filter((type) => type === 'UtteranceEnd').length, 1, 'once for each gap')

  const untold = await listen(t, url, `${query}&endpointing=false`)
  for (const piece of [speech(1.4), silence(3)]) untold.hear(piece)
  await untold.until('UtteranceEnd')
  t.match(untold.results(), [{ is_final: true, speech_final: false }], 'final words, but no pause is told')
})

t.test('a sound without words does not begin the gap anew', async (t) => {
  let said = 0
  const { url } = await serve(t, () => said++ === 0 ? SAID : UNSAID)
  const client = await listen(t, url, `${LINEAR}&interim_results=true&utterance_end_ms=2000`)
  for (const piece of [speech(1.4), silence(0.8), speech(0.2), silence(1.4)]) client.hear(piece)
  const first = await client.until('Results')
  t.match(await client.until('UtteranceEnd'), { last_word_end: first.channel.alternatives[0].words.at(-1)!.end })
  t.same(typesOf(client.messages), ['Results', 'Results', 'UtteranceEnd'])
})

t.test('Finalize ends an utterance, is always answered, and keeps what follows in its place', async (t) => {
  const { url } = await serve(t)
  const client = await listen(t, url)
  client.hear(speech(1))
  client.send({ type: 'Finalize' })
  client.hear(speech(0.5)) // at once: nothing waits, nothing is lost
  const first = await client.until('Results')
  t.match(first, { is_final: true, speech_final: false, from_finalize: true, start: 0, duration: 1 })
  client.send({ type: 'Finalize' })
  t.match(await client.until('Results'), { from_finalize: true, start: 1, duration: 0.5 })
  client.send({ type: 'Finalize' })
  client.send({ type: 'Finalize' })
  const empty = { from_finalize: true, duration: 0, channel: { alternatives: [{ transcript: '', words: [] }] } }
  t.match(await client.until('Results'), empty)
  t.match(await client.until('Results'), empty)
  client.hear(new Uint8Array(0))
  t.same(await client.closed, [1000, ''], 'an empty message ends the stream')
})

t.test('KeepAlive keeps a silent session open; without it, it ends', async (t) => {
  const { url } = await setUp(t, { EARSHOT_LIVE_IDLE_SECONDS: '1' }, { answer: async () => SAID })
  const kept = await listen(t, url)
  const left = await listen(t, url)
  const timer = setInterval(() => { kept.send({ type: 'KeepAlive' }) }, 100)
  t.teardown(() => { clearInterval(timer) })
  t.equal((await left.closed)[0], 1001)
  t.equal(kept.socket.readyState, kept.socket.OPEN)
  clearInterval(timer)
  kept.send({ type: 'CloseStream' })
  t.match(await kept.until('Metadata'), { duration: 0 })
})

t.test('a wrong message is an error and the end', async (t) => {
  const { url } = await serve(t)
  for (const wrong of ['no JSON', '{', '[]', 'null', '"Finalize"', '{"type":"Configure"}', '{"type":{"a":1}}', '']) {
    const client = await listen(t, url)
    client.send(wrong)
    t.match(await client.until('Error'), { variant: 'REQUEST_INVALID', message: /KeepAlive/, description: String })
    t.same(await client.closed, [1008, 'REQUEST_INVALID'], wrong)
  }
  const flood = await listen(t, url)
  flood.hear(speech(1))
  for (let n = 0; n < 1_000; n++) flood.send({ type: 'Finalize' })
  t.equal((await flood.closed)[0], 1008)
})

t.test('an utterance that cannot be recognized is told; the session goes on', async (t) => {
  let asked = 0
  const { url } = await setUp(t, {}, { answer: async () => {
    if (asked++ === 0) throw new SpeechError('DEADLINE_PASSED')
    return SAID
  } })
  const client = await listen(t, url)
  for (const piece of [speech(1), silence(1)]) client.hear(piece)
  t.match(await client.until('Error'), { variant: 'DEADLINE_PASSED' })
  for (const piece of [speech(1), silence(1)]) client.hear(piece)
  t.match(await client.until('Results'), { is_final: true })
})

t.test('a service without workers says so', async (t) => {
  const { url } = await setUp(t, {}, { detect: async () => { throw new SpeechError('RECOGNIZER_CRASHED') } })
  const client = await listen(t, url)
  client.hear(speech(1))
  client.send({ type: 'Finalize' })
  t.match(await client.until('Error'), { variant: 'RECOGNIZER_CRASHED' })
  t.same(await client.closed, [1011, 'RECOGNIZER_CRASHED'])
})

t.test('a service that shuts down tells what was said', async (t) => {
  const { url, dependencies } = await serve(t)
  const client = await listen(t, url)
  client.hear(speech(1))
  await new Promise((resolve) => setTimeout(resolve, 50))
  await dependencies.sessions.drain(5)
  t.equal((await client.closed)[0], 1012)
  t.match(client.messages, [{ type: 'Results', is_final: true }, { type: 'Metadata' }])
  t.match(await refused(url, LINEAR), { status: 503, code: 'SHUTTING_DOWN' })
})

t.test('mu-law and A-law are what a telephone sends', async (t) => {
  const { url, jobs } = await serve(t)
  for (const encoding of ['mulaw', 'alaw']) {
    const client = await listen(t, url, `encoding=${encoding}`)
    client.hear(new Uint8Array(8_000).fill(0x55))
    client.send({ type: 'CloseStream' })
    t.match(await client.until('Metadata'), { duration: 1 })
    t.match(jobs.at(-1), { headerless: { codec: encoding, sampleRate: 8_000, channels: 1 } })
  }
})

t.test('options of recognition', async (t) => {
  const { url, jobs } = await serve(t)
  const asked = async (query: string): Promise<JobRequest> => {
    const client = await listen(t, url, `${LINEAR}&${query}`)
    client.hear(speech(0.5))
    client.send({ type: 'CloseStream' })
    await client.closed
    return jobs.at(-1)!
  }
  t.match(await asked('numerals=true'), { numbers: 'digits' })
  t.match(await asked('numerals=false'), { numbers: 'words' })
  t.match(await asked('smart_format=true'), { numbers: 'digits' })
  t.match(await asked('language=en-US'), { language: 'en' })
  t.match(await asked('language=multi'), { language: undefined })
  const { phrases } = await asked('keyterm=jazz&keyterm=blue%20note&keywords=soul:2&keywords=funk&keywords=rock:0')
  const names = (phrases as PhraseList).phrases.map(({ spellings }) => spellings[0])
  t.same(names.toSorted(), ['blue note', 'funk', 'jazz', 'soul'])
  const client = await listen(t, url, `${LINEAR}&diarize=false&tag=a&tag=b&extra=k:v&utt_split=0.8&paragraphs=true`)
  client.send({ type: 'CloseStream' })
  t.match(await client.until('Metadata'), { earshot: { ignored_parameters: ['utt_split', 'paragraphs'] } })
})

t.test('hits of phrases with final results, and with interim ones on request', async (t) => {
  const { url } = await setUp(t, {}, { answer: async () => SAID })
  for (const hits of ['final', 'partial']) {
    const client = await listen(t, url, `${LINEAR}&interim_results=true&keyterm=some%20jazz&hits=${hits}&limit=1`)
    for (let part = 0; part < 6; part++) {
      client.hear(speech(0.2))
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    client.hear(silence(1))
    t.match(await client.until('Results', (result) => result.is_final), { earshot: { found: { hits: [{ id: 'some jazz' }] } } })
    const interim = client.results().filter((result) => !result.is_final)
    t.ok(interim.length > 0)
    t.ok(interim.every((result) => 'earshot' in result === (hits === 'partial')))
  }
})

t.test('what cannot be served is refused before the upgrade', async (t) => {
  const { url, dependencies } = await serve(t)
  const cases: readonly [string, string, string][] = [
    ['sample_rate=16000', 'REQUEST_INVALID', 'encoding'],
    ['encoding=opus&sample_rate=48000', 'REQUEST_INVALID', 'encoding'],
    ['encoding=linear16', 'REQUEST_INVALID', 'sample_rate'],
    ['encoding=linear16&sample_rate=100', 'REQUEST_INVALID', 'sample_rate'],
    [`${LINEAR}&channels=2`, 'PARAMETER_UNSUPPORTED', 'channels'],
    [`${LINEAR}&diarize=true`, 'PARAMETER_UNSUPPORTED', 'diarize'],
    [`${LINEAR}&multichannel=true`, 'PARAMETER_UNSUPPORTED', 'multichannel'],
    [`${LINEAR}&redact=pci`, 'PARAMETER_UNSUPPORTED', 'redact'],
    [`${LINEAR}&keywords=rock:-3`, 'PARAMETER_UNSUPPORTED', 'keywords'],
    [`${LINEAR}&utterance_end_ms=1000`, 'REQUEST_INVALID', 'utterance_end_ms'],
    [`${LINEAR}&interim_results=true&utterance_end_ms=10`, 'REQUEST_INVALID', 'utterance_end_ms'],
    [`${LINEAR}&interim_results=perhaps`, 'REQUEST_INVALID', 'interim_results'],
    [`${LINEAR}&endpointing=soon`, 'REQUEST_INVALID', 'endpointing'],
    [`${LINEAR}&endpointing=-5`, 'REQUEST_INVALID', 'endpointing'],
    [`${LINEAR}&hits=final`, 'REQUEST_INVALID', 'catalogue'],
    [`${LINEAR}&keyterm=a&hits=partial`, 'REQUEST_INVALID', 'hits'],
    [`${LINEAR}&model=unknown`, 'MODEL_NOT_FOUND', 'model'],
    [`${LINEAR}&language=de`, 'LANGUAGE_UNSUPPORTED', 'language'],
  ]
  for (const [query, code, param] of cases) t.match(await refused(url, query), { code, param }, query)
  t.match(await refused(url, `${LINEAR}&catalogue=none`), { status: 404, code: 'CATALOGUE_NOT_FOUND' })
  t.equal(dependencies.sessions.count, 0)
})

t.test('access keys: both schemes, and the subprotocols of pages', async (t) => {
  const made = await makeKeys(t, { live: ['transcribe'], other: ['search'] })
  const { url } = await setUp(t, { EARSHOT_KEYS_FILE: made.file }, { answer: async () => SAID })
  for (const scheme of ['Token', 'Bearer', 'token']) {
    const client = await listen(t, url, LINEAR, { headers: { authorization: `${scheme} ${made.keys.live}` } })
    client.send({ type: 'CloseStream' })
    t.same(await client.closed, [1000, ''], scheme)
  }
  for (const scheme of ['token', 'bearer']) {
    const client = await listen(t, url, LINEAR, {}, [scheme, made.keys.live])
    t.equal(client.socket.protocol, scheme)
    client.send({ type: 'CloseStream' })
    t.same(await client.closed, [1000, ''])
  }
  t.match(await refused(url, LINEAR), { status: 401, code: 'KEY_MISSING' })
  t.match(await refused(url, LINEAR, ['token']), { status: 401, code: 'KEY_MISSING' })
  t.match(await refused(url, LINEAR, ['token', createKey()]), { status: 401, code: 'KEY_INVALID' })
  t.match(await refused(url, LINEAR, ['token', made.keys.other]), { status: 403, code: 'KEY_SCOPE' })
  const posted = await fetch(`${url}/v1/transcriptions`, {
    method: 'POST', headers: { 'sec-websocket-protocol': `token, ${made.keys.live}` }, body: 'x',
  })
  t.equal(posted.status, 401, 'a subprotocol is no key for other requests')
})

t.test('clients that vanish in the middle leave nothing behind', async (t) => {
  const { url, dependencies } = await serve(t)
  for (let n = 0; n < 50; n++) {
    const client = await listen(t, url, `${LINEAR}&interim_results=true&utterance_end_ms=1000`)
    client.hear(speech(0.3 + n / 100))
    if (n % 2 === 0) client.send({ type: 'Finalize' })
    client.socket.terminate()
    await client.closed
  }
  for (const since = Date.now(); dependencies.sessions.count > 0; await setImmediate()) {
    if (Date.now() - since > 10_000) throw new Error('sessions are left')
  }
  t.equal(dependencies.sessions.count, 0)
})
