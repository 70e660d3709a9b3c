/** Bodies against time: stalls, slow senders, and a service that shuts down. */
import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import t from 'tap'
import { readBody, type BodyRead } from '../../../../src/serving/http/connections/body-reader.js'
import { tooLarge } from '../../../../src/serving/http/refusals.js'
import { UploadMemory } from '../../../../src/serving/http/connections/upload-memory.js'
import { eventually } from '../raw.js'

const memory = new UploadMemory({ maxUploadBytes: 1e6, maxUploadsBytes: 1e7 })

/** A body that is read with little patience. A patience that is not named is longer than a test. */
function read({ paceSeconds = 60, drainSeconds = 60, rate = 1000, uploadSeconds = 60 }): {
  body: PassThrough
  reading: BodyRead
} {
  const body = new PassThrough()
  const limits = {
    maxUploadBytes: 1e6,
    uploadSeconds,
    uploadBytesPerSecond: rate,
    tooLarge,
    patience: { paceSeconds, drainSeconds },
  }
  return { body, reading: readBody(body as unknown as IncomingMessage, memory.reserve('a', 0), limits) }
}

async function codeOf({ upload }: BodyRead): Promise<string> {
  return upload.then(() => 'OK', (error: { code: string }) => error.code)
}

t.test('a body that stops is refused when the patience is used up, long before the time of the whole', async (t) => {
  const { body, reading } = read({ paceSeconds: 0.2 })
  const since = performance.now()
  body.write(Buffer.alloc(50))
  t.equal(await codeOf(reading), 'UPLOAD_TOO_SLOW')
  t.ok(performance.now() - since >= 200)
  t.equal(memory.bytesHeld, 0)
})

t.test('what was sent quickly is no credit for a stall', async (t) => {
  const { body, reading } = read({ paceSeconds: 0.2 })
  body.write(Buffer.alloc(500_000))
  t.equal(await codeOf(reading), 'UPLOAD_TOO_SLOW')
})

t.test('a sender at half the least rate is refused, though it never stops', async (t) => {
  const { body, reading } = read({ paceSeconds: 0.5, rate: 20_000 })
  const since = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = Math.floor((performance.now() - since) * 10) // bytes, at 10,000 a second
    body.write(Buffer.alloc(Math.max(1, due - sent)))
    sent = Math.max(sent + 1, due)
  }, 20)
  t.equal(await codeOf(reading), 'UPLOAD_TOO_SLOW')
  clearInterval(timer)
  t.ok(performance.now() - since >= 500)
})

t.test('a sender above the least rate is waited for, however long it takes', async (t) => {
  const { body, reading } = read({ paceSeconds: 5, rate: 100 })
  const since = performance.now()
  const timer = setInterval(() => {
    if (performance.now() - since > 1_000) body.end()
    else body.write(Buffer.alloc(100))
  }, 50)
  t.equal(await codeOf(reading), 'OK')
  clearInterval(timer)
})

t.test('the time of the whole ends also what comes quickly', async (t) => {
  const { body, reading } = read({ uploadSeconds: 0.2 })
  const timer = setInterval(() => { body.write(Buffer.alloc(10)) }, 20)
  t.equal(await codeOf(reading), 'UPLOAD_TOO_SLOW')
  clearInterval(timer)
})

t.test('at a shutdown, a body that goes on arriving is waited for, and one that stops is refused', async (t) => {
  const stalled = read({ drainSeconds: 0.2 })
  stalled.body.write('half')
  const arriving = read({ drainSeconds: 5 })
  let pieces = 0
  const timer = setInterval(() => { if (++pieces > 10) arriving.body.end(); else arriving.body.write('piece') }, 20)
  for (const { reading } of [stalled, arriving]) reading.beginDrain()
  t.equal(await codeOf(stalled.reading), 'SHUTTING_DOWN')
  t.equal(await codeOf(arriving.reading), 'OK')
  clearInterval(timer)
  stalled.reading.beginDrain()
})

t.test('a client that leaves, and one that sends too much, hold nothing', async (t) => {
  const gone = read({})
  gone.body.write('half')
  await eventually(() => memory.bytesHeld >= 4)
  gone.body.destroy()
  t.equal(await codeOf(gone.reading), 'CANCELLED')
  const large = read({})
  large.body.write(Buffer.alloc(1_000_001))
  t.equal(await codeOf(large.reading), 'UPLOAD_TOO_LARGE')
})
