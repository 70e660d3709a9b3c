/** Jobs that a worker runs at the same time: which do, how many, and what becomes of them when it dies. */
import t, { type Test } from 'tap'
import type { JobRequest } from '../../../src/serving/workers/job.js'
import type { PoolOptions } from '../../../src/serving/workers/pool-options.js'
import type { WorkerPool } from '../../../src/serving/workers/pool.js'
import { MAX_SHARED_AUDIO_SECONDS, mayJoin, type Sharer } from '../../../src/serving/workers/sharing.js'
import { job, makePool, textOf, until, type ScriptedLog } from './scripted-pool.js'

async function startedPool(
  t: Test, overrides: Partial<PoolOptions> = {},
): Promise<{ pool: WorkerPool, log: ScriptedLog }> {
  const made = makePool(t, { workers: 1, maxBatchSize: 4, queue: { jobs: 50, audioSeconds: 500 }, ...overrides })
  await made.pool.start()
  return made
}

const texts = (pool: WorkerPool, scripts: readonly string[], extra: Partial<JobRequest> = {}): Promise<string[]> =>
  Promise.all(scripts.map((script) => textOf(pool.run(job(script, extra)))))

t.test('short jobs share a worker, also with a longer one, but a longer one does not join a short one', (t) => {
  const of = (workSeconds: number, extra: Partial<Sharer> = {}): Sharer =>
    ({ audioSeconds: 1, workSeconds, deaths: 0, ...extra })
  t.ok(mayJoin(of(9, { audioSeconds: 300, deaths: 1 }), []), 'any job alone')
  t.ok(mayJoin(of(0.1), [of(0.02), of(0.02)]))
  t.ok(mayJoin(of(0.02), [of(0.5)]))
  t.ok(mayJoin(of(0.5), [of(0.25), of(0.5)]))
  t.notOk(mayJoin(of(0.5), [of(0.5), of(0.24)]))
  t.ok(mayJoin(of(0), [of(0, { audioSeconds: MAX_SHARED_AUDIO_SECONDS })]), 'before any work was observed')
  t.notOk(mayJoin(of(0), [of(0, { audioSeconds: MAX_SHARED_AUDIO_SECONDS + 0.1 })]))
  t.notOk(mayJoin(of(0, { audioSeconds: MAX_SHARED_AUDIO_SECONDS + 0.1 }), [of(0)]))
  t.notOk(mayJoin(of(0, { deaths: 1 }), [of(0)]), 'its worker died')
  t.notOk(mayJoin(of(0), [of(0, { deaths: 1 })]))
  t.end()
})

t.test('a job gets a worker of its own where there is one, else the one with the fewest, up to a limit', async (t) => {
  const { pool } = await startedPool(t, { workers: 2 })
  t.same(await texts(pool, ['crowd:80', 'crowd:80']), ['1', '1'])
  const processes = await texts(pool, Array(4).fill('together:2') as string[])
  t.equal(new Set(processes).size, 2)
  t.ok(pool.processIds.every((id) => processes.filter((text) => text === String(id)).length === 2))
  const full = Array.from({ length: 8 }, () => pool.run(job('together:4')))
  t.same([pool.runningJobs, pool.queueLength], [8, 0])
  await Promise.all(full.map(textOf))
  const crowds = (await texts(pool, Array(20).fill('crowd:30') as string[])).map(Number)
  t.equal(Math.max(...crowds), 4)
  t.equal(pool.runningJobs, 0)
})

t.test('with a batch of one, jobs run one after the other', async (t) => {
  const { pool } = await startedPool(t, { maxBatchSize: 1 })
  t.same(await texts(pool, Array(4).fill('crowd:20') as string[]), ['1', '1', '1', '1'])
})

t.test('a long upload runs alone, and gets its turn', async (t) => {
  const { pool } = await startedPool(t)
  const running = texts(pool, ['sleep:60', 'sleep:90'])
  const long = textOf(pool.run(job('crowd:60', { audioSeconds: 60, client: 'long' })))
  t.same([pool.runningJobs, pool.queueLength], [2, 1])
  const later = texts(pool, ['crowd:30', 'crowd:30'], { client: 'late' })
  t.equal(await long, '1')
  t.same(await running, ['slept', 'slept'])
  t.same(await later, ['2', '2'])
})

t.test('short jobs run together between the pieces of a long upload', async (t) => {
  const { pool } = await startedPool(t)
  await pool.run(job('sleep:20'))
  const long = pool.run(job('pieces:8', { audioSeconds: 60, client: 'long' }))
  const together = await texts(pool, Array(3).fill('together:3') as string[], { client: 'short' })
  t.equal(new Set(together).size, 1)
  const { outcome, attempts } = await long
  t.ok(outcome.ok && outcome.report.text === 'all pieces')
  t.equal(attempts, 1)
})

t.test('jobs that run together pause, and each of them goes on', async (t) => {
  const { pool } = await startedPool(t)
  t.same(await texts(pool, Array(6).fill('pieces:4') as string[]), Array(6).fill('all pieces'))
})

t.test('a client that leaves ends its own job, and no other of the worker', async (t) => {
  const { pool } = await startedPool(t)
  const controller = new AbortController()
  const left = textOf(pool.run(job('sleep:10000'), controller.signal))
  const stays = textOf(pool.run(job('sleep:100')))
  const late = textOf(pool.run(job('sleep:10000', { deadlineSeconds: 0.05 })))
  t.equal(pool.runningJobs, 3)
  controller.abort()
  t.same(await Promise.all([left, stays, late]), ['CANCELLED', 'slept', 'DEADLINE_PASSED'])
  await until(() => pool.runningJobs === 0)
  t.equal(await textOf(pool.run(job('say:next'))), 'next')
})

t.test('the one that kills a worker fails, and those beside it are answered at their second attempt', async (t) => {
  const { pool, log } = await startedPool(t)
  const guilty = pool.run(job('die-late:50'))
  const others = Array.from({ length: 3 }, () => pool.run(job('crowd:300')))
  t.equal(pool.runningJobs, 4)
  t.equal(await textOf(guilty), 'RECOGNIZER_CRASHED')
  const answers = await Promise.all(others)
  t.same(answers.map(({ attempts }) => attempts), [2, 2, 2])
  t.same(await Promise.all(others.map(textOf)), ['1', '1', '1'], 'each alone, until the guilty one is known')
  t.same([log.replaced.length, log.retries], [2, 4])
})

t.test('two that kill workers are both found', async (t) => {
  const { pool, log } = await startedPool(t)
  const scripts = ['crowd:200', 'die-late:50', 'crowd:200', 'die-late:60']
  t.same(await texts(pool, scripts), ['1', 'RECOGNIZER_CRASHED', '1', 'RECOGNIZER_CRASHED'])
  t.equal(log.replaced.length, 3, 'once together, and once each')
})

t.test('the same holds where memory runs out', async (t) => {
  const { pool } = await startedPool(t)
  t.same(await texts(pool, ['crowd:200', 'no-memory:50', 'crowd:200']), ['1', 'OUT_OF_MEMORY', '1'])
})

t.test('a job that hangs its worker ends at its deadline, and those beside it are answered', async (t) => {
  const { pool, log } = await startedPool(t, { deadlineSeconds: 3, killAfterSeconds: 0.2 })
  const hung = textOf(pool.run(job('hang:50')))
  // They come later, so that their deadlines have not passed when the worker is killed.
  await until(() => pool.runningJobs === 1)
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const others = texts(pool, ['crowd:20', 'crowd:20'])
  t.equal(pool.runningJobs, 3)
  t.equal(await hung, 'DEADLINE_PASSED')
  t.same(await others, ['1', '1'])
  t.same([log.replaced, log.retries], [['timeout: signal SIGKILL'], 2])
})

t.test('what a worker runs together delays a new job by its shares: it is refused at the same load', async (t) => {
  const { pool } = await startedPool(t, { queueWaitSeconds: 2.8 })
  await pool.run(job('sleep:800'))
  const together = Array.from({ length: 3 }, () => pool.run(job('sleep:800')))
  t.equal(pool.runningJobs, 3)
  t.match(pool.refusal('test'), { code: 'QUEUE_FULL' }, 'three of 0.8 s, as far as is known')
  t.same(await Promise.all(together.map(textOf)), ['slept', 'slept', 'slept'])
  const again = Array.from({ length: 3 }, () => pool.run(job('sleep:800')))
  t.equal(pool.refusal('test'), undefined, 'together they took as long as one')
  t.same(await Promise.all(again.map(textOf)), ['slept', 'slept', 'slept'])
})

t.test('a worker that is never without a job takes a phrase list all the same', async (t) => {
  const { pool } = await startedPool(t)
  let isPublished = false
  const published = pool.phraseLists.publish({ id: 'slow@1', phrases: [] }).then(() => { isPublished = true })
  const client = async (): Promise<void> => { while (!isPublished) await pool.run(job('sleep:40')) }
  const clients = [client(), new Promise((resolve) => setTimeout(resolve, 20)).then(client), client()]
  await published
  await Promise.all(clients)
  t.equal(await textOf(pool.run(job('lists'))), 'slow@1')
})

t.test('close finishes what runs together, or does not wait longer than its grace', async (t) => {
  const { pool } = await startedPool(t)
  const accepted = Array.from({ length: 6 }, () => pool.run(job('sleep:60')))
  await pool.close(20)
  t.same(await Promise.all(accepted.map(textOf)), Array(6).fill('slept'))
  const late = (await startedPool(t)).pool
  const unfinished = Array.from({ length: 6 }, () => late.run(job('sleep:20000')))
  await late.close(0.05)
  t.same(await Promise.all(unfinished.map(textOf)), Array(6).fill('SHUTTING_DOWN'))
  t.same(late.processIds, [])
})
