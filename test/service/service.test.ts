/**
 * The whole service on the real default model: started as a user starts it, talked to over HTTP, killed, drained.
 * Skips, with a message, where the weights or the build are not there (`npm test` sees to both).
 */
import { spawn } from 'node:child_process'
import { createReadStream, existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import OpenAI, { toFile } from 'openai'
import t from 'tap'
import { freePort } from '../../fixtures/kit/server.js'
import { hostileWavs } from '../../fixtures/hostile.js'
import { blankWav, WAV_HEADER_BYTES } from '../../fixtures/wav.js'
import { changeKeys } from '../../src/serving/access/keys-file.js'
import { projectRoot } from '../../src/domain/project-root.js'
import type { Report } from '../../src/domain/report.js'
import { CLIP, ENTRY, isReady, skip, SPOKEN, startService, type Service } from './started-service.js'
import { makeKeys, until } from '../serving/http/keys.js'
import { converse, head as headOf, type Conversation } from '../serving/http/raw.js'

async function transcribe(
  url: string,
  body: Uint8Array = readFileSync(CLIP),
): Promise<{ status: number; body: Report & { error?: { code: string } } }> {
  const response = await fetch(`${url}/v1/transcriptions`, { method: 'POST', body: body as unknown as string })
  return { status: response.status, body: (await response.json()) as Report }
}

/** The samples of a WAV file many times, as one file. */
function repeated(file: string, times: number): Buffer {
  const samples = readFileSync(file).subarray(WAV_HEADER_BYTES)
  const wav = blankWav(samples.length * times)
  for (let n = 0; n < times; n++) samples.copy(wav, WAV_HEADER_BYTES + n * samples.length)
  return wav
}

/** Waits until a gauge without labels has at least this value; bounded by the time that the file has. */
async function metricReaches(service: Service, name: string, least: number): Promise<void> {
  const read = async (): Promise<number> =>
    Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await (await fetch(`${service.url}/metrics`)).text())?.[1])
  while (await read() < least) await new Promise((resolve) => setTimeout(resolve, 2))
}

/** Children of the service that run worker-process.js. */
function workersOf(service: Service): number[] {
  return readFileSync(`/proc/${service.process.pid}/task/${service.process.pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .map(Number)
}

t.test(
  'a cascade is loaded with the default model, proved, asked and counted',
  { skip: existsSync(ENTRY) ? false : `${ENTRY} is not there` },
  async (t) => {
    const graphs = {
      EARSHOT_MODELS_DIR: path.join(projectRoot, 'fixtures/graphs'),
      EARSHOT_MODELS: 'tiny-moonshine',
      EARSHOT_SPEECH_DETECTION: 'spectral',
      EARSHOT_WORKERS: '1',
    }
    const service = await startService(t, {
      ...graphs,
      EARSHOT_CASCADE_MODEL: 'tiny-whisper',
      EARSHOT_CASCADE_BELOW: '1',
    })
    const { body } = await transcribe(service.url)
    t.match(body, {
      model: 'tiny-moonshine',
      hearings: 2,
      segments: [{ model: 'tiny-whisper', cascade: 'low_confidence' }],
      cascade: { model: 'tiny-whisper', asked: 1, reasons: ['low_confidence'] },
    })
    t.ok(body.cascade!.seconds > 0)
    const german = await fetch(`${service.url}/v1/transcriptions?language=de`, {
      method: 'POST',
      body: readFileSync(CLIP),
    })
    t.match(await german.json(), { language: 'de', hearings: 1, cascade: { reasons: ['language'] } })
    t.match(await (await fetch(`${service.url}/v1/models`)).json(), {
      data: [{ id: 'tiny-moonshine', cascade: 'tiny-whisper', languages: ['en', 'de'] }],
    })
    const limited = await fetch(`${service.url}/v1/transcriptions?languages=de&languages=fr&languages=it`, {
      method: 'POST',
      body: readFileSync(CLIP),
    })
    t.equal(limited.headers.get('earshot-languages'), 'de')
    t.match(await limited.json(), { language: 'de', hearings: 1, cascade: { reasons: ['language'] } })
    const metrics = await (await fetch(`${service.url}/metrics`)).text()
    for (const line of [
      'asr_cascade_total{reason="low_confidence"} 1',
      'asr_cascade_total{reason="language"} 2',
      'asr_cascade_total{reason="sure"} 0',
    ])
      t.ok(metrics.includes(line), line)
    t.match(metrics, /asr_model_info\{model="tiny-whisper"/)
    const broken = await startService(t, { ...graphs, EARSHOT_CASCADE_MODEL: 'not-there' })
    t.equal(await broken.exit, 1)
    t.match(broken.log(), /MODEL_FILE_MISSING.*not-there/)
  },
)

t.test(
  'access keys close the service, follow their file, and are asked for where strangers may come in',
  { skip: existsSync(ENTRY) ? false : `${ENTRY} is not there` },
  async (t) => {
    const graphs = {
      EARSHOT_MODELS_DIR: path.join(projectRoot, 'fixtures/graphs'),
      EARSHOT_MODELS: 'tiny-moonshine',
      EARSHOT_SPEECH_DETECTION: 'spectral',
      EARSHOT_WORKERS: '1',
    }
    const { file, keys, bearer } = await makeKeys(t, { app: ['transcribe'], scraper: ['metrics'] })
    const missing = await startService(t, { ...graphs, EARSHOT_KEYS_FILE: `${file}.missing` })
    t.equal(await missing.exit, 1, 'it does not run open by accident')
    t.match(missing.log(), /CONFIG_INVALID.*keys\.json\.missing/)

    const service = await startService(t, { ...graphs, EARSHOT_KEYS_FILE: file })
    const ask = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${service.url}/v1/transcriptions`, { method: 'POST', body: readFileSync(CLIP), headers })).status
    t.same([await ask({}), await ask(bearer('scraper')), await ask(bearer('app'))], [401, 403, 200])
    await changeKeys(file, (entries) => entries.filter(({ name }) => name !== 'app'))
    await until(async () => (await ask(bearer('app'))) === 401)
    writeFileSync(file, 'broken')
    await until(() => /the access keys cannot be read/.test(service.log()))
    const metrics = await (await fetch(`${service.url}/metrics`, { headers: bearer('scraper') })).text()
    for (const line of ['asr_access_keys 1', 'asr_access_keys_stale 1']) t.ok(metrics.includes(line), line)
    t.notMatch(service.log(), keys.app.slice(0, 20))
    t.notMatch(service.log(), /anyone who reaches this port/)

    const open = await startService(t, { ...graphs, EARSHOT_HOST: '0.0.0.0' })
    await until(
      () =>
        /"level":40.*anyone who reaches this port/.test(open.log()) &&
        /^WARNING: anyone who reaches this port/m.test(open.log()),
    )
  },
)

t.test('a clip in, words out, through both routes and the openai client', { skip }, async (t) => {
  const service = await startService(t, { EARSHOT_WORKERS: '1' })
  const { status, body } = await transcribe(service.url)
  t.equal(status, 200)
  t.match(body, { text: SPOKEN, model: 'moonshine-tiny-en', noSpeechReason: null })
  t.ok(body.confidence! > 0.5 && body.confidence! <= 1)
  t.ok(body.segments[0]!.endSeconds <= body.input.audioSeconds + 0.001)
  for (const stage of ['receive', 'queue_wait', 'transfer', 'audio_decode', 'model'] as const)
    t.ok(body.seconds[stage]! >= 0, stage)
  const client = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: 'none', maxRetries: 0 })
  for (const format of ['json', 'text', 'verbose_json', 'srt', 'vtt'] as const) {
    const answer = await client.audio.transcriptions.create({
      file: createReadStream(CLIP),
      model: 'whisper-1',
      response_format: format,
    })
    t.match(typeof answer === 'string' ? answer : answer.text, SPOKEN, format)
  }
  for (const times of [1, 16]) {
    const { text, logprobs = [], segments = [] } = await client.audio.transcriptions.create({
      file: await toFile(repeated(CLIP, times), 'clip.wav'), model: 'whisper-1', include: ['logprobs'], format: 'raw',
      response_format: 'verbose_json',
    } as OpenAI.Audio.TranscriptionCreateParamsNonStreaming<'verbose_json'>) as
      OpenAI.Audio.TranscriptionVerbose & Pick<OpenAI.Audio.Transcription, 'logprobs'>
    t.match(text, SPOKEN)
    t.equal(segments.length > 1, times > 1, 'clips')
    t.equal(Buffer.from(logprobs.flatMap(({ bytes = [] }) => bytes)).toString().trim(), text)
    t.equal(logprobs.map(({ token }) => token).join('').trim(), text)
    t.ok(logprobs.every(({ logprob = NaN }) => logprob <= 0 && logprob > -20), `${logprobs.length} tokens`)
  }
  const silence = await transcribe(service.url, readFileSync(path.join(projectRoot, 'fixtures/clips/silence.wav')))
  t.match(silence, {
    status: 200,
    body: { text: '', confidence: null, noSpeechReason: 'digital_silence', segments: [] },
  })
  t.notMatch(service.log(), SPOKEN, 'nothing that was said is in the log')
})

t.test(
  'recordings of browsers and phones are heard as well, broken ones are no noise in the log',
  { skip },
  async (t) => {
    const service = await startService(t, { EARSHOT_WORKERS: '1' })
    const media = (name: string): Uint8Array => readFileSync(path.join(projectRoot, 'fixtures/media', name))
    for (const name of [
      'recorder-opus.webm',
      'recorder-opus.mp4',
      'aac-mono.m4a',
      'opus-mono.ogg',
      'mono-16k.mp3',
      'wb.amr',
    ]) {
      t.match(
        await transcribe(service.url, media(name)),
        { status: 200, body: { text: SPOKEN, input: { mixing: 'mono', truncated: false } } },
        name,
      )
    }
    for (const name of ['mono-16k.mp3', 'mono.flac', 'vorbis-mono.ogg', 'aac-mono.m4a']) {
      const broken = media(name).map((byte, i) => (i > 3_000 && i % 50 === 0 ? byte ^ 0x5a : byte))
      t.ok([200, 422].includes((await transcribe(service.url, broken)).status), name)
    }
    t.notMatch(service.log(), /standard error/)
  },
)

t.test('hostile files get typed answers in time, and the service lives on', { skip }, async (t) => {
  const service = await startService(t)
  for (const { name, bytes, recoverable } of hostileWavs()) {
    const since = performance.now()
    const { status, body } = await transcribe(service.url, bytes)
    const typed = status >= 400 && status < 500 && body.error?.code !== undefined
    if (!typed && !(recoverable === true && status === 200))
      t.fail(`${name}: ${status} ${JSON.stringify(body).slice(0, 200)}`)
    if (performance.now() - since > 5000) t.fail(`${name} took ${performance.now() - since} ms`)
  }
  t.match(await transcribe(service.url), { status: 200, body: { text: SPOKEN } })
  const metrics = await (await fetch(`${service.url}/metrics`)).text()
  for (const reason of ['crash', 'timeout'])
    t.match(metrics, `asr_worker_restarts_total{reason="${reason}"} 0`, 'no worker was lost')
  t.notMatch(metrics, /asr_errors_total\{[^}]*\} [1-9]/)
})

t.test(
  'a worker killed in the middle of a request costs nobody a transcript',
  { skip: skip || process.platform !== 'linux' },
  async (t) => {
    const service = await startService(t, { EARSHOT_WORKERS: '2' })
    const before = workersOf(service)
    const answers = Array.from({ length: 12 }, () => transcribe(service.url))
    await new Promise((resolve) => setTimeout(resolve, 60))
    process.kill(before[0]!, 'SIGKILL')
    for (const { status, body } of await Promise.all(answers))
      t.match({ status, text: body.text }, { status: 200, text: SPOKEN })
    while (!(await isReady(service.url))) await new Promise((resolve) => setTimeout(resolve, 20))
    t.notOk(workersOf(service).includes(before[0]!))
    t.match(await (await fetch(`${service.url}/metrics`)).text(), 'asr_worker_restarts_total{reason="crash"} 1')
    t.match(service.log(), /worker replaced/)
  },
)

t.test('SIGTERM answers what was accepted, refuses what is new, and leaves with 0', { skip }, async (t) => {
  const service = await startService(t, { EARSHOT_WORKERS: '1' })
  await transcribe(service.url)
  const accepted = Array.from({ length: 30 }, () => transcribe(service.url))
  await metricReaches(service, 'asr_queue_length', 20)
  service.process.kill('SIGTERM')
  while (!/shutting down/.test(await (await fetch(`${service.url}/readyz`)).text()))
    await new Promise((resolve) => setTimeout(resolve, 5))
  t.match(await transcribe(service.url), { status: 503, body: { error: { code: 'SHUTTING_DOWN' } } })
  // Twenty waited and one ran; what had not arrived yet may be refused.
  const statuses = (await Promise.all(accepted)).map(({ status }) => status)
  t.ok(statuses.filter((status) => status === 200).length >= 20, statuses.join(' '))
  t.ok(statuses.every((status) => status === 200 || status === 503))
  t.equal(await service.exit, 0)
})

t.test('SIGTERM waits for no connection that sends nothing, half a header or half a body', { skip }, async (t) => {
  const service = await startService(t, { EARSHOT_WORKERS: '1' })
  const clip = readFileSync(CLIP)
  const head = Buffer.from(headOf(clip.length))
  const open = (bytes: Buffer): Conversation[] => Array.from({ length: 20 }, () => converse(service.url, bytes))
  const silent = open(Buffer.alloc(0))
  const halfHeads = open(head.subarray(0, 30))
  const halfBodies = open(Buffer.concat([head, clip.subarray(0, 5_000)]))
  const active = open(Buffer.concat([head, clip.subarray(0, -1)]))
  await metricReaches(service, 'asr_requests_in_progress', 40)
  for (const one of active) one.socket.write(clip.subarray(-1))
  await metricReaches(service, 'asr_queue_length', 5)
  service.process.kill('SIGTERM')
  for (const one of active) t.match(await one.ended, /^HTTP\/1\.1 200 [^]*"text":"[^"]/)
  const answeredAt = performance.now()
  t.equal(await service.exit, 0)
  const seconds = (performance.now() - answeredAt) / 1000
  t.ok(seconds < 10, `left ${seconds.toFixed(1)} s after the last answer`)
  for (const one of [...halfHeads, ...halfBodies]) {
    await one.ended
    t.same(one.error(), { status: 503, code: 'SHUTTING_DOWN' })
    one.socket.destroy()
  }
  for (const one of silent) {
    t.equal(await one.ended, '')
    one.socket.destroy()
  }
  for (const { socket } of active) socket.destroy()
})

t.test('a service that is stopped before it is ready leaves with 0 too', { skip }, async (t) => {
  const port = await freePort()
  const child = spawn(process.execPath, [ENTRY], {
    env: { ...process.env, NODE_OPTIONS: '', EARSHOT_PORT: String(port) },
    stdio: 'ignore',
  })
  const exit = new Promise<number | null>((resolve) => { child.once('exit', resolve) })
  while (child.exitCode === null && !await fetch(`http://127.0.0.1:${port}/healthz`).then(() => true, () => false)) await new Promise((resolve) => setTimeout(resolve, 20))
  child.kill('SIGTERM')
  t.equal(await exit, 0)
})

t.test('what cannot start says why and leaves with 1', { skip }, async (t) => {
  const cases: [Record<string, string>, RegExp][] = [
    [{ EARSHOT_PORT: 'x' }, /CONFIG_INVALID.*EARSHOT_PORT/],
    [{ EARSHOT_MODELS: 'no-such-model' }, /MODEL_FILE_MISSING.*no-such-model/],
    [{ EARSHOT_WARM_UP_CLIP: '/no/such/clip.wav', EARSHOT_WORKERS: '1' }, /no such file/],
    [
      { EARSHOT_EXECUTION_PROVIDERS: 'cuda,cpu', EARSHOT_EXECUTION_PROVIDERS_STRICT: 'true', EARSHOT_WORKERS: '1' },
      /PROVIDER_UNAVAILABLE.*cuda/,
    ],
  ]
  for (const [environment, expected] of cases) {
    const service = await startService(t, environment)
    t.equal(await service.exit, 1)
    t.match(service.log(), expected)
  }
})

t.test(
  'an execution provider that is not there is passed over, in the log, the model list and the metrics',
  { skip },
  async (t) => {
    const service = await startService(t, { EARSHOT_EXECUTION_PROVIDERS: 'cuda', EARSHOT_WORKERS: '1' })
    t.match(await (await fetch(`${service.url}/v1/models/moonshine-tiny-en`)).json(), {
      provider: 'cpu',
      refusedProviders: [{ provider: 'cuda', reason: String }],
      card: { model: { name: 'moonshine-tiny-en' }, wordErrorRate: { all: { percent: Number } } },
    })
    t.match(
      await (await fetch(`${service.url}/metrics`)).text(),
      'asr_execution_provider_refused{model="moonshine-tiny-en",provider="cuda"} 1',
    )
    t.match(service.log(), /execution provider not available/)
    t.match(await transcribe(service.url), { status: 200, body: { text: SPOKEN } })
  },
)
