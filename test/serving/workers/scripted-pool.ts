/** A pool of scripted processes (scripted-worker.mjs) that keeps a log of its events, and the jobs for it. */
import type { Test } from 'tap'
import { readConfig } from '../../../src/config.js'
import { REQUEST_DEFAULTS } from '../../../src/domain/request.js'
import type { JobRequest } from '../../../src/serving/workers/job.js'
import type { PoolOptions } from '../../../src/serving/workers/pool-options.js'
import { WorkerPool } from '../../../src/serving/workers/pool.js'
import type { WorkerSettings } from '../../../src/domain/worker-protocol.js'
import { workerSettings } from '../../../src/serving/workers/worker-settings.js'

export const SCRIPTED_ENTRY = new URL('./scripted-worker.mjs', import.meta.url)

export interface ScriptedLog { ready: number; replaced: string[]; noise: string[]; retries: number }

export function scriptedSettings(config = readConfig({}, () => 1), warmUpClip = 'ok'): WorkerSettings {
  return { ...workerSettings(config), models: ['scripted'], warmUpClip }
}

/** The pool is not started. `warmUpClip` is a script too: `fail`, `die` or `never` instead of `ok`. */
export function makePool(t: Test, overrides: Partial<PoolOptions> = {}, warmUpClip = 'ok'): {
  pool: WorkerPool
  log: ScriptedLog
} {
  const log: ScriptedLog = { ready: 0, replaced: [], noise: [], retries: 0 }
  const pool = new WorkerPool({
    entry: SCRIPTED_ENTRY,
    workers: 2,
    maxBatchSize: 1,
    memoryLimitBytes: 0,
    settings: scriptedSettings(undefined, warmUpClip),
    queue: { jobs: 10, audioSeconds: 100 },
    queueWaitSeconds: 20,
    deadlineSeconds: 20,
    killAfterSeconds: 0.3,
    startSeconds: 20,
    events: {
      onWorkerReady: () => { log.ready++ },
      onWorkerReplaced: (_pid, reason, description) => { log.replaced.push(`${reason}: ${description}`) },
      onWorkerNoise: (_pid, line) => { log.noise.push(line) },
      onRetry: () => { log.retries++ },
    },
    ...overrides,
  })
  t.teardown(() => pool.close(0))
  return { pool, log }
}

/** The language of a job is what its worker shall do. */
export function job(script: string, extra: Partial<JobRequest> = {}): JobRequest {
  const audio = new Uint8Array([1, 2, 3])
  return { ...REQUEST_DEFAULTS, client: 'test', audio, audioSeconds: 1, model: 'scripted', language: script, ...extra }
}

/** The text that a job was answered with, or the code of its error. */
export async function textOf(answer: ReturnType<WorkerPool['run']>): Promise<string> {
  const { outcome } = await answer
  return outcome.ok ? outcome.report.text : outcome.error.code
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10))
}
