/**
 * Cooperative multitasking of the jobs of a recognition process: at its yield points a long job tells the pool that it
 * is paused, and waits until the pool resumes it. Between two pauses lies one time slice. A slice too short to be worth
 * the messages is extended to the next yield point. Jobs that run at the same time are charged with their shares.
 */
import { JobTime, type ProcessTime } from './job-time.js'

/** A pause costs some tenths of a millisecond. The work for a clip of a few seconds is one slice. */
const MIN_SLICE_SECONDS = 0.1

export interface SliceEvents {
  onBegin(): void
  /** `seconds`: the share of the process that the slice had. */
  onEnd(seconds: number): void
  /** After `onEnd`: the job waits for `resume`. */
  onPaused(id: number): void
}

export interface SlicedJob {
  readonly time: JobTime
  /** Called at yield points. */
  pause(): Promise<void>
  /** The job is done. */
  end(): void
}

export class TimeSlices {
  readonly #process: ProcessTime
  readonly #events: SliceEvents
  readonly #waiting = new Map<number, () => void>()

  constructor(process: ProcessTime, events: SliceEvents) {
    this.#process = process
    this.#events = events
  }

  /** A job begins. */
  begin(id: number): SlicedJob {
    const time = new JobTime(this.#process)
    this.#beginSlice(time)
    return {
      time,
      pause: () => time.sliceSeconds < MIN_SLICE_SECONDS ? Promise.resolve() : this.#pause(id, time),
      end: () => { this.#events.onEnd(time.endSlice()) },
    }
  }

  /** Continues a paused job. */
  resume(id: number): void {
    const resolve = this.#waiting.get(id)
    this.#waiting.delete(id)
    resolve?.()
  }

  #pause(id: number, time: JobTime): Promise<void> {
    this.#events.onEnd(time.endSlice())
    this.#events.onPaused(id)
    return new Promise((resolve) => {
      this.#waiting.set(id, () => {
        this.#beginSlice(time)
        resolve()
      })
    })
  }

  #beginSlice(time: JobTime): void {
    time.beginSlice()
    this.#events.onBegin()
  }
}
