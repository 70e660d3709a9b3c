/** A line for each client: its pieces of work are done one after the other, so that many do not crowd out others. */
export class ClientLines {
  readonly #lines = new Map<string, { length: number; end: Promise<unknown> }>()

  /** How many pieces of this client wait or are being done. */
  lengthOf(client: string): number {
    return this.#lines.get(client)?.length ?? 0
  }

  /** Resolves or rejects as `work` does, which begins when all earlier work of this client has ended. */
  run<T>(client: string, work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(client) ?? { length: 0, end: Promise.resolve() }
    this.#lines.set(client, line)
    line.length++
    const leave = (): void => {
      line.length--
      if (line.length === 0) this.#lines.delete(client)
    }
    const done = line.end.then(work)
    line.end = done.then(leave, leave) // whoever waits for `done` is told of its failure
    return done
  }
}
