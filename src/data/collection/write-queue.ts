/**
 * Writes one after the other, behind the requests. What waits is bounded in bytes. When a write fails (a full disk, a
 * store that cannot be reached), writing stops; the failed write is repeated first, at growing intervals, and meanwhile
 * others may wait as long as there is room.
 */

export interface Write {
  /**
   * Whom it is about, for deletions: the id of the request, and the pseudonym of the session, which is undefined where
   * it is not known. Null: the collection as a whole.
   */
  readonly about: { readonly request: string; readonly session: string | null | undefined } | null
  /** Held in memory while it waits. */
  readonly bytes: number
  /** May be called again after a failure. */
  run(): Promise<void>
}

export interface WriteEvents {
  onStopped(error: unknown): void
  onResumed(): void
}

const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 300_000

export class WriteQueue {
  readonly #maxBytes: number
  readonly #events: WriteEvents
  readonly #firstRetryMs: number
  readonly #waiting: Write[] = []
  #bytes = 0
  /** Calls of `cancel` that keep the next write from beginning. */
  #holders = 0
  #running: { readonly write: Write; readonly done: Promise<void> } | undefined
  #retryMs = 0
  #retry: NodeJS.Timeout | undefined
  #emptied: (() => void) | undefined

  constructor(maxBytes: number, events: WriteEvents, firstRetryMs = FIRST_RETRY_MS) {
    this.#maxBytes = maxBytes
    this.#events = events
    this.#firstRetryMs = firstRetryMs
  }

  get isStopped(): boolean { return this.#retryMs > 0 }

  /** Returns false, and does not take the write, where there is no room for it. */
  push(write: Write): boolean {
    if (this.#bytes + write.bytes > this.#maxBytes) return false
    this.#waiting.push(write)
    this.#bytes += write.bytes
    this.#next()
    return true
  }

  /**
   * Removes the writes about a request or session, and does `work` while no write is running: one of which the session
   * is not known reads a record and writes it again, and would bring back what `work` deletes in between. Rejects as
   * `work` does, and does not wait for writes that are tried again later.
   */
  async cancel<T>(isMeant: (about: NonNullable<Write['about']>) => boolean, work: () => Promise<T>): Promise<T> {
    const meant = ({ about }: Write): boolean => about !== null && isMeant(about)
    const kept = this.#waiting.filter((write) => !meant(write))
    this.#waiting.splice(0, this.#waiting.length, ...kept)
    const running = this.#running
    this.#bytes = kept.reduce((sum, { bytes }) => sum + bytes, running?.write.bytes ?? 0)
    this.#holders++
    try {
      await running?.done
      // It waits again if it failed.
      if (running !== undefined && meant(running.write) && this.#waiting[0] === running.write) this.#take()
      return await work()
    } finally {
      this.#holders--
      this.#next()
    }
  }

  /** Resolves when everything is written, writing has stopped, or the time is over; to the number of lost writes. */
  async close(seconds: number): Promise<number> {
    if (!this.isStopped && (this.#running !== undefined || this.#waiting.length > 0)) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000 * seconds)
        this.#emptied = () => { clearTimeout(timer); resolve() }
      })
    }
    clearTimeout(this.#retry)
    const unfinished = [this.#running?.write ?? [], this.#waiting].flat()
    const lost = unfinished.filter(({ about }) => about !== null).length
    this.#waiting.length = 0
    return lost
  }

  #next(): void {
    if (this.#running !== undefined || this.#retry !== undefined || this.#holders > 0) return
    const write = this.#waiting[0]
    if (write === undefined) {
      this.#emptied?.()
      return
    }
    this.#take(false)
    const done = write.run()
      .then(() => { this.#succeeded(write) }, (thrown: unknown) => { this.#failed(write, thrown) })
    this.#running = { write, done }
    void done.then(() => {
      this.#running = undefined
      this.#next()
    })
  }

  /** The first of the waiting writes. */
  #take(isLost = true): void {
    const write = this.#waiting.shift()
    if (isLost && write !== undefined) this.#bytes -= write.bytes
  }

  #succeeded({ bytes }: Write): void {
    this.#bytes -= bytes
    if (!this.isStopped) return
    this.#retryMs = 0
    this.#events.onResumed()
  }

  #failed(write: Write, thrown: unknown): void {
    this.#waiting.unshift(write)
    const isFirst = !this.isStopped
    this.#retryMs = isFirst ? this.#firstRetryMs : Math.min(2 * this.#retryMs, LONGEST_RETRY_MS)
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      this.#next()
    }, this.#retryMs).unref()
    if (!isFirst) return
    this.#emptied?.()
    this.#events.onStopped(thrown)
  }
}
