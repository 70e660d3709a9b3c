/**
 * Cooperative multitasking of the jobs of a recognition process: at its yield points a long job tells the pool that it
 * is paused, and waits until the pool resumes it. Between two pauses lies one time slice. A slice too short to be worth
 * the messages is extended to the next yield point.
 */

/** A pause costs some tenths of a millisecond. The work for a clip of a few seconds is one slice. */
const MIN_SLICE_MS = 100

export class TimeSlices {
  readonly #tellPaused: (id: number) => void
  readonly #waiting = new Map<number, () => void>()

  constructor(tellPaused: (id: number) => void) {
    this.#tellPaused = tellPaused
  }

  resume(id: number): void {
    const resolve = this.#waiting.get(id)
    this.#waiting.delete(id)
    resolve?.()
  }

  /** The function that a job calls at its yield points, and the milliseconds that it was paused. */
  start(id: number): { pause(): Promise<void>; readonly pausedMs: number } {
    let since = performance.now()
    let pausedMs = 0
    return {
      get pausedMs() { return pausedMs },
      pause: async () => {
        const pausedAt = performance.now()
        if (pausedAt - since < MIN_SLICE_MS) return
        const resumed = new Promise<void>((resolve) => { this.#waiting.set(id, resolve) })
        this.#tellPaused(id)
        await resumed
        since = performance.now()
        pausedMs += since - pausedAt
      },
    }
  }
}
