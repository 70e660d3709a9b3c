/**
 * The protocol of Deepgram and server-sent events of the whole service on the real default model, with the clients
 * that people have: the SDK of Deepgram and the client of OpenAI.
 */
import { DeepgramClient } from '@deepgram/sdk'
import { createReadStream, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import OpenAI from 'openai'
import t from 'tap'
import { CLIP, skip, SPOKEN, startService } from './started-service.js'
import { WAV_HEADER_BYTES } from '../../fixtures/wav.js'
import { projectRoot } from '../../src/domain/project-root.js'

const RATE = 16_000
const PIECE_BYTES = 3_200
const speech = skip === false ? readFileSync(CLIP).subarray(WAV_HEADER_BYTES) : Buffer.alloc(0)
const silence = (seconds: number): Buffer => Buffer.alloc(2 * RATE * seconds)

type Connection = Awaited<ReturnType<DeepgramClient['listen']['v1']['connect']>>
interface Said {
  readonly type: string
  readonly is_final?: boolean | undefined
  readonly speech_final?: boolean | undefined
  readonly last_word_end?: number
  readonly channel?: { readonly alternatives: readonly Alternative[] }
}
interface Alternative { readonly transcript: string; readonly words: readonly Word[] }
interface Word { readonly word: string; readonly start: number; readonly end: number; readonly confidence: number }

async function listen(url: string, options: object) {
  const base = url.replace('http', 'ws')
  const environment = { base: url, production: base, agent: base, agentRest: url }
  const client = new DeepgramClient({ apiKey: 'none', environment })
  const connection = await client.listen.v1.connect({
    model: 'nova-3', Authorization: 'Token none', reconnectAttempts: 0, ...options,
  })
  const messages: Said[] = []
  connection.on('message', (message) => { messages.push(message as unknown as Said) })
  const closed = new Promise<number>((resolve) => {
    connection.on('close', ({ code }) => { resolve(code) })
  })
  connection.connect()
  await connection.waitForOpen()
  return { connection, messages, closed }
}

async function hear(
  { connection }: { connection: Connection }, audio: Buffer, pieceBytes = PIECE_BYTES,
): Promise<void> {
  for (let at = 0; at < audio.length; at += pieceBytes) {
    connection.sendMedia(audio.subarray(at, at + pieceBytes))
    await sleep(20)
  }
}

t.test('the SDK of Deepgram hears words with their times, and a gap after them', { skip }, async (t) => {
  const { url } = await startService(t, { EARSHOT_WORKERS: '1' })
  const session = await listen(url, {
    encoding: 'linear16', sample_rate: RATE, interim_results: true, utterance_end_ms: 1_000, vad_events: true,
    smart_format: true,
  })
  await hear(session, Buffer.concat([silence(1), speech, silence(2)]))
  session.connection.sendCloseStream({ type: 'CloseStream' })
  t.equal(await session.closed, 1000)
  const { messages } = session
  const results = messages.filter(({ type }) => type === 'Results')
  const final = results.find((result) => result.is_final)!
  const { transcript, words } = final.channel!.alternatives[0]!
  t.match(transcript, SPOKEN)
  t.equal(final.speech_final, true)
  t.equal(words.map(({ word }) => word).join(' '), 'what time does the museum open on sunday')
  t.ok(words.every(({ start, end }) => start >= 1 && start < end && end < 1 + speech.length / 2 / RATE + 0.1))
  t.ok(words.every(({ confidence }) => confidence > 0 && confidence <= 1))
  t.ok(new Set(words.map(({ confidence }) => confidence)).size > 1, 'each word has a confidence of its own')
  const interim = results.filter((result) => result.is_final === false)
  t.match(interim.map(({ channel }) => channel!.alternatives[0]!.transcript).join(' '), /what time/i)
  const types = messages.map(({ type }) => type)
  t.equal(types[0], 'SpeechStarted')
  t.equal(types.at(-1), 'Metadata')
  t.match(messages.filter(({ type }) => type === 'UtteranceEnd'), [{ last_word_end: words.at(-1)!.end }])

  const telephone = await listen(url, { encoding: 'mulaw', sample_rate: 8_000 })
  const file = readFileSync(path.join(projectRoot, 'fixtures/clips/telephone-mulaw.wav'))
  await hear(telephone, file.subarray(file.indexOf('data') + 8), 1_600)
  telephone.connection.sendFinalize({ type: 'Finalize' })
  telephone.connection.sendCloseStream({ type: 'CloseStream' })
  t.equal(await telephone.closed, 1000)
  const said = telephone.messages.flatMap(({ channel, is_final: isFinal }) =>
    isFinal === true ? channel!.alternatives[0]!.transcript : [])
  const posted = await fetch(`${url}/v1/transcriptions`, { method: 'POST', body: file })
  const { text } = await posted.json() as { text: string }
  const plain = text.toLowerCase().replace(/[^a-z' ]/g, '')
  t.equal(said.join(' ').trim(), plain, 'as the file posted whole')
  t.not(plain, '')

  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })
  const stream = await openai.audio.transcriptions.create({
    file: createReadStream(CLIP), model: 'whisper-1', stream: true, include: ['logprobs'],
  })
  let deltas = ''
  for await (const event of stream) {
    if (event.type === 'transcript.text.delta') deltas += event.delta
    if (event.type !== 'transcript.text.done') continue
    t.match(event.text, SPOKEN)
    t.equal(deltas, event.text)
    t.ok(event.logprobs!.length > 5)
  }
})
