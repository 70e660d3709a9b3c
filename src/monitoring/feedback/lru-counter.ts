/** Counts events by name, for the names that were counted most recently. */

const MAX_NAMES = 10_000

export class LruCounter {
  /** By name, the most recent one last. */
  readonly #counts = new Map<string, number>()

  countOf(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  add(name: string): void {
    const count = this.countOf(name) + 1
    this.#counts.delete(name)
    this.#counts.set(name, count)
    if (this.#counts.size <= MAX_NAMES) return
    for (const oldest of this.#counts.keys()) {
      this.#counts.delete(oldest)
      return
    }
  }
}
