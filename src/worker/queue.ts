/**
 * The waiting line: first come, first served, bounded in jobs and in seconds of audio, since ten long uploads
 * keep the workers busier than a hundred short ones.
 */

export interface QueueLimits {
  readonly jobs: number
  readonly audioSeconds: number
}

export interface Waiting {
  readonly audioSeconds: number
  /** What it will probably cost a worker. */
  readonly workSeconds: number
}

export class BoundedQueue<T extends Waiting> {
  readonly #waiting: T[] = []
  readonly #limits: QueueLimits
  #audioSeconds = 0
  #workSeconds = 0

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  get length(): number { return this.#waiting.length }
  get audioSeconds(): number { return this.#audioSeconds }
  get workSeconds(): number { return this.#workSeconds }

  /** Whether one more job of this length would have to be refused. One long job alone always fits. */
  isFullFor(audioSeconds: number): boolean {
    if (this.#waiting.length >= this.#limits.jobs) return true
    return this.#waiting.length > 0 && this.#audioSeconds + audioSeconds > this.#limits.audioSeconds
  }

  push(job: T): void {
    this.#waiting.push(job)
    this.#add(job)
  }

  /** Puts a job that was already accepted back to the head of the line. */
  pushFirst(job: T): void {
    this.#waiting.unshift(job)
    this.#add(job)
  }

  shift(): T | undefined {
    const job = this.#waiting.shift()
    if (job !== undefined) this.#subtract(job)
    return job
  }

  /** Whether the job was still waiting. */
  remove(job: T): boolean {
    const index = this.#waiting.indexOf(job)
    if (index < 0) return false
    this.#waiting.splice(index, 1)
    this.#subtract(job)
    return true
  }

  #add(job: T): void {
    this.#audioSeconds += job.audioSeconds
    this.#workSeconds += job.workSeconds
  }

  #subtract(job: T): void {
    // An empty line holds exactly nothing: sums of fractions would leave a crumb.
    const isEmpty = this.#waiting.length === 0
    this.#audioSeconds = isEmpty ? 0 : this.#audioSeconds - job.audioSeconds
    this.#workSeconds = isEmpty ? 0 : this.#workSeconds - job.workSeconds
  }
}
