/** What the queue knows of one client: the service that it was given, and its jobs. */
export class Account<T> {
  servedSeconds: number
  /** Waiting, paused and running. */
  jobs = 0
  running = 0
  /** When the client became active, or one of its jobs ended or paused; seconds on the monotonic clock. */
  unservedSinceSeconds = 0
  /** By due time. */
  readonly waiting: T[] = []
  readonly paused = new Set<T>()

  constructor(servedSeconds: number) {
    this.servedSeconds = servedSeconds
  }
}
