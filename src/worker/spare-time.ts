/**
 * Long work of a recognition process, done between its jobs. While a clip is heard it rests; after each it has a turn
 * that is half as long as the job was. So it comes to its end however many jobs there are, a clip waits little for it,
 * and in a process without jobs it takes no longer than it must.
 */
import type { Steps } from '../steps.js'

const SHARE_OF_A_JOB = 1 / 2
/** Shorter ones would be spent on switching; within longer ones a clip would wait for too long. */
const LEAST_TURN_MS = 20
const LONGEST_TURN_MS = 500

export class SpareTime {
  /** Several where jobs run while another one is paused. */
  readonly #jobs = new Set<Promise<void>>()
  #turnMs = LEAST_TURN_MS

  /** The work never rejects. */
  async spendOnJob(work: () => Promise<void>): Promise<void> {
    const since = performance.now()
    const job = work()
    this.#jobs.add(job)
    await job
    this.#jobs.delete(job)
    this.#turnMs = Math.min(LONGEST_TURN_MS, Math.max(LEAST_TURN_MS, SHARE_OF_A_JOB * (performance.now() - since)))
  }

  /** Rejects with what a step throws. */
  async finish<T>(steps: Steps<T>): Promise<T> {
    for (;;) {
      // Another one may have begun when this one has ended.
      while (this.#jobs.size > 0) await Promise.all(this.#jobs)
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
