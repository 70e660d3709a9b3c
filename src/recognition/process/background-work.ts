/**
 * Background work of a recognition process, done between the time slices of its jobs. While a job runs it is suspended;
 * after each slice, when the job is done or paused, it gets a turn that is half as long. So it finishes however many
 * jobs there are, a clip waits little for it, and in a process without jobs it runs at full speed.
 */
import type { InterruptibleWork } from '../../domain/interruptible-work.js'

const SHARE_OF_A_SLICE = 1 / 2
/** Shorter turns would be spent on switching; during longer ones a clip would wait too long. */
const MIN_TURN_MS = 20
const MAX_TURN_MS = 500

interface Slice { readonly sinceMs: number; readonly ended: Promise<void>; end(): void }

export class BackgroundWork {
  #slice: Slice | undefined
  #turnMs = MIN_TURN_MS

  /** A job begins or continues; one at a time. */
  beginSlice(): void {
    let end = (): void => undefined
    const ended = new Promise<void>((resolve) => { end = resolve })
    this.#slice = { sinceMs: performance.now(), ended, end }
  }

  /** The job is done or paused. */
  endSlice(): void {
    const slice = this.#slice
    if (slice === undefined) return
    this.#slice = undefined
    const turnMs = SHARE_OF_A_SLICE * (performance.now() - slice.sinceMs)
    this.#turnMs = Math.min(MAX_TURN_MS, Math.max(MIN_TURN_MS, turnMs))
    slice.end()
  }

  /** Rejects with what a step throws. */
  async finish<T>(steps: InterruptibleWork<T>): Promise<T> {
    for (;;) {
      // Another slice may have begun when this one has ended.
      while (this.#slice !== undefined) await this.#slice.ended
      const until = performance.now() + this.#turnMs
      this.#turnMs = MIN_TURN_MS
      do {
        const { done, value } = steps.next()
        if (done) return value
      } while (performance.now() < until)
      // A job that has arrived in the meantime begins now.
      await new Promise((resolve) => { setImmediate(resolve) })
    }
  }
}
