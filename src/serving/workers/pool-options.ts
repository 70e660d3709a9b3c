/** What the pool is told, and whom it tells. */
import type { LoadedModel, WorkerSettings } from '../../domain/worker-protocol.js'
import type { QueueLimits } from './fair-queue.js'

export interface PoolOptions {
  /** Module that a recognition process runs. */
  readonly entry: URL
  readonly workers: number
  readonly settings: WorkerSettings
  readonly queue: QueueLimits
  /** What would wait longer is refused. */
  readonly queueWaitSeconds: number
  readonly deadlineSeconds: number
  /** A worker still busy so long after the deadline of its job is killed. */
  readonly killAfterSeconds: number
  readonly startSeconds: number
  /** A worker without a job is asked for a sign of life so often; 2 by default. */
  readonly heartbeatSeconds?: number
  readonly events: PoolEvents
}

/** What operators want to hear of; the pool itself neither logs nor counts. */
export interface PoolEvents {
  onWorkerReady(pid: number | undefined, seconds: number, models: readonly LoadedModel[]): void
  onWorkerReplaced(pid: number | undefined, reason: RestartReason, description: string): void
  onWorkerNoise(pid: number | undefined, line: string): void
  onRetry(pid: number | undefined): void
}

export type RestartReason = 'crash' | 'timeout'
