/** The pool against scripted processes that answer, sleep, hang, die and lie. */
import { existsSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import { seededRandom } from '../../../fixtures/kit/statistics.js'
import { ERROR_CODES, fromWire, SpeechError, toWire } from '../../../src/domain/errors.js'
import type { Answered, JobRequest } from '../../../src/serving/workers/job.js'
import type { WorkerPool } from '../../../src/serving/workers/pool.js'
import { plainKind as plain, WorkEstimate } from '../../../src/serving/workers/work-estimate.js'
import { job, makePool, textOf, until, type ScriptedLog } from './scripted-pool.js'

t.test('jobs run on every worker, wait in line, and come back with their stages', async (t) => {
  const { pool, log } = makePool(t)
  t.match(pool.refusal('test'), { code: 'NOT_READY' })
  await pool.start()
  t.equal(log.ready, 2)
  t.same(pool.readiness(), { ready: true, workers: { idle: 2, busy: 0, starting: 0 }, missing: '' })
  const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => pool.run(job(`sleep:${20 + i}`))))
  for (const { outcome, attempts } of answers) {
    t.equal(attempts, 1)
    t.ok(outcome.ok && outcome.report.seconds.queue_wait! >= 0 && outcome.report.seconds.transfer! >= 0)
  }
  const last = answers[7]!.outcome
  t.ok(last.ok && last.report.seconds.queue_wait! > 0.04, 'the eighth job on two workers waited for three before it')
  t.equal(await textOf(pool.run(job('bytes', { audio: new Uint8Array(300_000) }))), '300000')
})

t.test('a full line refuses with a time to come back, by jobs and by audio seconds', async (t) => {
  const { pool } = makePool(t, { workers: 1, queue: { jobs: 2, audioSeconds: 6 } })
  await pool.start()
  const running = pool.run(job('sleep:150'))
  const waiting = pool.run(job('say:first', { audioSeconds: 3 }))
  t.equal(
    await textOf(pool.run(job('say:too-long', { audioSeconds: 2 }))),
    'QUEUE_FULL',
    'one client may not fill the room',
  )
  const second = pool.run(job('say:second', { audioSeconds: 1 }))
  const { outcome } = await pool.run(job('say:third', { audioSeconds: 0 }))
  t.ok(
    !outcome.ok && outcome.error.code === 'QUEUE_FULL' && outcome.error.retryAfterSeconds! >= 1,
    'no room for a third job',
  )
  t.same(await Promise.all([running, waiting, second].map(textOf)), ['slept', 'first', 'second'])
  t.equal(pool.queueLength, 0)
})

t.test('what belongs to a session that was admitted is not refused, however full the queue is', async (t) => {
  const { pool } = makePool(t, { workers: 1, queue: { jobs: 1, audioSeconds: 1 }, queueWaitSeconds: 0.1 })
  await pool.start()
  const running = pool.run(job('sleep:100'))
  const waiting = Array.from({ length: 5 }, (_, index) => pool.run(job(`say:${index}`, { isAdmitted: true })))
  t.equal(await textOf(pool.run(job('say:other'))), 'QUEUE_FULL')
  t.same(await Promise.all([running, ...waiting].map(textOf)), ['slept', '0', '1', '2', '3', '4'])
})

t.test('a queue that got slow refuses although it has room, until it is fast again; running work counts', async (t) => {
  const { pool } = makePool(t, { workers: 1, queueWaitSeconds: 2.8 })
  await pool.start()
  await pool.run(job('sleep:800'))
  const accepted = [pool.run(job('sleep:1')), pool.run(job('sleep:1')), pool.run(job('sleep:1'))]
  const { outcome } = await pool.run(job('say:x'))
  t.match(outcome, { ok: false, error: { code: 'QUEUE_FULL' } }, 'one runs and two wait, 0.8 s each')
  t.ok(!outcome.ok && outcome.error.retryAfterSeconds! >= 2)
  t.same(await Promise.all(accepted.map(textOf)), ['slept', 'slept', 'slept'])
  t.equal(await textOf(pool.run(job('say:idle'))), 'idle')
})

t.test('a pool with an idle worker refuses no job, whatever the others hold', async (t) => {
  const { pool } = makePool(t, { workers: 2, queueWaitSeconds: 0.01 })
  await pool.start()
  await pool.run(job('sleep:400'))
  const long = pool.run(job('pieces:6', { audioSeconds: 60, client: 'long' }))
  for (let index = 0; index < 5; index++) t.equal(await textOf(pool.run(job('say:at once'))), 'at once')
  t.equal(await textOf(long), 'all pieces')
})

t.test(
  'a long upload pauses between its pieces: short ones run in between, its own wait is counted, and it finishes',
  async (t) => {
    const { pool } = makePool(t, { workers: 1 })
    await pool.start()
    await pool.run(job('sleep:20'))
    const order: string[] = []
    const ordered = (name: string, extra: Partial<JobRequest>): Promise<Answered> =>
      pool.run(job(name, extra)).then((answer) => {
        order.push(name)
        return answer
      })
    const long = ordered('pieces:6', { audioSeconds: 30, client: 'long' })
    const short = await Promise.all(
      ['sleep:101', 'sleep:102', 'sleep:103'].map((name) => ordered(name, { client: 'short' })),
    )
    t.same(order, ['sleep:101', 'sleep:102', 'sleep:103'])
    t.ok(short.every(({ outcome }) => outcome.ok))
    const { outcome, attempts } = await long
    t.ok(outcome.ok && outcome.report.text === 'all pieces')
    t.ok(outcome.ok && outcome.report.seconds.queue_wait! >= 0.3, 'it waited while it was paused')
    t.equal(attempts, 1)
  },
)

t.test(
  'an upload whose client leaves while it is paused, or whose deadline passes, ends when its worker comes back to it',
  async (t) => {
    const { pool } = makePool(t, { workers: 1 })
    await pool.start()
    await pool.run(job('sleep:20'))
    const controller = new AbortController()
    const left = pool.run(job('pieces:1000', { audioSeconds: 60, client: 'long' }), controller.signal)
    const between = pool.run(job('sleep:300', { client: 'short' }))
    await until(() => pool.queueLength === 0)
    controller.abort()
    t.equal(await textOf(between), 'slept', 'it ran while the other one was paused')
    t.equal(await textOf(left), 'CANCELLED')
    t.equal(
      await textOf(pool.run(job('pieces:1000', { audioSeconds: 60, client: 'long', deadlineSeconds: 0.2 }))),
      'DEADLINE_PASSED',
    )
    t.equal(await textOf(pool.run(job('say:next'))), 'next')
  },
)

/** A pool of one worker that holds two paused uploads and runs a clip. */
async function holdingTwo(t: Test, script: string, client = 'short'): Promise<{
  pool: WorkerPool
  log: ScriptedLog
  held: Promise<Answered>[]
  running: Promise<Answered>
}> {
  const { pool, log } = makePool(t, { workers: 1 })
  await pool.start()
  await pool.run(job('sleep:20'))
  const held = [60, 20].map((audioSeconds) =>
    pool.run(job('pieces:8', { audioSeconds, client: `long ${audioSeconds}` })),
  )
  await until(() => pool.queueLength === 0)
  const running = pool.run(job(script, { client }))
  await until(() => pool.queueLength === 0)
  return { pool, log, held, running }
}

t.test('a worker that dies takes no paused upload with it, however often', async (t) => {
  const { pool, log, held, running } = await holdingTwo(t, 'die', 'deadly 1')
  const again = pool.run(job('die', { client: 'deadly 2' }))
  t.same(await Promise.all([running, again].map(textOf)), ['RECOGNIZER_CRASHED', 'RECOGNIZER_CRASHED'])
  t.same(await Promise.all(held.map(textOf)), ['all pieces', 'all pieces'])
  t.ok(log.retries >= 4, 'two for the deadly ones, the rest for those that were paused')
})

t.test('close finishes paused uploads too, within its grace', async (t) => {
  const { pool, held, running } = await holdingTwo(t, 'sleep:100')
  await pool.close(20)
  t.same(await Promise.all([...held, running].map(textOf)), ['all pieces', 'all pieces', 'slept'])
  const late = await holdingTwo(t, 'sleep:10000')
  await late.pool.close(0.05)
  t.same(await Promise.all([...late.held, late.running].map(textOf)), Array(3).fill('SHUTTING_DOWN'))
  t.same(late.pool.processIds, [])
})

t.test('a worker that dies under a request is replaced and the request is answered by another', async (t) => {
  const memory = path.join(os.tmpdir(), `earshot-die-once-${process.pid}`)
  t.teardown(() => { rmSync(memory, { force: true }) })
  const { pool, log } = makePool(t)
  await pool.start()
  const { outcome, attempts } = await pool.run(job(`die-once:${memory}`))
  t.ok(existsSync(memory))
  t.ok(outcome.ok && outcome.report.text === 'second life')
  t.equal(attempts, 2)
  t.equal(log.retries, 1)
  t.match(log.replaced, ['crash: signal SIGKILL'])
  await until(() => pool.readiness().ready)
  t.equal(log.ready, 3)
})

t.test('a request that kills two workers is not given to a third', async (t) => {
  const { pool, log } = makePool(t)
  await pool.start()
  t.equal(await textOf(pool.run(job('die'))), 'RECOGNIZER_CRASHED')
  t.equal(log.replaced.length, 2)
  t.equal(await textOf(pool.run(job('say:alive'))), 'alive')
})

t.test('deadlines count waiting; a hung worker is killed after its grace and replaced', async (t) => {
  const { pool, log } = makePool(t, { workers: 1, deadlineSeconds: 3, killAfterSeconds: 0.2 })
  await pool.start()
  const hung = pool.run(job('hang', { deadlineSeconds: 0.1 }))
  const waiting = pool.run(job('say:never', { deadlineSeconds: 0.2 }))
  t.equal(await textOf(hung), 'DEADLINE_PASSED', 'its client need not wait for the kill')
  t.match(log.replaced, [], 'a short deadline of a client costs no worker')
  t.equal(await textOf(waiting), 'DEADLINE_PASSED', 'while it waited behind the hung one')
  await until(() => log.replaced.length > 0)
  t.equal(await textOf(pool.run(job('say:patient'))), 'patient', 'on the replacement')
  t.match(log.replaced, ['timeout: signal SIGKILL'])
  t.equal(log.retries, 0, 'what hangs a worker is not tried on another')
})

t.test('a client that leaves frees its place in line, and its worker at the next step', async (t) => {
  const { pool } = makePool(t, { workers: 1 })
  await pool.start()
  const [running, waiting] = [new AbortController(), new AbortController()]
  const first = pool.run(job('sleep:10000'), running.signal)
  const second = pool.run(job('say:second'), waiting.signal)
  waiting.abort()
  t.equal(await textOf(second), 'CANCELLED')
  t.equal(pool.queueLength, 0)
  running.abort()
  t.equal(await textOf(first), 'CANCELLED')
  t.equal(await textOf(pool.run(job('say:next'))), 'next', 'the same worker goes on')
  t.equal(await textOf(pool.run(job('say:x'), running.signal)), 'CANCELLED', 'a client that had left before')
})

t.test('close finishes what was accepted, refuses what is new, and leaves no process', async (t) => {
  const { pool } = makePool(t)
  await pool.start()
  const accepted = Array.from({ length: 6 }, () => pool.run(job('sleep:60')))
  const closed = pool.close(10)
  t.equal(await textOf(pool.run(job('say:late'))), 'SHUTTING_DOWN')
  t.equal(pool.readiness().ready, false)
  t.same(await Promise.all(accepted.map(textOf)), Array(6).fill('slept'))
  await closed
  t.same(pool.processIds, [])
})

t.test('close does not wait longer than its grace', async (t) => {
  const { pool } = makePool(t, { workers: 1 })
  await pool.start()
  const [hung, waiting] = [pool.run(job('hang')), pool.run(job('say:x'))]
  await pool.close(0.1)
  t.equal(await textOf(hung), 'SHUTTING_DOWN')
  t.equal(await textOf(waiting), 'SHUTTING_DOWN')
  t.same(pool.processIds, [])
})

t.test('start rejects with what the worker said, or with how it ended', async (t) => {
  await t.rejects(makePool(t, {}, 'fail').pool.start(), { code: 'MODEL_INVALID', message: 'as scripted' })
  await t.rejects(makePool(t, {}, 'die').pool.start(), { code: 'NOT_READY', message: /exit code 7/ })
  await t.rejects(makePool(t, { startSeconds: 0.2 }, 'never').pool.start(), { code: 'NOT_READY', message: /timeout/ })
})

t.test('errors of a worker come back whole, and its standard error reaches the log', async (t) => {
  const { pool, log } = makePool(t, { workers: 1 })
  await pool.start()
  for (const code of ERROR_CODES) t.equal(await textOf(pool.run(job(`throw:${code}`))), code)
  await pool.run(job('noise'))
  await until(() => log.noise.length > 0)
  t.same(log.noise, ['a line of noise'])
})

t.test('every error crosses the boundary as data and comes back as it was', (t) => {
  for (const code of ERROR_CODES) {
    const error = new SpeechError(code, 'a detail', { parameter: 'p', retryAfterSeconds: 3 })
    const back = fromWire(structuredClone(toWire(error)))
    t.match(back, {
      code,
      message: error.message,
      parameter: 'p',
      retryAfterSeconds: 3,
      status: error.status,
      retryable: error.retryable,
    })
    t.ok(back instanceof SpeechError)
  }
  t.match(toWire(new TypeError('boom'), 'RECOGNIZER_FAILED'), {
    code: 'RECOGNIZER_FAILED',
    message: /boom/,
    stack: /TypeError: boom/,
  })
  t.end()
})

t.test('what a job will cost is learnt per model, and tiny clips do not spoil it', (t) => {
  const estimate = new WorkEstimate()
  t.equal(estimate.workSeconds(plain('small'), 3), 0, 'nothing is known at first')
  for (let i = 0; i < 50; i++) estimate.observe(plain('small'), 3, 0.1)
  estimate.observe(plain('big'), 3, 1.5)
  const before = estimate.workSeconds(plain('small'), 3)
  t.ok(Math.abs(before - 0.1) < 1e-9)
  for (let i = 0; i < 10; i++) estimate.observe(plain('small'), 1 / 16_000, 0.004)
  t.ok(estimate.workSeconds(plain('small'), 3) <= before)
  t.ok(estimate.workSeconds(plain('small'), 3) > before / 2)
  t.ok(Math.abs(estimate.workSeconds(plain('big'), 30) - 15) < 1e-9)
  t.end()
})

t.test('where one answer in four takes ten times as long, the estimate is their mean, soon and from then on', (t) => {
  const [quick, slow, mean] = [0.1, 1, 0.325]
  const random = seededRandom(3)
  const estimate = new WorkEstimate()
  estimate.observe(plain('cascade'), 2, slow)
  for (let i = 0; i < 10; i++) estimate.observe(plain('cascade'), 2, random() < 0.25 ? slow : quick)
  t.ok(estimate.workSeconds(plain('cascade'), 2) < 2 * mean, 'a slow first answer does not refuse those that follow')
  const estimates = Array.from({ length: 2000 }, () => {
    estimate.observe(plain('cascade'), 2, random() < 0.25 ? slow : quick)
    return estimate.workSeconds(plain('cascade'), 2)
  })
  t.ok(Math.abs(estimates.reduce((sum, value) => sum + value, 0) / estimates.length - mean) < 0.05 * mean)
  t.ok(estimates.filter((value) => value > mean / 2 && value < mean * 1.6).length > 0.9 * estimates.length)
  t.end()
})
