/** The load generator and its company against a small fake server. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { projectRoot } from '../../src/domain/project-root.js'
import { ask, keepAliveAgent } from '../../fixtures/kit/exchange.js'
import { generateLoad, type LoadPlan } from '../../bench/load/generator.js'
import { summarizeLoad } from '../../bench/load/summary.js'
import { metricValue } from '../../fixtures/kit/metrics-page.js'
import { choice, count, flag, list, number, parseOptions, text } from '../../bench/harness/options.js'
import { processTree } from '../../bench/harness/processes.js'
import { recordTape } from '../../bench/harness/speech-tape.js'
import { formatTable } from '../../bench/harness/table.js'
import { decodeAudio } from '../../src/audio/decode.js'

const uploads = [{ body: Buffer.from('first clip'), seconds: 1 }, { body: Buffer.from('second'), seconds: 3 }]

interface Fake { readonly url: string; readonly bodies: string[]; mostAtOnce: number; connections: number }

async function fakeServer(t: Test, answer: (index: number, response: http.ServerResponse) => void): Promise<Fake> {
  const fake = { url: '', bodies: [] as string[], mostAtOnce: 0, connections: 0 }
  let atOnce = 0
  let index = 0
  const server = http.createServer((request, response) => {
    fake.mostAtOnce = Math.max(fake.mostAtOnce, ++atOnce)
    const chunks: Buffer[] = []
    response.once('close', () => { atOnce-- })
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      fake.bodies.push(Buffer.concat(chunks).toString())
      answer(index++, response)
    })
  }).on('connection', () => { fake.connections++ })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { server.closeAllConnections(); server.close() })
  return Object.assign(fake, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}

const plan = (url: string, more: Partial<LoadPlan>): LoadPlan => ({
  url, uploads, arrivals: { clients: 1 }, maxSeconds: 20, maxRequests: 20, ...more,
})

t.test('a closed loop is bounded in number and in clients, and reuses its connections', async (t) => {
  const fake = await fakeServer(t, (_, response) => { setTimeout(() => response.end('{}'), 2) })
  const load = await generateLoad(plan(fake.url, { arrivals: { clients: 3 } }))
  const summary = summarizeLoad(load)
  t.match(summary, { requests: 20, byOutcome: { 200: 20 }, refused: 0, failed: 0, dropped: 0 })
  t.equal(fake.mostAtOnce, 3)
  t.equal(fake.connections, 3)
  t.equal(fake.bodies.filter((body) => body === 'second').length, 10, 'uploads are sent in turn')
  t.ok(
    Math.abs(summary.audioSecondsPerSecond / summary.clipsPerSecond - 2) < 1e-9,
    'audio seconds are those of the uploads',
  )
})

t.test('a closed loop is bounded in time and by a signal', async (t) => {
  const fake = await fakeServer(t, (_, response) => { setTimeout(() => response.end('{}'), 5) })
  const timed = await generateLoad(plan(fake.url, { maxSeconds: 0.2, maxRequests: 1e6 }))
  t.ok(timed.elapsedSeconds < 2 && timed.answers.length > 1)
  const stopped = await generateLoad(plan(fake.url, { maxRequests: 1e6, until: AbortSignal.timeout(100) }))
  t.ok(stopped.elapsedSeconds < 2)
})

t.test('statuses, codes and Retry-After are counted', async (t) => {
  const fake = await fakeServer(t, (index, response) => {
    if (index % 5 === 1) response.writeHead(429, { 'retry-after': '2' }).end('{"error":{"code":"QUEUE_FULL"}}')
    else if (index % 5 === 2) response.writeHead(503).end('{"error":{"code":"SHUTTING_DOWN"}}')
    else if (index % 5 === 3) response.socket!.destroy()
    else if (index % 5 === 4) response.writeHead(500).end('not even JSON')
    else response.end('{}')
  })
  const summary = summarizeLoad(await generateLoad(plan(fake.url, { arrivals: { clients: 4 } })))
  t.same(summary.byOutcome, { 200: 4, '429 QUEUE_FULL': 4, '503 SHUTTING_DOWN': 4, ECONNRESET: 4, 500: 4 })
  t.match(summary, { refused: 8, withRetryAfter: 4, failed: 8 })
})

t.test('an open loop keeps its rate whatever the server does, and its bounds', async (t) => {
  const fake = await fakeServer(t, (_, response) => { setTimeout(() => response.end('{}'), 300) })
  const load = await generateLoad(plan(fake.url, { arrivals: { perSecond: 50 }, maxSeconds: 0.4, maxRequests: 1000 }))
  t.equal(load.answers.length, 20, '0.4 s at 50 a second')
  t.ok(fake.mostAtOnce > 5, 'it does not wait for answers')
  t.ok(load.elapsedSeconds < 3)
  t.ok(summarizeLoad(load).p50Ms >= 295, 'latency counts from the arrival')
  const crowded = await generateLoad(plan(fake.url, {
    arrivals: { perSecond: 100 }, maxSeconds: 0.2, maxRequests: 1000, maxUnderWay: 4,
  }))
  t.equal(crowded.answers.length + crowded.dropped, 20)
  t.equal(crowded.answers.length, 4)
})

t.test('percentiles are those of the accepted requests', async (t) => {
  const answers = Array.from({ length: 100 }, (_, index) => ({
    status: 200, failure: null, errorCode: '', retryAfter: null, startedAtMs: 0, latencyMs: index + 1, audioSeconds: 1,
  }))
  const refusal = { ...answers[0]!, status: 429, latencyMs: 1e6, errorCode: 'QUEUE_FULL', retryAfter: '1' }
  t.match(summarizeLoad({ answers: [...answers, refusal], elapsedSeconds: 10, dropped: 0 }), {
    p50Ms: 50, p95Ms: 95, p99Ms: 99, clipsPerSecond: 10, refused: 1, refusalMedianMs: 1e6,
  })
})

t.test('what has no answer is a finding, not an exception', async (t) => {
  const fake = await fakeServer(t, () => undefined)
  const agent = keepAliveAgent()
  t.teardown(() => { agent.destroy() })
  t.match(await ask(fake.url, { agent, timeoutMs: 50 }), { status: 0, failure: 'TIMEOUT' })
  t.match(await ask('http://127.0.0.1:1', { agent }), { status: 0, failure: 'ECONNREFUSED' })
  const refused = await generateLoad(plan('http://127.0.0.1:1', { arrivals: { clients: 2 } }))
  t.equal(refused.answers.length, 2, 'clients leave when nobody is there')
})

t.test('small parts', async (t) => {
  const page = '# HELP a b\nrestarts_total{reason="crash"} 2\nrestarts_total{reason="timeout"} 1\nlag 1.5e-3\n'
  t.equal(metricValue(page, 'restarts_total'), 3)
  t.equal(metricValue(page, 'restarts_total', { reason: 'crash' }), 2)
  t.equal(metricValue(page, 'lag'), 0.0015)
  t.throws(() => metricValue(page, 'restarts'), /no restarts/)

  t.equal(formatTable(['name', 'n'], [['a', 1], ['bcdef', 22]]), 'name    n\n-----  --\na       1\nbcdef  22')
})

t.test('options are read, checked and given their defaults', async (t) => {
  const options = {
    limit: count('clips', 7), rate: number('a second', undefined), model: text('a model', 'tiny'), quick: flag('less'),
    table: list('tables', ['one', 'two']), engine: choice('engine', ['fast', 'slow'], 'slow'),
  }
  const defaults = { limit: 7, rate: undefined, model: 'tiny', quick: false, table: ['one', 'two'], engine: 'slow' }
  t.same(parseOptions([], options), defaults)
  t.same(
    parseOptions(['--limit', '3', '--rate=0.5', '--quick', '--table', 'two', '--engine', 'fast'], options),
    { ...defaults, limit: 3, rate: 0.5, quick: true, table: ['two'], engine: 'fast' },
  )
  t.throws(() => parseOptions(['--nonsense'], options), /'--nonsense'; the options are --limit, .*--engine, --help$/)
  t.throws(() => parseOptions(['extra'], options), /'extra'.*; the options are --limit/)
  t.throws(() => parseOptions(['--limit', '1.5'], options), /whole number/)
  t.throws(() => parseOptions(['--rate=-1'], options), /at least 0/)
  t.throws(() => parseOptions(['--table', 'two,three'], options), /knows one, two, not "three"/)
  t.throws(() => parseOptions(['--engine', 'odd'], options), /one of fast, slow/)
})

t.test('pieces of the tape are speech of exactly the asked length', async (t) => {
  const clips = [{
    file: path.join(projectRoot, 'fixtures/clips/warm-up.wav'), text: '', seconds: 2.5, speaker: 'x',
    source: 'y',
  }]
  const tape = await recordTape(clips)
  const { body, seconds } = tape.cut(7, 3)
  const { waveform, format } = await decodeAudio(body, { maxSeconds: 60 })
  t.equal(seconds, 7)
  t.equal(waveform.samples.length, 7 * 16_000, 'longer than the tape: it goes around')
  t.match(format, { codec: 'pcm_s16', channels: 1, truncated: false })
  t.notSame(tape.cut(1, 0).body, tape.cut(1, 1).body)
})

t.test('the process tree begins with the process itself', { skip: process.platform !== 'linux' }, async (t) => {
  const [own] = processTree(process.pid)
  t.equal(own!.processId, process.pid)
  t.ok(own!.residentBytes > 1e7 && own!.cpuTicks > 0)
})
