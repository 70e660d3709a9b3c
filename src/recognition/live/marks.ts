/** Points of a stream at which the client wants something: in their order, each is answered once. */
import type { EndpointReason } from '../../domain/live.js'

export interface Mark {
  /** Samples before it belong to what it ends. */
  readonly sample: number
  readonly reason: Extract<EndpointReason, 'committed' | 'end_of_stream'>
  done(): void
  failed(fault: Error): void
}

export class Marks {
  readonly #waiting: Mark[] = []
  #fault: Error | undefined

  get next(): Mark | undefined { return this.#waiting[0] }

  /** Resolves when what the mark ends is recognized; rejects with the fault that ended the session. */
  add(sample: number, reason: Mark['reason']): Promise<void> {
    return new Promise((done, failed) => {
      if (this.#fault === undefined) this.#waiting.push({ sample, reason, done, failed })
      else failed(this.#fault)
    })
  }

  answer(mark: Mark): void {
    this.#waiting.shift()
    mark.done()
  }

  failAll(fault: Error): void {
    this.#fault = fault
    for (const mark of this.#waiting.splice(0)) mark.failed(fault)
  }
}
