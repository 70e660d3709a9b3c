/** Clients that come back before they were told to are refused before their body is read. */
import t from 'tap'
import { SpeechError } from '../../../../src/domain/errors.js'
import { RetryAfterEnforcer } from '../../../../src/serving/http/connections/retry-after-enforcer.js'
import { errorOf, post, setUp } from '../fake-service.js'
import { wavOfSeconds } from '../wav.js'

t.test('an upload like the refused one waits, a short one and other clients do not', (t) => {
  let now = 0
  const backoff = new RetryAfterEnforcer(() => now)
  backoff.begin('a', 1_000_000, 0.5)
  t.throws(() => { backoff.check('a', 900_000) }, { code: 'QUEUE_FULL', retryAfterSeconds: 0.5 })
  backoff.check('a', 30_000)
  t.throws(() => { backoff.check('a', undefined) }, { code: 'QUEUE_FULL' }, 'it may be as long')
  backoff.check('b', undefined)
  backoff.check('b', 1_000_000)
  now = 501
  backoff.check('a', 1_000_000)
  backoff.begin('a', 1_000_000, 60)
  now += 999
  t.throws(() => { backoff.check('a', 1_000_000) }, { code: 'QUEUE_FULL' })
  now += 2
  backoff.check('a', 1_000_000)
  for (let index = 0; index < 5_000; index++) backoff.begin(String(index), 1_000_000, 1)
  t.equal(backoff.clients, 1_000)
  t.end()
})

t.test('the second attempt is refused before its body, and reaches no worker', async (t) => {
  const { url, jobs } = await setUp(
    t,
    {},
    { answer: () => Promise.reject(new SpeechError('QUEUE_FULL', 'the wait would be long', { retryAfterSeconds: 7 })) },
  )
  const long = wavOfSeconds(60)
  t.match(await errorOf(await post(`${url}/v1/transcriptions`, long)), { status: 429, retryAfter: '7' })
  t.match(await errorOf(await post(`${url}/v1/transcriptions`, long)), {
    status: 429,
    code: 'QUEUE_FULL',
    retryAfter: '1',
  })
  t.equal(jobs.length, 1)
  const body = new ReadableStream({ start: (stream) => { stream.enqueue(long); stream.close() } })
  const unmeasured = await fetch(`${url}/v1/transcriptions`, { method: 'POST', body, duplex: 'half' })
  t.match(await errorOf(unmeasured), { status: 429, code: 'QUEUE_FULL' }, 'one that does not say how long it is')
  t.equal(jobs.length, 1)
})
