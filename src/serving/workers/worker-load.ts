/** The jobs that one worker has: those that it runs at the same time, and those that are paused. */
import { SharedTime } from '../../domain/shared-time.js'
import type { Job } from './job.js'

export class WorkerLoad {
  readonly running = new Set<Job>()
  readonly paused = new Set<Job>()
  /** Divides the time of the worker between its running jobs. */
  readonly time = new SharedTime()

  get isEmpty(): boolean { return this.running.size === 0 && this.paused.size === 0 }
  get jobs(): Job[] { return [...this.running, ...this.paused] }

  has(job: Job): boolean { return this.running.has(job) || this.paused.has(job) }

  runningJob(id: number): Job | undefined {
    return [...this.running].find((job) => job.id === id)
  }
}
