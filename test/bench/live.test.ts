/** Streams, waits and changes of the bench `live`, and its client beside a server that says what it is told to. */
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Turn } from '../../bench/live/conversations.js'
import { interrupted, interruptible } from '../../bench/live/interrupted.js'
import { SAMPLE_RATE, type Recording } from '../../bench/live/recordings.js'
import { changesOf } from '../../bench/live/stability.js'
import { bytesOf, streamOf, textOf, utterancesOf } from '../../bench/live/streams.js'
import { waitOf, waitsOf } from '../../bench/live/waits.js'
import { LiveClient, UpgradeRefused, type ToldFinal, type ToldUtterance } from '../../fixtures/kit/live-client.js'
import { seededRandom } from '../../fixtures/kit/statistics.js'
import { counts, parseOptions } from '../../bench/harness/options.js'

const random = seededRandom(3)

function recording(seconds: number, given: Partial<Recording> & { readonly said?: string } = {}): Recording {
  const { said = 'a word', ...rest } = given
  return {
    clip: { file: said, text: said, seconds, speaker: 'x:1', source: 'x' }, text: said, words: [],
    samples: Float32Array.from({ length: seconds * SAMPLE_RATE }, () => random() - 0.5),
    speech: { startSeconds: 0.25, endSeconds: seconds - 0.25 }, ...rest,
  }
}

function told(final: Partial<ToldFinal>, given: Partial<ToldUtterance> = {}): ToldUtterance {
  return {
    startSeconds: 0, stopSeconds: 3, partials: [], failure: undefined, ...given,
    final: { atMs: 0, text: 'a word', reason: 'pause', pauseSeconds: 0.5, startSeconds: 0, endSeconds: 1, ...final },
  }
}

t.test('a stream has every recording at its place, with silence or noise of the wanted level around it', async (t) => {
  const two = [recording(1), recording(2)]
  const silent = streamOf(two, { leadSeconds: 0.5, tailSeconds: 1, noiseDb: null })
  t.equal(silent.seconds, 6)
  t.equal(silent.audio.length, 6 * 2 * SAMPLE_RATE)
  const spans = silent.parts.map(({ span }) => span)
  t.same(spans, [{ startSeconds: 0.5, endSeconds: 1.5 }, { startSeconds: 3, endSeconds: 5 }])
  t.same(silent.parts[1]!.speech, { startSeconds: 3.25, endSeconds: 4.75 })
  const samples = new Int16Array(silent.audio.buffer)
  t.ok(samples.subarray(0, 0.5 * SAMPLE_RATE).every((sample) => sample === 0))
  t.equal(samples[3 * SAMPLE_RATE], Math.round(two[1]!.samples[0]! * 0x8000))

  const noisy = new Int16Array(streamOf(two, { leadSeconds: 1, tailSeconds: 1, noiseDb: 15 }).audio.buffer)
  const power = (from: number, end: number): number => noisy.subarray(from * SAMPLE_RATE, end * SAMPLE_RATE)
    .reduce((sum, sample) => sum + sample ** 2, 0) / ((end - from) * SAMPLE_RATE)
  const ratioDb = 10 * Math.log10(power(1, 2) / ((power(0, 1) + power(2, 3)) / 2))
  t.ok(ratioDb > 5 && ratioDb < 25, `about 15 dB, without what lies below 100 Hz: ${ratioDb}`)
  t.same([...new Int16Array(bytesOf([Float32Array.of(2, -2)], 2).buffer)], [0x7fff, -0x8000], 'what is too loud is cut off')
})

t.test('utterances belong to the recording that they share most time with', async (t) => {
  const { parts } = streamOf([recording(1), recording(1)], { leadSeconds: 1, tailSeconds: 1, noiseDb: null })
  const all = [
    told({ startSeconds: 0.7, endSeconds: 1.6, text: 'one' }), told({ startSeconds: 1.6, endSeconds: 2.3, text: 'two' }),
    told({ startSeconds: 3, endSeconds: 3.4, text: 'noise' }), told({ startSeconds: 3.5, endSeconds: 5.2, text: '' }),
    told({ startSeconds: 5.5, endSeconds: 6, text: 'committed noise', reason: 'committed' }),
    { ...told({}), final: undefined },
  ]
  const found = utterancesOf(parts, all)
  t.same(found.map(textOf), ['one two', 'noise'], 'noise between two counts for the nearer, and what the bench ended does not')
  t.equal(found[1]!.length, 2)
})

function turn(utterances: readonly ToldUtterance[]): Turn {
  const [part] = streamOf([recording(2)], { leadSeconds: 1, tailSeconds: 2, noiseDb: null }).parts
  return { part: part!, startedAtMs: 10_000, utterances }
}

t.test('waits run from the known ends of the speech, and the pause stands apart', async (t) => {
  // Speech from 1.25 to 2.75 s; the session decided at 3.3 s.
  const utterance = told({ atMs: 13_340, pauseSeconds: 0.512 }, {
    stopSeconds: 3.3, partials: [{ atMs: 11_700, stable: '', unstable: 'a' }, { atMs: 12_000, stable: 'a', unstable: '' }],
  })
  const wait = waitOf(turn([utterance]))!
  t.match(wait, { finalMs: 590, pauseMs: 512, firstPartialMs: 450 })
  t.ok(Math.abs(wait.beyondMs - 40) < 1e-6)
  t.equal(waitOf(turn([])), undefined)
  t.equal(waitOf(turn([utterance, utterance])), undefined, 'divided')
  t.equal(waitOf(turn([told({ reason: 'committed' })])), undefined, 'no pause ended it')
  t.ok(waitOf(turn([utterance, told({ text: '' })])), 'a final without text divides nothing')

  const silent = told({ atMs: 13_440, pauseSeconds: 0.512 }, { stopSeconds: 3.3 })
  const waits = waitsOf([turn([utterance]), turn([silent]), turn([])])
  t.match(waits, { finals: 2, others: 1, partials: 2, firstPartial: { p50: 450, p95: 450 }, pause: { p50: 512 } })
  t.same([waits.final.p50, waits.final.p95], [590, 690])
})

t.test('words change where the final has another at their place', async (t) => {
  const changes = changesOf([
    told({ text: 'Play some jazz.' }, { partials: [
      { atMs: 1, stable: '', unstable: 'play sum' }, { atMs: 2, stable: 'play', unstable: 'some Jazz again' },
    ] }),
    told({ text: 'Stop' }, { partials: [{ atMs: 3, stable: 'top it', unstable: '' }] }),
    told({ text: '' }, { partials: [{ atMs: 4, stable: 'no', unstable: 'word' }] }),
  ])
  t.same(changes, {
    partials: 3, unstable: 5, unstableChanged: 2, stable: 3, stableChanged: 2, finalWords: 4,
  })
  t.match(changesOf([told({}), { ...told({}), final: undefined }]), { partials: 0, stable: 0, finalWords: 2 })
})

t.test('a pause is put between the middle words, and digits become strings', async (t) => {
  const word = (startSeconds: number): Recording['words'][number] =>
    ({ text: 'w', startSeconds, endSeconds: startSeconds + 0.4, confidence: 1, logProbability: 0 })
  const sentence = recording(2, { said: 'one of four words', words: [0, 0.5, 1, 1.5].map(word) })
  const digits = ['one', 'Two.', 'three', 'four', 'five'].map((said) => recording(1, { said }))
  const found = interruptible([sentence, recording(1, { said: 'too short' }), ...digits])
  t.same(found.map(({ kind, recording: { clip } }) => [kind, clip.text]), [
    ['sentence', 'one of four words'], ['digits', 'one two three four'],
  ])
  t.equal(found[0]!.cut, 0.95 * SAMPLE_RATE)
  const longer = interrupted(found[0]!, 0.4, 0)
  t.equal(longer.samples.length, 2.4 * SAMPLE_RATE)
  t.equal(longer.samples[0.95 * SAMPLE_RATE - 1], sentence.samples[0.95 * SAMPLE_RATE - 1])
  t.equal(longer.samples[1.35 * SAMPLE_RATE], sentence.samples[0.95 * SAMPLE_RATE])
  t.ok(longer.samples.subarray(0.95 * SAMPLE_RATE, 1.35 * SAMPLE_RATE).every((sample) => Math.abs(sample) < 0.25))
  t.equal(longer.speech.endSeconds, 2.15)
  // Each digit has 0.5 s of speech and 0.1 s around it; the cut lies in the middle of the second of three gaps.
  t.equal(found[1]!.recording.samples.length, (4 * 0.6 + 3 * 0.1) * SAMPLE_RATE)
  t.equal(found[1]!.cut, (2 * 0.6 + 1.5 * 0.1) * SAMPLE_RATE)
})

/** Answers an update, counts what is appended, and tells one utterance at a commit. */
async function fakeService(t: Pick<typeof import('tap').t, 'teardown'>, refuse = false) {
  const server = http.createServer((_request, response) => { response.end() })
  const sockets = new WebSocketServer({ noServer: true })
  const got = { updates: [] as object[], pieces: [] as Buffer[] }
  server.on('upgrade', (request, socket, head) => {
    if (refuse) {
      const body = '{"error":{"code":"QUEUE_FULL"}}'
      socket.end(`HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    } else sockets.handleUpgrade(request, socket, head, (one) => { serve(one, got) })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => { server.close() })
  return { got, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

function serve(socket: WebSocket, got: { updates: object[]; pieces: Buffer[] }): void {
  const tell = (type: string, fields: object): void => { socket.send(JSON.stringify({ type, ...fields })) }
  socket.on('message', (data) => {
    const event = JSON.parse((data as Buffer).toString()) as { type: string; audio: string; session: object }
    if (event.type === 'session.update') {
      got.updates.push(event.session)
      tell('session.updated', {})
    } else if (event.type === 'input_audio_buffer.append') got.pieces.push(Buffer.from(event.audio, 'base64'))
    else {
      tell('input_audio_buffer.speech_started', { item_id: 'i', audio_start_ms: 100 })
      tell('earshot.partial', { item_id: 'i', stable: 'play', unstable: 'some' })
      tell('input_audio_buffer.speech_stopped', { item_id: 'i', audio_end_ms: 900 })
      tell('conversation.item.input_audio_transcription.completed', {
        item_id: 'i', transcript: 'play some', earshot: {
          reason: 'committed', pause_seconds: 0, audio_start_ms: 50, audio_end_ms: 950,
        },
      })
    }
  })
}

t.test('the client sends all samples in pieces and keeps what it is told', async (t) => {
  const { got, url } = await fakeService(t)
  const client = await LiveClient.open(url, { sampleRate: 8_000, earshot: { endpointing: 'fast' } })
  t.match(got.updates, [{ earshot: { endpointing: 'fast', details: true }, audio: { input: { format: { rate: 8_000 } } } }])
  const samples = Uint8Array.from({ length: 1_000 }, (_, index) => index % 256)
  const startedAtMs = await client.stream(samples, 300, undefined)
  const slowlyAtMs = await client.stream(samples, 300, 100_000)
  await client.finish()
  t.ok(startedAtMs < slowlyAtMs)
  t.same(got.pieces.map(({ length }) => length), [300, 300, 300, 100, 300, 300, 300, 100])
  t.same(Buffer.concat(got.pieces.slice(0, 4)), Buffer.from(samples))
  t.match(client.utterances, [{
    startSeconds: 0.1, stopSeconds: 0.9, partials: [{ stable: 'play', unstable: 'some' }], failure: undefined,
    final: { text: 'play some', reason: 'committed', startSeconds: 0.05, endSeconds: 0.95, pauseSeconds: 0 },
  }])
  t.equal(await client.close(), 1000)
})

t.test('a refused upgrade has the status and the code of the answer', async (t) => {
  const { url } = await fakeService(t, true)
  const refusal = await LiveClient.open(url, { sampleRate: 8_000 }).catch((thrown: unknown) => thrown)
  t.ok(refusal instanceof UpgradeRefused)
  t.match(refusal, { status: 429, code: 'QUEUE_FULL', retryAfter: '5' })
  await t.rejects(LiveClient.open('http://127.0.0.1:1', { sampleRate: 8_000 }), { code: 'ECONNREFUSED' })
})

t.test('numbers with commas between them are an option', async (t) => {
  const options = { sessions: counts('sessions', [1, 10]) }
  t.same(parseOptions([], options), { sessions: [1, 10] })
  t.same(parseOptions(['--sessions', '5,25'], options), { sessions: [5, 25] })
  t.throws(() => parseOptions(['--sessions', '5,0'], options), /at least 1/)
})
