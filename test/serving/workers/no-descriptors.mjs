/**
 * A server without file descriptors, for faults.test.ts: run with a low `ulimit -n`. It takes all descriptors, kills a
 * worker of its pool, waits for failed starts, gives the descriptors back and waits for the pool to be whole again.
 */
import { closeSync, openSync } from 'node:fs'
import { WorkerPool } from '../../../dist/src/serving/workers/pool.js'

const [settings, entry] = process.argv.slice(2)
const replaced = []
let failedStarts = () => undefined
const pool = new WorkerPool({
  entry: new URL(entry),
  maxBatchSize: 1,
  memoryLimitBytes: 0,
  workers: 2,
  settings: JSON.parse(settings),
  queue: { jobs: 10, audioSeconds: 100 },
  queueWaitSeconds: 20,
  deadlineSeconds: 20,
  killAfterSeconds: 1,
  startSeconds: 20,
  events: {
    onWorkerReady: () => undefined,
    onWorkerReplaced: (_pid, _reason, description) => {
      replaced.push(description)
      if (replaced.length === 3) failedStarts()
    },
    onWorkerNoise: () => undefined,
    onRetry: () => undefined,
  },
})
await pool.start()
const taken = []
const failed = new Promise((resolve) => { failedStarts = resolve })
takeAll()
process.kill(pool.processIds[0], 'SIGKILL')
await until(() => replaced.length >= 1)
takeAll()
await failed
const answered = await pool.run({
  client: 'test',
  audio: new Uint8Array(1),
  audioSeconds: 1,
  model: 'scripted',
  language: 'say:alive',
})
for (const descriptor of taken) closeSync(descriptor)
await until(() => pool.readiness().ready)
await pool.close(1)
console.log(JSON.stringify({ replaced, text: answered.outcome.report.text }))

function takeAll() {
  try {
    for (;;) taken.push(openSync('/dev/null'))
  } catch (thrown) {
    if (thrown.code !== 'EMFILE') throw thrown
  }
}

async function until(condition) {
  while (!condition()) await new Promise((resolve) => { setTimeout(resolve, 10) })
}
