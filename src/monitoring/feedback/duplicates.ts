/**
 * Remembers the statements that were made with each token, so that none counts twice. Memory is bounded by two
 * generations of a set: when the young one is full, the old one is dropped. At least the newest `capacity / 2`
 * statements are remembered; an older one can be made again. Each process has its own memory: with several replicas, or
 * after a restart, a statement can count once in each.
 */

/** About 24 MB when full. */
const CAPACITY = 200_000

export class Duplicates {
  readonly #perGeneration: number
  #young = new Set<string>()
  #old = new Set<string>()

  constructor(capacity = CAPACITY) {
    this.#perGeneration = Math.floor(capacity / 2)
  }

  get size(): number { return this.#young.size + this.#old.size }

  knows(statement: string): boolean {
    return this.#young.has(statement) || this.#old.has(statement)
  }

  /** Statements that are new. */
  remember(statements: readonly string[]): void {
    if (this.#young.size + statements.length > this.#perGeneration) {
      this.#old = this.#young
      this.#young = new Set()
    }
    for (const statement of statements) this.#young.add(statement)
  }
}
