/**
 * When an ended worker is replaced: at once if it had been ready, later and later if it could not even start. Every
 * worker has a slot of its own, so one that cannot start does not delay the others. Once the pool has served, waits
 * stay short: what keeps a worker from starting then (no descriptors, no memory) mostly passes soon.
 */
export interface Slot { failedStarts: number }

const FIRST_SECONDS = 0.5
const MOST_SECONDS = 30
const MOST_SECONDS_ONCE_SERVED = 5

export class Restarts {
  /** Whether any worker was ever ready. */
  hasServed = false
  readonly #spawn: (slot: Slot) => void
  readonly #slots: Slot[] = []
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(spawn: (slot: Slot) => void) {
    this.#spawn = spawn
  }

  /** Whether each worker failed to start the last time it was tried. */
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

  /** Never in the same turn, so that a worker that cannot be launched does not fill the stack. */
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
    return Math.min(this.hasServed ? MOST_SECONDS_ONCE_SERVED : MOST_SECONDS, FIRST_SECONDS * 2 ** failedStarts)
  }
}
