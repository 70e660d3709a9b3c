/**
 * Where a long job of a recognition process lets others go first: between its pieces it tells the pool that it is
 * paused, and waits until the pool lets it go on. TimeSlices that are too short to be worth the way there and back are
 * done together.
 */

/** A pause costs some tenths of a millisecond. Work for a clip of a few seconds is one piece. */
const LEAST_PIECE_MS = 100

export class TimeSlices {
  readonly #tellPaused: (id: number) => void
  readonly #waiting = new Map<number, () => void>()

  constructor(tellPaused: (id: number) => void) {
    this.#tellPaused = tellPaused
  }

  resume(id: number): void {
    const go = this.#waiting.get(id)
    this.#waiting.delete(id)
    go?.()
  }

  /** What a job calls between its pieces, and the milliseconds that it has spent there. */
  of(id: number): { pause(): Promise<void>; readonly pausedMs: number } {
    let since = performance.now()
    let pausedMs = 0
    return {
      get pausedMs() { return pausedMs },
      pause: async () => {
        const pausedAt = performance.now()
        if (pausedAt - since < LEAST_PIECE_MS) return
        const resumed = new Promise<void>((resolve) => { this.#waiting.set(id, resolve) })
        this.#tellPaused(id)
        await resumed
        since = performance.now()
        pausedMs += since - pausedAt
      },
    }
  }
}
