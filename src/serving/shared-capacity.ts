/**
 * How much of a shared capacity one client may hold: the dynamic threshold of shared-memory switches (Choudhury and
 * Hahne, "Dynamic queue length thresholds for shared-memory packet switches", IEEE/ACM Transactions on Networking 6(2),
 * 1998).
 *
 * A client may hold at most ALPHA times the amount that is free afterwards. So one client alone gets
 * ALPHA / (1 + ALPHA) of the capacity, n greedy ones ALPHA / (1 + n ALPHA) each, and some always
 * stays free. That rest is for clients that hold nothing: their first amount only needs to fit.
 */

/** With 4, one client alone gets 4/5 of the capacity, two get 4/9 each. */
const ALPHA = 4
/** Sums of fractions are inexact; amounts below this part of the capacity count as zero. */
const ROUNDING = 1e-9

export class SharedCapacity {
  readonly #capacity: number
  readonly #holders = new Map<string, number>()
  #held = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** By all clients together. */
  get held(): number { return this.#held }

  /** Number of clients that hold something. */
  get clients(): number { return this.#holders.size }

  heldBy(client: string): number {
    return this.#holders.get(client) ?? 0
  }

  /** Whether a client may hold `amount` more. */
  fits(client: string, amount: number): boolean {
    const free = this.#capacity - this.#held - amount
    const held = this.heldBy(client)
    return free >= -this.#rounding && (held === 0 || held + amount <= ALPHA * free + this.#rounding)
  }

  /** Counts an amount as held by a client, whether it fits or not. */
  acquire(client: string, amount: number): void {
    if (amount <= 0) return
    this.#holders.set(client, this.heldBy(client) + amount)
    this.#held += amount
  }

  /** A client that holds nothing any more is forgotten. Throws a RangeError for more than a client holds. */
  release(client: string, amount: number): void {
    const rest = this.heldBy(client) - amount
    if (rest < -this.#rounding) throw new RangeError(`a client releases ${amount} and holds ${this.heldBy(client)}`)
    if (rest > this.#rounding) this.#holders.set(client, rest)
    else this.#holders.delete(client)
    this.#held = this.#holders.size === 0 ? 0 : Math.max(0, this.#held - amount)
  }

  get #rounding(): number { return this.#capacity * ROUNDING }
}
