/** A worker whose memory has grown is replaced between requests, and nobody notices. */
import t from 'tap'
import { memoryLimitBytes } from '../../../src/serving/workers/recycling.js'
import { job, makePool, textOf, until } from './scripted-pool.js'

const LIMIT = { workers: 1, memoryLimitBytes: 1_500, maxBatchSize: 4 }
const GROWN = 'memory: it used 2000 bytes of memory, more than 1500'

t.test('its replacement is ready before it leaves, so there is a worker at all times', async (t) => {
  const { pool, log } = makePool(t, LIMIT)
  await pool.start()
  const [before] = pool.processIds
  t.equal(await textOf(pool.run(job('grow:1500'))), 'grown')
  t.same(pool.processIds, [before], 'at the limit')
  t.equal(await textOf(pool.run(job('grow:2000'))), 'grown')
  t.match(pool.readiness(), { ready: true, workers: { idle: 1, starting: 1 } })
  let answered = 0
  while (log.replaced.length === 0) {
    t.ok(pool.readiness().ready)
    t.match(await textOf(pool.run(job('process'))), /^\d+$/)
    answered++
  }
  t.ok(answered > 0)
  t.same([log.replaced, log.retries, log.ready], [[GROWN], 0, 2])
  t.not(pool.processIds[0], before)
  t.same(pool.readiness(), { ready: true, workers: { idle: 1, busy: 0, starting: 0 }, missing: '' })
})

t.test('it ends the jobs that it has, running and paused, and gets no new ones', async (t) => {
  const { pool, log } = makePool(t, LIMIT)
  await pool.start()
  const [before] = pool.processIds
  await pool.run(job('sleep:20'))
  const long = pool.run(job('pieces:40', { audioSeconds: 60, client: 'long' }))
  await pool.run(job('grow:2000', { client: 'short' }))
  await until(() => log.ready === 2)
  const text = await textOf(pool.run(job('process', { client: 'short' })))
  t.not(text, String(before))
  t.same(log.replaced, [], 'it still has the long one')
  const { outcome, attempts } = await long
  t.ok(outcome.ok && outcome.report.text === 'all pieces')
  t.equal(attempts, 1)
  await until(() => log.replaced.length > 0)
  t.same(log.replaced, [GROWN])
})

t.test('workers are replaced one at a time', async (t) => {
  const { pool, log } = makePool(t, { ...LIMIT, workers: 2 })
  await pool.start()
  const before = pool.processIds
  const [one, two] = [pool.run(job('grow:2000')), pool.run(job('grow:2000'))]
  await Promise.all([one, two])
  t.equal(pool.readiness().workers.starting, 1)
  await until(() => log.replaced.length === 1)
  t.equal(pool.readiness().workers.starting, 0, 'the other one is looked at after its next request')
  await Promise.all([pool.run(job('sleep:50')), pool.run(job('sleep:50'))])
  await until(() => log.replaced.length === 2)
  t.notOk(pool.processIds.some((id) => before.includes(id)))
  t.same(log.replaced, [GROWN, GROWN])
})

t.test('one that dies while its replacement starts is not replaced twice', async (t) => {
  const { pool, log } = makePool(t, LIMIT)
  await pool.start()
  const answers = [pool.run(job('grow:2000')), pool.run(job('die-late:1'))]
  t.same(await Promise.all(answers.map(textOf)), ['grown', 'RECOGNIZER_CRASHED'])
  await until(() => pool.readiness().ready)
  t.same(log.replaced, ['crash: exit code 9', 'crash: exit code 9'])
  t.equal(pool.processIds.length, 1)
  t.equal(log.ready, 3)
  t.equal(await textOf(pool.run(job('say:alive'))), 'alive')
})

t.test('a worker gets the phrase lists before it replaces another', async (t) => {
  const { pool, log } = makePool(t, LIMIT)
  await pool.start()
  await pool.phraseLists.publish({ id: 'slow@1', phrases: [] })
  await pool.run(job('grow:2000'))
  await until(() => log.replaced.length > 0)
  t.equal(await textOf(pool.run(job('lists'))), 'slow@1')
})

t.test('0 turns it off', async (t) => {
  const { pool, log } = makePool(t, { ...LIMIT, memoryLimitBytes: 0 })
  await pool.start()
  await pool.run(job('grow:1000000000000'))
  await pool.run(job('say:next'))
  t.same([pool.processIds.length, log.replaced], [1, []])
})

t.test('the default is beyond what a worker needs that is well', (t) => {
  const [tiny, withSmall] = [30e6, 282e6].map((bytes) => memoryLimitBytes(bytes, 300))
  t.ok(tiny! > 2 * 450e6 && tiny! < 1.1e9, `${tiny}`)
  t.ok(withSmall! > 1.9 * 1.32e9 && withSmall! < 2.7e9, `${withSmall}`)
  t.end()
})
