/**
 * Detects a worker that hangs while it has no job: it gets a ping at every beat, and has to answer within a number of
 * beats.
 *
 * Beats are counted and not seconds: when the whole machine or the server was suspended, a timer fires once however
 * much time has passed, and an answer that is already in the channel is read before the next beat. A worker gets no
 * ping while it has a job, which has a deadline of its own. A ping sent before the job must still be answered: messages
 * arrive in order, so the worker reads it first.
 */
export interface Monitored {
  /** Undefined: no ping is sent now. */
  beatsAllowed(): number | undefined
  ping(): void
  /** Called once, when the answer is late. */
  onSilence(): void
}

export class Heartbeat {
  readonly #timer: NodeJS.Timeout
  readonly #monitored: Monitored
  /** Beats since the unanswered ping; undefined without one. */
  #beatsWaited: number | undefined
  /** The last known limit, for a worker that has got a job since. */
  #allowed = Infinity

  constructor(beatSeconds: number, monitored: Monitored) {
    this.#monitored = monitored
    this.#timer = setInterval(() => { this.#beat() }, beatSeconds * 1000)
    this.#timer.unref()
  }

  answered(): void {
    this.#beatsWaited = undefined
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #beat(): void {
    const allowed = this.#monitored.beatsAllowed()
    if (allowed !== undefined) this.#allowed = allowed
    if (this.#beatsWaited !== undefined) {
      if (++this.#beatsWaited < this.#allowed) return
      this.stop()
      this.#monitored.onSilence()
    } else if (allowed !== undefined) {
      this.#beatsWaited = 0
      this.#monitored.ping()
    }
  }
}
