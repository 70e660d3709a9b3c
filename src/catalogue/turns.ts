/**
 * Long work in short turns. The server process answers health, metrics and every other request on one thread, so
 * what takes seconds (a hundred thousand rows) is done a few milliseconds at a time.
 */

const TURN_MS = 8

/** Resolves at once while the turn lasts, after everybody else had theirs when it is over. */
export class Turns {
  #since = performance.now()

  async pause(): Promise<void> {
    if (performance.now() - this.#since < TURN_MS) return
    await new Promise((resolve) => { setImmediate(resolve) })
    this.#since = performance.now()
  }
}

/** How many pieces of work are done before anybody looks at the clock. */
const BETWEEN_LOOKS = 32

export async function eachInTurns<T>(items: readonly T[], work: (item: T, index: number) => void): Promise<void> {
  const turns = new Turns()
  for (const [index, item] of items.entries()) {
    if (index % BETWEEN_LOOKS === 0) await turns.pause()
    work(item, index)
  }
}
