/** Connections that do nothing, take too much, or are not read: all of them end, and none that waits for an answer. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import { bytesDelivered } from '../../../../src/serving/http/connections/bytes-delivered.js'
import { CLIP, REPORT, setUp } from '../fake-service.js'
import { converse, eventually, head, openConnections, type Conversation } from '../raw.js'

const SHORT = { EARSHOT_IDLE_CONNECTION_SECONDS: '0.3' }
const GET = 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n'
/** Another client on the same machine. */
const skip = process.platform === 'linux' ? false : 'only Linux has addresses for a second client without being asked'
const OTHER = '127.0.0.2'

t.test(
  'a connection on which nothing, half a header or nothing more is sent is closed, whatever its client does',
  async (t) => {
    const { url, app, metric } = await setUp(t, SHORT)
    const half = converse(url, GET.slice(0, 25))
    const kept = converse(url, GET)
    const breaks = converse(url, GET)
    const timer = setInterval(() => {
      breaks.socket.write('\r\n')
    }, 50)
    const slow = converse(url, 'GET /healthz HTTP/1.1\r\n')
    const loris = setInterval(() => {
      slow.socket.write('x: y\r\n')
    }, 50)
    t.equal(await converse(url).ended, '')
    await half.ended
    t.same(half.error(), { status: 408, code: 'UPLOAD_TOO_SLOW' })
    t.match(await kept.ended, /^HTTP\/1\.1 200 [^]*"ok"\}$/, 'nothing after the answer')
    t.match(await breaks.ended, /^HTTP\/1\.1 200 /)
    await slow.ended
    t.same(slow.error(), { status: 408, code: 'UPLOAD_TOO_SLOW' })
    clearInterval(timer)
    clearInterval(loris)
    t.match(await metric('asr_connections_ended_total'), ['asr_connections_ended_total{reason="idle"} 5'])
    await eventually(async () => (await openConnections(app.server)) === 0)
  },
)

t.test('a client that waits for a transcript is left alone, and so is one that sends slowly enough', async (t) => {
  const { url } = await setUp(t, SHORT, { answer: () => sleep(1_500, REPORT) })
  t.match(await converse(url, Buffer.concat([Buffer.from(head(CLIP.length)), CLIP])).until(/jazz/), /^HTTP\/1\.1 200 /)
  const slow = converse(url, head(CLIP.length))
  for (let sent = 0; sent < CLIP.length; sent += 4_000) {
    slow.socket.write(CLIP.subarray(sent, sent + 4_000))
    await sleep(100)
  }
  t.match(await slow.until(/jazz/), /^HTTP\/1\.1 200 /)
})

t.test('what still comes of a refused body is no request, and the connection serves the next one', async (t) => {
  const { url } = await setUp(t, { ...SHORT, EARSHOT_MAX_UPLOAD_BYTES: '100000' })
  const large = converse(url, Buffer.concat([Buffer.from(head(200_000)), Buffer.alloc(100_000)]))
  await large.until(/UPLOAD_TOO_LARGE/)
  large.socket.write(Buffer.alloc(100_000))
  large.socket.write(GET)
  t.match(await large.ended, /^HTTP\/1\.1 413 [^]*HTTP\/1\.1 200 [^]*"ok"\}$/, 'nothing follows')
})

t.test('an answer that is not read does not stay in memory', async (t) => {
  const { url, app, metric } = await setUp(t, SHORT)
  const deaf = converse(url)
  deaf.socket.pause()
  deaf.socket.write('GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(2_000))
  await eventually(async () => (await metric('asr_connections_ended_total{reason="unread"}')).length === 1)
  await eventually(async () => await openConnections(app.server) === 0)
  deaf.socket.destroy()
})

t.test('what a client takes of one large answer counts while it takes it', async (t) => {
  const server = net.createServer()
  t.teardown(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const reader = net.connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [writer] = await once(server, 'connection') as [Socket]
  reader.pause()
  const bytes = 64 * 1024 * 1024
  writer.write(Buffer.alloc(bytes))
  let before = -1
  for (let taken = bytesDelivered(writer); taken !== before; taken = bytesDelivered(writer)) {
    before = taken
    await sleep(50)
  }
  t.ok(before < bytes, `${before} bytes are in the buffers of the system`)
  reader.resume()
  await eventually(() => bytesDelivered(writer) > before)
  t.equal(writer.writableLength, bytes, 'the write is not done')
  await eventually(() => bytesDelivered(writer) === bytes)
  writer.destroy()
  reader.destroy()
})

t.test(
  'one address has its share of the connections, and gives up its oldest idle one for a new one',
  { skip },
  async (t) => {
    const { url, metric } = await setUp(t, { EARSHOT_MAX_CONNECTIONS: '10' })
    const silent = Array.from({ length: 8 }, () => converse(url))
    await eventually(async () => (await metric('asr_connections{state="idle"}'))[0]?.endsWith(' 8') ?? false)
    const another = converse(url, GET)
    t.equal(await silent[0]!.ended, '', 'the oldest makes place')
    t.match(await another.until(/ok/), /^HTTP\/1\.1 200 /)
    t.match(await converse(url, GET, OTHER).until(/ok/), /^HTTP\/1\.1 200 /, 'there is place for somebody else')
    t.match(await metric('asr_connections_ended_total'), ['asr_connections_ended_total{reason="displaced"} 1'])
    t.equal(silent.slice(1).filter(({ socket }) => socket.readableEnded || socket.destroyed).length, 0)
  },
)

t.test('an address whose connections are all busy is refused, and no other is', { skip }, async (t) => {
  let finish = (): void => undefined
  const held = new Promise<void>((resolve) => { finish = resolve })
  const { url, uploads, metric } = await setUp(
    t,
    { EARSHOT_MAX_CONNECTIONS: '10' },
    {
      answer: async () => {
        await held
        return REPORT
      },
    },
  )
  const busy = Array.from({ length: 8 }, () => converse(url, Buffer.concat([Buffer.from(head(CLIP.length)), CLIP])))
  await eventually(() => uploads.requestsInProgress === 8)
  const refused = converse(url, GET)
  await refused.ended
  t.same(refused.error(), { status: 503, code: 'TOO_MANY_CONNECTIONS' })
  t.match(refused.heard(), /retry-after: 1/i)
  const audio = converse(url, head(10))
  await audio.ended
  t.same(audio.error(), { status: 503, code: 'TOO_MANY_CONNECTIONS' }, 'on a route with a door of its own')
  const stranger = converse(url, GET.replace('/healthz', '/').replace('localhost', 'attacker.example').repeat(2))
  await stranger.ended
  t.match(stranger.error(), { status: 421, code: 'HOST_REFUSED' }, 'whatever else is the matter with its request')
  t.match(stranger.heard(), /^HTTP\/1\.1 421 [^]*connection: close/i)
  t.equal(stranger.heard().split('HTTP/1.1').length, 2, 'it is told once')
  t.match(await converse(url, GET, OTHER).until(/ok/), /^HTTP\/1\.1 200 /)
  const mute = converse(url)
  t.equal(await mute.ended, '', 'who does not ask is not told')
  finish()
  for (const one of busy) t.match(await one.until(/jazz/), /^HTTP\/1\.1 200 /)
  t.match(await metric('asr_connections_ended_total{reason="refused"}'), [/ 4$/])
  t.match(
    await metric('asr_rejections_total{reason="too_many_connections"}'),
    [/ 1$/],
    'the one that would have been a clip',
  )
  t.match(await converse(url, GET).until(/ok/), /^HTTP\/1\.1 200 /, 'and now there is place again')
})

t.test('hundreds of connections at once are no more than there may be', async (t) => {
  const { url, app } = await setUp(t, { EARSHOT_MAX_CONNECTIONS: '20' })
  const many = Array.from({ length: 400 }, () => converse(url))
  await eventually(() => many.filter(({ socket }) => socket.readableEnded || socket.destroyed).length >= 400 - 20)
  const open = await openConnections(app.server)
  t.ok(open <= 20, `${open} are open`)
  t.match(await converse(url, GET).until(/ok/), /^HTTP\/1\.1 200 /)
})

t.test('the end closes every connection and waits for no client', async (t) => {
  const { url, app, uploads } = await setUp(t, {}, { answer: () => sleep(300, REPORT) })
  const open = (count: number, text: string | Buffer): Conversation[] =>
    Array.from({ length: count }, () => converse(url, text))
  const whole = Buffer.concat([Buffer.from(head(CLIP.length)), CLIP])
  const silent = open(5, '')
  const halfHeads = open(5, head(CLIP.length).slice(0, 30))
  const halfBodies = open(5, whole.subarray(0, 1_000))
  const active = open(5, whole)
  const late = converse(url, whole.subarray(0, 1_000))
  await eventually(() => uploads.requestsInProgress === 11 && uploads.bytesHeld > 5 * CLIP.length)
  const closing = uploads.drain(30).then(() => app.close())
  const timer = setInterval(() => {
    late.socket.write(whole.subarray(late.socket.bytesWritten, late.socket.bytesWritten + 8_000))
  }, 50)
  for (const one of active) t.match(await one.until(/jazz/), /^HTTP\/1\.1 200 /)
  t.match(await late.until(/jazz/), /^HTTP\/1\.1 200 /, 'what goes on arriving is accepted')
  clearInterval(timer)
  await closing
  for (const one of halfBodies) { await one.ended; t.same(one.error(), { status: 503, code: 'SHUTTING_DOWN' }) }
  for (const one of halfHeads) { await one.ended; t.same(one.error(), { status: 503, code: 'SHUTTING_DOWN' }) }
  for (const one of silent) t.equal(await one.ended, '')
  t.equal(uploads.requestsInProgress, 0)
  t.equal(uploads.bytesHeld, 0)
  t.equal(await openConnections(app.server), 0)
})
