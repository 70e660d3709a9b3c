/**
 * Live sessions of the whole service on the real default model: with the client of OpenAI over TLS, with a worker that
 * is killed in the middle of an utterance, and while the service shuts down.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import OpenAI from 'openai'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'
import t, { type Test } from 'tap'
import { WAV_HEADER_BYTES } from '../../fixtures/wav.js'
import { CLIP, skip, SPOKEN, startService } from './started-service.js'
import { AUTHORITY } from '../commands/setup/sources/weights-server.js'
import { connect, type RealtimeClient } from '../serving/http/live/realtime-client.js'

const TWO_WORKERS = { EARSHOT_WORKERS: '2' }
const RESULT = 'conversation.item.input_audio_transcription'

const RATE = 16_000
const BYTES_PER_SECOND = 2 * RATE
const speech = skip === false ? readFileSync(CLIP).subarray(WAV_HEADER_BYTES) : Buffer.alloc(0)
const silence = (seconds: number): Buffer => Buffer.alloc(BYTES_PER_SECOND * seconds)
const CONFIGURATION = {
  type: 'transcription' as const,
  audio: { input: { format: { type: 'audio/pcm' as const, rate: RATE }, turn_detection: { type: 'server_vad' as const } } },
}

async function openSession(t: Test, url: string): Promise<RealtimeClient> {
  const client = await connect(t, url)
  client.send({ type: 'session.update', session: CONFIGURATION })
  await client.until('session.updated')
  return client
}

t.test('the client of OpenAI hears the words over TLS, in deltas and whole', { skip }, async (t) => {
  const { port } = await startService(t, TWO_WORKERS)
  const secure = await listenSecurely(t, port)
  const openai = new OpenAI({ apiKey: 'none', baseURL: `https://localhost:${secure}/v1` })
  const realtime = new OpenAIRealtimeWS({
    model: 'whisper-1', options: { ca: readFileSync(AUTHORITY) },
  }, openai)
  t.teardown(() => { realtime.close() })
  const errors: unknown[] = []
  realtime.on('error', (error) => { errors.push(error) })
  await once(realtime.socket as never, 'open')
  realtime.send({ type: 'session.update', session: CONFIGURATION as never })
  let deltas = ''
  const completed = new Promise<string>((resolve) => {
    realtime.on('conversation.item.input_audio_transcription.delta', ({ delta }) => { deltas += delta ?? '' })
    realtime.on('conversation.item.input_audio_transcription.completed', ({ transcript }) => { resolve(transcript) })
  })
  const audio = Buffer.concat([silence(0.5), speech, silence(2)])
  for (let at = 0; at < audio.length; at += 6_400) {
    realtime.send({ type: 'input_audio_buffer.append', audio: audio.subarray(at, at + 6_400).toString('base64') })
    await sleep(10)
  }
  const transcript = await completed
  t.match(transcript, SPOKEN)
  t.equal(deltas, transcript)
  t.same(errors, [])
})

t.test('a worker that is killed in the middle of an utterance costs no word', { skip }, async (t) => {
  const { url, process: { pid } } = await startService(t, TWO_WORKERS)
  const workers = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
  t.equal(workers.length, 2)
  const client = await openSession(t, url)
  const audio = Buffer.concat([silence(0.5), speech, silence(1.5)])
  for (let at = 0; at < audio.length; at += 3_200) {
    client.append(audio.subarray(at, at + 3_200))
    if (at > audio.length / 3) for (const worker of workers.splice(0, 1)) process.kill(worker, 'SIGKILL')
    await sleep(25)
  }
  t.match(await client.until(`${RESULT}.completed`), { transcript: SPOKEN })
  t.notOk(client.events.some(({ type }) => type === 'error'))
})

t.test('at SIGTERM every session that speaks gets its result, and a code that says why', { skip }, async (t) => {
  const { url, process: service, exit } = await startService(t, TWO_WORKERS)
  const clients = await Promise.all(Array.from({ length: 8 }, () => openSession(t, url)))
  for (const client of clients) client.append(Buffer.concat([silence(0.3), speech]))
  await Promise.all(clients.map((client) => client.until('input_audio_buffer.speech_started')))
  service.kill('SIGTERM')
  const codes = await Promise.all(clients.map(async ({ closed }) => (await closed)[0]))
  t.same(codes, clients.map(() => 1012))
  for (const { events } of clients) {
    const heard = events.filter(({ type }) => type === `${RESULT}.completed`).map(({ transcript }) => transcript)
    t.match(heard.join(' '), SPOKEN)
  }
  t.equal(await exit, 0)
})

t.test('hundreds of clients that vanish leave nothing behind', { skip }, async (t) => {
  const { url } = await startService(t, { ...TWO_WORKERS, EARSHOT_LIVE_SESSIONS: '1000' })
  for (let round = 0; round < 10; round++) {
    const clients = await Promise.all(Array.from({ length: 20 }, () => connect(t, url)))
    for (const client of clients) {
      client.append(speech.subarray(0, 16_000 * (1 + round % 3)))
      setTimeout(() => { client.socket.terminate() }, 20)
    }
    await Promise.all(clients.map(({ closed }) => closed))
  }
  const metrics = async (): Promise<string> => (await fetch(`${url}/metrics`)).text()
  for (const since = Date.now(); !/^asr_live_sessions\{protocol="realtime"\} 0$/m.test(await metrics()); await sleep(50)) {
    if (Date.now() - since > 10_000) throw new Error('sessions are left')
  }
  t.match(await metrics(), /^asr_live_sessions_total\{protocol="realtime",outcome="gone"\} 200$/m)
  const client = await openSession(t, url)
  client.append(Buffer.concat([silence(0.3), speech, silence(1.5)]))
  t.match(await client.until(`${RESULT}.completed`), { transcript: SPOKEN }, 'and the service works')
})

/** TLS in front of the service, as a gateway has it: the client of OpenAI takes no other. Returns the port. */
async function listenSecurely(t: Test, port: number): Promise<number> {
  const folder = path.dirname(AUTHORITY)
  const server = tls.createServer({
    cert: readFileSync(path.join(folder, 'server.pem')), key: readFileSync(path.join(folder, 'server-key.pem')),
  }, (secure) => {
    const plain = net.connect(port, '127.0.0.1')
    secure.pipe(plain).pipe(secure)
    for (const end of [secure, plain]) end.on('error', () => { secure.destroy(); plain.destroy() })
  })
  server.listen(0)
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}
