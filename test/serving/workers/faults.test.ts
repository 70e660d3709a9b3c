/** Faults of recognition processes: they hang, run out of memory, cannot be started; and what they are not told. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { isOutOfMemory } from '../../../src/domain/out-of-memory.js'
import { readConfig } from '../../../src/config.js'
import { SpeechError } from '../../../src/domain/errors.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import {
  LARGE_MODEL_ALLOCATOR, SMALL_MODEL_ALLOCATOR, workerEnvironment,
} from '../../../src/serving/workers/environment.js'
import { Heartbeat } from '../../../src/serving/workers/heartbeat.js'
import { Restarts, type Slot } from '../../../src/serving/workers/restarts.js'
import { workerSettings } from '../../../src/serving/workers/worker-settings.js'
import { job, makePool, SCRIPTED_ENTRY, scriptedSettings, textOf, until } from './scripted-pool.js'

/** Short, so that silence is found soon; not so short that a busy machine is taken for a worker that stands still. */
const HEARTBEAT_SECONDS = 0.2
const SECRET = 'a-secret-that-no-recognizer-needs-0123456789'

t.test('an idle worker that hangs is replaced before a request meets it', async (t) => {
  const { pool, log } = makePool(t, { workers: 1, heartbeatSeconds: HEARTBEAT_SECONDS })
  await pool.start()
  const [stopped] = pool.processIds
  process.kill(stopped!, 'SIGSTOP')
  await until(() => log.replaced.length > 0)
  t.same(log.replaced, ['timeout: signal SIGKILL'])
  await until(() => pool.readiness().ready)
  t.not(pool.processIds[0], stopped)
  t.equal(await textOf(pool.run(job('say:fresh'))), 'fresh')
})

t.test('a request that meets a hung worker is answered by its replacement', async (t) => {
  const { pool, log } = makePool(t, { workers: 1, heartbeatSeconds: HEARTBEAT_SECONDS })
  await pool.start()
  process.kill(pool.processIds[0]!, 'SIGSTOP')
  // A question is open when the job comes.
  await new Promise((resolve) => setTimeout(resolve, 1500 * HEARTBEAT_SECONDS))
  t.equal(await textOf(pool.run(job('say:rescued'))), 'rescued')
  t.same([log.replaced, log.retries], [['timeout: signal SIGKILL'], 1])
})

t.test('workers that answer, work or compile lists are left alone', async (t) => {
  const { pool, log } = makePool(t, { workers: 1, heartbeatSeconds: HEARTBEAT_SECONDS })
  await pool.start()
  t.equal(await textOf(pool.run(job('sleep:600'))), 'slept')
  await pool.phraseLists.publish({ id: 'heavy@1', phrases: [] })
  await new Promise((resolve) => setTimeout(resolve, 500))
  t.same(log.replaced, [])
})

t.test('a machine that stood still costs one beat, however long it was', async (t) => {
  let asked = 0
  let silent = 0
  const heartbeat = new Heartbeat(0.02, {
    beatsAllowed: () => 4,
    ping: () => { asked++ },
    onSilence: () => { silent++ },
  })
  t.teardown(() => { heartbeat.stop() })
  const alive = setInterval(() => undefined, 10)
  t.teardown(() => { clearInterval(alive) })
  await until(() => asked === 1)
  for (const until = performance.now() + 300; performance.now() < until;);
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(silent, 0)
  await until(() => silent === 1)
  await new Promise((resolve) => setTimeout(resolve, 100))
  t.same([asked, silent], [1, 1], 'and it is said once')
})

t.test('a job for which memory runs out is tried on another worker, and the worker is replaced', async (t) => {
  const { pool, log } = makePool(t)
  await pool.start()
  const before = pool.processIds
  const { outcome, attempts } = await pool.run(job('no-memory'))
  t.match(outcome, { ok: false, error: { code: 'OUT_OF_MEMORY' } })
  t.equal(attempts, 2)
  t.same([log.replaced, log.retries], [['crash: as scripted', 'crash: as scripted'], 1])
  t.ok(new SpeechError('OUT_OF_MEMORY').retryable)
  await until(() => pool.readiness().ready)
  t.notOk(pool.processIds.some((id) => before.includes(id)), 'both are fresh')
})

t.test('it is known when memory ran out, whoever says so, and never by what an upload says', (t) => {
  const cause = new Error('std::bad_alloc')
  const node = 'Non-zero status code returned while running MatMul node.'
  const failures = [
    new RangeError('Array buffer allocation failed'),
    new RangeError('WebAssembly.Memory(): could not allocate memory'),
    new Error('Aborted(OOM)'),
    new Error(`${node} Failed to allocate memory for requested buffer of size 4000000000`),
    new Error('spawn ENOMEM'),
    cause,
    new SpeechError('MODEL_INVALID', 'the runtime does not accept the graph', { cause }),
  ]
  for (const error of failures) t.ok(isOutOfMemory(error), error.message)
  const others = [
    new SpeechError('AUDIO_UNSUPPORTED', 'codec "std::bad_alloc"'),
    new RangeError('Invalid typed array length: -1'),
    new TypeError('boom'),
    'text',
    undefined,
  ]
  for (const thrown of others) t.notOk(isOutOfMemory(thrown))
  t.end()
})

const descriptors = 'a server without file descriptors lives on, and starts its workers when it has some again'
t.test(descriptors, { skip: notBuilt() }, async (t) => {
  const command = `ulimit -n 64 && exec "${process.execPath}" "$@"`
  const script = path.join(projectRoot, 'test/serving/workers/no-descriptors.mjs')
  const given = [script, JSON.stringify(scriptedSettings()), SCRIPTED_ENTRY.href]
  const env = { ...process.env, NODE_OPTIONS: '' }
  const { stdout } = await promisify(execFile)('sh', ['-c', command, 'sh', ...given], { env })
  const { replaced, text } = JSON.parse(stdout) as { replaced: string[]; text: string }
  t.equal(text, 'alive', 'the other worker answers')
  t.equal(replaced[0], 'signal SIGKILL')
  const areWithoutDescriptors = replaced.slice(1).every((description) => /EMFILE/.test(description))
  t.ok(replaced.length >= 3 && areWithoutDescriptors, replaced.join(', '))
})

t.test('a program that cannot be started is a failed start', async (t) => {
  const execPath = process.execPath
  t.teardown(() => { process.execPath = execPath })
  const { pool, log } = makePool(t, { workers: 1 })
  process.execPath = '/no/such/node'
  await t.rejects(pool.start(), { code: 'NOT_READY', message: /ENOENT/ })
  process.execPath = 'a name with\0a zero, for which fork throws'
  await until(() => log.replaced.length > 1)
  t.match(log.replaced, [/crash: .*ENOENT/, /crash: it could not be started: /])
  process.execPath = execPath
  await until(() => pool.readiness().ready)
})

t.test('waits between starts grow for each worker alone, and are short once one served or was ready', async (t) => {
  const timers = fakeTimers(t)
  const spawned: Slot[] = []
  const restarts = new Restarts((slot) => { spawned.push(slot) })
  restarts.begin(2)
  const [one, other] = spawned as [Slot, Slot]
  const wait = (slot: Slot, wasReady = false): number => {
    restarts.replace(slot, wasReady)
    return timers.at(-1)!
  }
  const waits = Array.from({ length: 8 }, () => wait(one))
  t.same(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000], 'before any has served')
  t.equal(wait(other), 500, 'the other has waits of its own')
  t.ok(restarts.isFailing)
  restarts.ready(other)
  t.notOk(restarts.isFailing, 'one of them works')
  t.equal(wait(one), 5000, 'at most five seconds from now on')
  t.equal(wait(other, true), 0, 'what was ready is replaced at once')
  restarts.ready(one)
  t.notOk(restarts.isFailing)
  t.equal(wait(one), 500)
  restarts.close()
  t.equal(spawned.length, 2)
})

t.test('a job carries the time that is left and not a time of day', async (t) => {
  const { pool } = makePool(t, { workers: 1 })
  await pool.start()
  const now = Date.now
  t.teardown(() => { Date.now = now })
  const running = pool.run(job('sleep:100'))
  const waiting = pool.run({ ...job('remaining'), deadlineSeconds: 10 })
  Date.now = () => now() + 3_600_000
  t.equal(await textOf(running), 'slept')
  const remaining = Number(await textOf(waiting))
  t.ok(remaining > 5 && remaining <= 9.95, `${remaining} s of 10, since it waited`)
})

t.test('a worker is told what it needs, and no secret', async (t) => {
  const secrets = { EARSHOT_FEEDBACK_SECRET: SECRET, EARSHOT_SEARCH_AUTHORIZATION: `Bearer ${SECRET}` }
  Object.assign(process.env, secrets, { SOMEBODY_ELSES_TOKEN: SECRET })
  t.teardown(() => {
    for (const name of [...Object.keys(secrets), 'SOMEBODY_ELSES_TOKEN']) Reflect.deleteProperty(process.env, name)
  })
  const config = readConfig(secrets, () => 1)
  const { pool } = makePool(t, { workers: 1, settings: scriptedSettings(config) })
  await pool.start()
  const told = await textOf(pool.run(job('settings')))
  const needed = Object.keys(workerSettings(config)).filter((name) => name !== 'cascadeModel')
  t.same(Object.keys(JSON.parse(told) as object).sort(), needed.sort())
  t.notMatch(told, new RegExp(SECRET))
  const names = (await textOf(pool.run(job('environment')))).split(' ')
  // Of Node's channel, and of the test runner, which writes its own into every child.
  const own = ['NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE']
  const given = names.filter((name) => !own.includes(name) && !name.startsWith('_TAPJS_'))
  t.same(given.sort(), Object.keys(workerEnvironment()).sort())
  t.notOk(names.some((name) => name.startsWith('EARSHOT_') || name === 'SOMEBODY_ELSES_TOKEN' || name === 'HOME'))
})

t.test('the environment of a worker holds what its libraries read, and telemetry is off', (t) => {
  const kept = { PATH: '/bin', MALLOC_ARENA_MAX: '2', CUDA_VISIBLE_DEVICES: '0' }
  const dropped = { HOME: '/root', NPM_TOKEN: SECRET, https_proxy: 'http://proxy' }
  const given = { ...kept, ...dropped, ORT_DISABLE_TELEMETRY: '0' }
  t.same(workerEnvironment(0, given), { ...SMALL_MODEL_ALLOCATOR, ...kept, ORT_DISABLE_TELEMETRY: '1' })
  const large = { ...LARGE_MODEL_ALLOCATOR, ...kept, ORT_DISABLE_TELEMETRY: '1' }
  t.same(workerEnvironment(200_000_000, given), large, 'a large model')
  t.end()
})

t.test('a value of the operator wins over that of a worker', (t) => {
  const own = { MALLOC_TRIM_THRESHOLD_: '1000000' }
  for (const bytes of [0, 200_000_000]) t.match(workerEnvironment(bytes, own), own)
  t.end()
})

function notBuilt(): string | false {
  const file = path.join(projectRoot, 'dist/src/serving/workers/pool.js')
  return existsSync(file) ? false : `${file} is not there`
}

/** Records the milliseconds of each `setTimeout` instead of waiting for them. */
function fakeTimers(t: Test): number[] {
  const asked: number[] = []
  const { setTimeout: real } = globalThis
  t.teardown(() => { globalThis.setTimeout = real })
  globalThis.setTimeout = ((_then: () => void, milliseconds: number) => {
    asked.push(milliseconds)
    return real(() => undefined, 0)
  }) as typeof setTimeout
  return asked
}
