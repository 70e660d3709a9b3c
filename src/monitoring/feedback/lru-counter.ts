/** How often something happened to each of the names that it happened to lately. */

const MOST_NAMES = 10_000

export class LruCounter {
  /** By name, the one counted last at the end. */
  readonly #counts = new Map<string, number>()

  countOf(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  add(name: string): void {
    const count = this.countOf(name) + 1
    this.#counts.delete(name)
    this.#counts.set(name, count)
    if (this.#counts.size > MOST_NAMES) this.#counts.delete(this.#counts.keys().next().value!)
  }
}
