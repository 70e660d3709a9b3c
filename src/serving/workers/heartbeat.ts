/**
 * Finds a worker that hangs while nobody waits for it: it is asked for a sign of life at every beat, and has to answer
 * within a number of beats.
 *
 * Beats are counted and not seconds: when the whole machine or the server stood still, a timer fires once however
 * much time has passed, and the answer that already waits in the channel is read before the next. A worker is not
 * asked while it has a job, which has a deadline of its own. A question asked before the job still has to be answered:
 * messages arrive in order, so the worker reads it first.
 */
export interface Patient {
  /** Undefined: it is not to be asked now. */
  beatsAllowed(): number | undefined
  ask(): void
  /** It did not answer in time. Called once. */
  onSilence(): void
}

export class Heartbeat {
  readonly #timer: NodeJS.Timeout
  readonly #patient: Patient
  /** Since the question that is not answered yet; undefined when none is open. */
  #beatsWaited: number | undefined
  /** The last that was known, for a worker that got a job meanwhile. */
  #allowed = Infinity

  constructor(beatSeconds: number, patient: Patient) {
    this.#patient = patient
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
    const allowed = this.#patient.beatsAllowed()
    if (allowed !== undefined) this.#allowed = allowed
    if (this.#beatsWaited !== undefined) {
      if (++this.#beatsWaited < this.#allowed) return
      this.stop()
      this.#patient.onSilence()
    } else if (allowed !== undefined) {
      this.#beatsWaited = 0
      this.#patient.ask()
    }
  }
}
