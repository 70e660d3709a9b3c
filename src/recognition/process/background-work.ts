/**
 * Long work of a recognition process, done between the stints of its jobs. While a job runs it rests; after each stint,
 * when the job is done or paused, it has a turn that is half as long. So it comes to its end however many jobs there
 * are, a clip waits little for it, and in a process without jobs it takes no longer than it must.
 */
import type { InterruptibleWork } from '../../domain/interruptible-work.js'

const SHARE_OF_A_STINT = 1 / 2
/** Shorter ones would be spent on switching; within longer ones a clip would wait for too long. */
const LEAST_TURN_MS = 20
const LONGEST_TURN_MS = 500

interface Stint { readonly sinceMs: number; readonly ended: Promise<void>; end(): void }

export class BackgroundWork {
  #stint: Stint | undefined
  #turnMs = LEAST_TURN_MS

  /** A job begins or goes on; one at a time. */
  beginStint(): void {
    let end = (): void => undefined
    const ended = new Promise<void>((resolve) => { end = resolve })
    this.#stint = { sinceMs: performance.now(), ended, end }
  }

  /** The job is done or paused. */
  endStint(): void {
    const stint = this.#stint
    if (stint === undefined) return
    this.#stint = undefined
    const turnMs = SHARE_OF_A_STINT * (performance.now() - stint.sinceMs)
    this.#turnMs = Math.min(LONGEST_TURN_MS, Math.max(LEAST_TURN_MS, turnMs))
    stint.end()
  }

  /** Rejects with what a step throws. */
  async finish<T>(steps: InterruptibleWork<T>): Promise<T> {
    for (;;) {
      // Another one may have begun when this one has ended.
      while (this.#stint !== undefined) await this.#stint.ended
      const until = performance.now() + this.#turnMs
      this.#turnMs = LEAST_TURN_MS
      do {
        const { done, value } = steps.next()
        if (done) return value
      } while (performance.now() < until)
      // A job that came in meanwhile begins now.
      await new Promise((resolve) => { setImmediate(resolve) })
    }
  }
}
