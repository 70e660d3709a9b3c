/** Clients that come back before they were told to are refused before their body is read. */
import t from 'tap'
import { SpeechError } from '../../src/errors.js'
import { EarlyReturns } from '../../src/http/early-returns.js'
import { errorOf, post, setUp } from './fake-service.js'
import { wavOfSeconds } from './wav.js'

t.test('an upload like the refused one waits, a short one and other clients do not', (t) => {
  let now = 0
  const returns = new EarlyReturns(() => now)
  returns.note('a', 1_000_000, 0.5)
  t.throws(() => { returns.check('a', 900_000) }, { code: 'QUEUE_FULL', retryAfterSeconds: 0.5 })
  returns.check('a', 30_000)
  returns.check('b', 1_000_000)
  now = 501
  returns.check('a', 1_000_000)
  returns.note('a', 1_000_000, 60)
  now += 999
  t.throws(() => { returns.check('a', 1_000_000) }, { code: 'QUEUE_FULL' })
  now += 2
  returns.check('a', 1_000_000)
  for (let index = 0; index < 5_000; index++) returns.note(String(index), 1_000_000, 1)
  t.equal(returns.clients, 1_000)
  t.end()
})

t.test('the second attempt is refused before its body, and reaches no worker', async (t) => {
  const { url, jobs } = await setUp(t, {}, { answer: () => Promise.reject(new SpeechError('QUEUE_FULL', 'the wait would be long', { retryAfterSeconds: 7 })) })
  const long = wavOfSeconds(60)
  t.match(await errorOf(await post(`${url}/v1/transcriptions`, long)), { status: 429, retryAfter: '7' })
  t.match(await errorOf(await post(`${url}/v1/transcriptions`, long)), { status: 429, code: 'QUEUE_FULL', retryAfter: '1' })
  t.equal(jobs.length, 1)
})
