/**
 * Restarts workers: at once if one had been ready, with exponential backoff if it could not start. Every worker has a
 * slot of its own, so one that cannot start does not delay the others. Once any worker has been ready, delays stay
 * short: what keeps a worker from starting then (no descriptors, no memory) mostly passes soon.
 */
export interface Slot { failedStarts: number }

const FIRST_SECONDS = 0.5
const MAX_SECONDS = 30
const MAX_SECONDS_ONCE_SERVED = 5

export class Restarts {
  /** Whether any worker was ever ready. */
  hasServed = false
  readonly #spawn: (slot: Slot) => void
  readonly #slots: Slot[] = []
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(spawn: (slot: Slot) => void) {
    this.#spawn = spawn
  }

  /** Whether the last start of every worker failed. */
  get isFailing(): boolean { return this.#slots.every(({ failedStarts }) => failedStarts > 0) }

  begin(workers: number): void {
    for (let index = 0; index < workers; index++) {
      const slot = { failedStarts: 0 }
      this.#slots.push(slot)
      this.#spawn(slot)
    }
  }

  ready(slot: Slot): void {
    slot.failedStarts = 0
    this.hasServed = true
  }

  /** Asynchronously, so that a worker that cannot be launched does not recurse without end. */
  replace(slot: Slot, wasReady: boolean): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#spawn(slot)
    }, wasReady ? 0 : 1000 * this.#backoffSeconds(slot.failedStarts++))
    this.#timers.add(timer)
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  #backoffSeconds(failedStarts: number): number {
    return Math.min(this.hasServed ? MAX_SECONDS_ONCE_SERVED : MAX_SECONDS, FIRST_SECONDS * 2 ** failedStarts)
  }
}
