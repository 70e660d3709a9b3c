/** Clients that close their half after the request get their answer; those that went away still cancel their job. */
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { CLIP, REPORT, setUp } from '../fake-service.js'
import { converse, eventually, head, openConnections } from '../raw.js'

const ANSWER_MS = 400
const request = (version: string): Buffer =>
  Buffer.concat([Buffer.from(head(CLIP.length).replace('HTTP/1.1', version)), CLIP])

t.test('a client that has closed its half reads its answer, whatever its version of HTTP', async (t) => {
  const { url, app, metric } = await setUp(t, {}, { answer: () => sleep(ANSWER_MS, REPORT) })
  for (const [version, status] of [['HTTP/1.1', /^(HTTP\/1\.1 100 Continue\r\n\r\n)+HTTP\/1\.1 200 OK/],
    ['HTTP/1.0', /^HTTP\/1\.1 200 OK/]] as const) {
    const client = converse(url)
    client.socket.end(request(version))
    const heard = await client.ended
    t.match(heard, status, version)
    t.match(heard, /"text":"play some jazz"/, version)
    t.match(heard, /connection: close/i, 'nothing more can come')
  }
  const ready = converse(url)
  ready.socket.end('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
  t.match(await ready.ended, /"status":"ok"/)
  const pipelined = converse(url)
  pipelined.socket.end(Buffer.concat([request('HTTP/1.1'), request('HTTP/1.1')]))
  t.equal((await pipelined.ended).match(/HTTP\/1\.1 200 OK/g)?.length, 2, 'all requests before the end are answered')
  t.match(await metric('asr_requests_total{'), [/outcome="recognized"} 5|outcome="[a-z]+"} \d/])
  await eventually(async () => await openConnections(app.server) === 0)
})

t.test('a client that has gone away cancels its job within a moment', async (t) => {
  let aborted = 0
  const { url, jobs, metric } = await setUp(t, {}, {
    answer: (_job, signal) => new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => { aborted++; reject(new Error('aborted')) })
    }),
  })
  const socket = net.connect({ port: Number(new URL(url).port), host: '127.0.0.1' })
  await once(socket, 'connect')
  socket.write(request('HTTP/1.1'))
  await eventually(() => jobs.length === 1)
  const since = performance.now()
  socket.destroy()
  await eventually(() => aborted === 1)
  t.ok(performance.now() - since < 1_000)
  await eventually(async () => (await metric('http_server_request_duration_seconds_count{')).join('').includes('499'))
})

t.test('a body that ends too early is refused, not waited for', async (t) => {
  const { url, jobs } = await setUp(t)
  const client = converse(url)
  client.socket.end(request('HTTP/1.1').subarray(0, 2_000))
  await client.ended
  t.notMatch(client.heard(), / 200 OK/)
  t.equal(jobs.length, 0)
})
