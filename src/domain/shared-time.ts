/**
 * The time of a process that several jobs use at once: each instant counts in equal parts for all that are there
 * (processor sharing). So the shares of all jobs add up to the time in which there was any.
 *
 * Where one of them holds the thread, the others are charged too. What each of them truly used cannot be told apart,
 * since a decoder step works for all of them.
 */
export class SharedTime {
  readonly #nowSeconds: () => number
  #users = 0
  #atSeconds = 0
  #shareSeconds = 0

  /** `nowSeconds`: a clock, or the processor time of a process. */
  constructor(nowSeconds = (): number => performance.now() / 1000) {
    this.#nowSeconds = nowSeconds
  }

  /** What a job has got that was there from the beginning. The share of another one is a difference of two readings. */
  get shareSeconds(): number {
    const now = this.#nowSeconds()
    if (this.#users > 0) this.#shareSeconds += (now - this.#atSeconds) / this.#users
    this.#atSeconds = now
    return this.#shareSeconds
  }

  /** One more uses it; returns `shareSeconds`. */
  enter(): number {
    const share = this.shareSeconds
    this.#users++
    return share
  }

  /** Returns `shareSeconds`. */
  leave(): number {
    const share = this.shareSeconds
    this.#users--
    return share
  }

  /** Runs work of which no user is charged. */
  exclude<T>(work: () => T): T {
    void this.shareSeconds
    try {
      return work()
    } finally {
      this.#atSeconds = this.#nowSeconds()
    }
  }
}
