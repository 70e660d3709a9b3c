/** The times of one job of a recognition process. None of them grows while the job is paused. */
import { SharedTime } from '../../domain/shared-time.js'

/** The clocks of a process. */
export class ProcessTime {
  readonly wall: SharedTime
  readonly processor: SharedTime
  readonly nowSeconds: () => number

  constructor(nowSeconds = (): number => performance.now() / 1000, processorSeconds = ofThisProcess) {
    this.nowSeconds = nowSeconds
    this.wall = new SharedTime(nowSeconds)
    this.processor = new SharedTime(processorSeconds)
  }

  /** Runs work of which no job is charged. */
  exclude<T>(work: () => T): T {
    return this.wall.exclude(() => this.processor.exclude(work))
  }
}

export class JobTime {
  readonly #process: ProcessTime
  #isRunning = false
  /** Where the slice began, on each clock. */
  #began = { work: 0, processor: 0, elapsed: 0 }
  /** Earlier slices. */
  #used = { work: 0, processor: 0, elapsed: 0 }

  constructor(process: ProcessTime) {
    this.#process = process
  }

  /** Its share of the time of the process, seconds. */
  get workSeconds(): number { return this.#used.work + this.sliceSeconds }

  /** Its share of the processor time, all threads of the runtime included, seconds. */
  get processorSeconds(): number {
    return this.#used.processor + (this.#isRunning ? this.#process.processor.shareSeconds - this.#began.processor : 0)
  }

  /** The time that passed, whoever used it, seconds. */
  get elapsedSeconds(): number {
    return this.#used.elapsed + (this.#isRunning ? this.#process.nowSeconds() - this.#began.elapsed : 0)
  }

  /** Its share since it began or was resumed. */
  get sliceSeconds(): number {
    return this.#isRunning ? this.#process.wall.shareSeconds - this.#began.work : 0
  }

  beginSlice(): void {
    const { wall, processor, nowSeconds } = this.#process
    this.#began = { work: wall.enter(), processor: processor.enter(), elapsed: nowSeconds() }
    this.#isRunning = true
  }

  /** Returns its share of the slice, seconds. */
  endSlice(): number {
    const { wall, processor, nowSeconds } = this.#process
    const seconds = wall.leave() - this.#began.work
    this.#used = {
      work: this.#used.work + seconds,
      processor: this.#used.processor + processor.leave() - this.#began.processor,
      elapsed: this.#used.elapsed + nowSeconds() - this.#began.elapsed,
    }
    this.#isRunning = false
    return seconds
  }
}

function ofThisProcess(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
