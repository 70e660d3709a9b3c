/**
 * Background work of a recognition process, done between the time slices of its jobs. While jobs run it is suspended;
 * after each slice, when a job is done or paused, it gets a turn that is half as long. So it finishes however many jobs
 * there are, also where others run on; a clip waits little for it, and in a process without jobs it runs at full speed.
 */
import type { InterruptibleWork } from '../../domain/interruptible-work.js'

const SHARE_OF_A_SLICE = 1 / 2
/** Shorter turns would be spent on switching; during longer ones a clip would wait too long. */
const MIN_TURN_MS = 20
const MAX_TURN_MS = 500

export class BackgroundWork {
  readonly #exclude: <T>(turn: () => T) => T
  #running = 0
  /** Length of a turn that the last slice has given; undefined when it is taken. */
  #turnMs: number | undefined
  #onTurn: (() => void) | undefined
  readonly #onIdle: (() => void)[] = []

  /** `exclude`: runs a turn without charging it to the jobs that are running. */
  constructor(exclude = <T>(turn: () => T): T => turn()) {
    this.#exclude = exclude
  }

  /** A job begins or continues. */
  beginSlice(): void {
    this.#running++
  }

  /** A job is done or paused. `seconds`: the share of the process that its slice had. */
  endSlice(seconds: number): void {
    this.#running--
    if (this.#running === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
    if (this.#onTurn === undefined) return // nothing waits for a turn
    this.#turnMs = Math.min(MAX_TURN_MS, Math.max(MIN_TURN_MS, SHARE_OF_A_SLICE * seconds * 1000))
    this.#onTurn()
    this.#onTurn = undefined
  }

  /** For work that cannot be divided into steps: resolves when no job runs. */
  async whenIdle(): Promise<void> {
    // A job that has arrived in the meantime begins first.
    await new Promise((resolve) => { setImmediate(resolve) })
    while (this.#running > 0) await new Promise<void>((resolve) => { this.#onIdle.push(resolve) })
  }

  /** Rejects with what a step throws. One at a time. */
  async finish<T>(steps: InterruptibleWork<T>): Promise<T> {
    for (;;) {
      if (this.#running > 0) await new Promise<void>((resolve) => { this.#onTurn = resolve })
      const turnMs = this.#turnMs ?? MIN_TURN_MS
      this.#turnMs = undefined
      const { done, value } = this.#exclude(() => takeSteps(steps, turnMs))
      if (done) return value
      // A job that has arrived in the meantime begins now.
      await new Promise((resolve) => { setImmediate(resolve) })
    }
  }
}

/** The result of the last step. */
function takeSteps<T>(steps: InterruptibleWork<T>, turnMs: number): IteratorResult<void, T> {
  const until = performance.now() + turnMs
  for (;;) {
    const step = steps.next()
    if (step.done || performance.now() >= until) return step
  }
}
