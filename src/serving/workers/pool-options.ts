/** The options of the pool, and its events. */
import type { CheckedModels, LoadedModel, WorkerSettings } from '../../domain/worker-protocol.js'
import type { QueueLimits } from './fair-queue.js'

export interface PoolOptions {
  /** Module that a recognition process runs. */
  readonly entry: URL
  readonly workers: number
  readonly settings: WorkerSettings
  /** Files of the models that the server has checked; without them a worker checks them itself. */
  readonly checked?: CheckedModels | undefined
  /** Weights that a worker loads; default 0. */
  readonly modelBytes?: number | undefined
  /** Most jobs that a worker runs at the same time (`sharing.ts`). */
  readonly maxBatchSize: number
  /** A worker that uses more memory is replaced (`recycling.ts`); 0: none is. */
  readonly memoryLimitBytes: number
  readonly queue: QueueLimits
  /** A job that would wait longer is refused. */
  readonly queueWaitSeconds: number
  readonly deadlineSeconds: number
  /** A worker that is still busy this long after the deadline of its job is killed. */
  readonly killAfterSeconds: number
  readonly startSeconds: number
  /** Interval of the heartbeat of a worker without a job; 2 by default. */
  readonly heartbeatSeconds?: number
  readonly events: PoolEvents
}

/** Events for logs and metrics; the pool itself neither logs nor counts. */
export interface PoolEvents {
  onWorkerReady(pid: number | undefined, seconds: number, models: readonly LoadedModel[]): void
  onWorkerReplaced(pid: number | undefined, reason: RestartReason, description: string): void
  onWorkerNoise(pid: number | undefined, line: string): void
  onRetry(pid: number | undefined): void
}

export type RestartReason = 'crash' | 'timeout' | 'memory'
