/** One queue per client: the jobs of a client run one after the other, so that many of them do not crowd out others. */
export class PerClientQueue {
  readonly #queues = new Map<string, { length: number; end: Promise<unknown> }>()

  /** Number of jobs of this client that wait or run. */
  lengthOf(client: string): number {
    return this.#queues.get(client)?.length ?? 0
  }

  /** Settles as `work` does, which starts when all earlier jobs of this client have ended. */
  run<T>(client: string, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(client) ?? { length: 0, end: Promise.resolve() }
    this.#queues.set(client, queue)
    queue.length++
    const leave = (): void => {
      queue.length--
      if (queue.length === 0) this.#queues.delete(client)
    }
    const done = queue.end.then(work)
    queue.end = done.then(leave, leave) // a failure is reported by `done`
    return done
  }
}
