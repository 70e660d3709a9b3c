/** A queue for each client: its pieces of work are done one after the other, so that many do not crowd out others. */
export class PerClientQueue {
  readonly #queues = new Map<string, { length: number; end: Promise<unknown> }>()

  /** How many pieces of this client wait or are being done. */
  lengthOf(client: string): number {
    return this.#queues.get(client)?.length ?? 0
  }

  /** Resolves or rejects as `work` does, which begins when all earlier work of this client has ended. */
  run<T>(client: string, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(client) ?? { length: 0, end: Promise.resolve() }
    this.#queues.set(client, queue)
    queue.length++
    const leave = (): void => {
      queue.length--
      if (queue.length === 0) this.#queues.delete(client)
    }
    const done = queue.end.then(work)
    queue.end = done.then(leave, leave) // whoever waits for `done` is told of its failure
    return done
  }
}
