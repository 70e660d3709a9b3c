/** The newest values of a stream, up to a capacity. */
export class RingBuffer<T> {
  readonly #capacity: number
  readonly #values: T[] = []
  #next = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** In no particular order. */
  get values(): readonly T[] { return this.#values }

  /** Replaces the oldest value if the buffer is full. */
  add(value: T): void {
    this.#values[this.#next] = value
    this.#next = (this.#next + 1) % this.#capacity
  }
}
