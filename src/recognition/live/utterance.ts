/** One utterance while it is spoken: its partial results, and the result that is prepared while the speaker pauses. */
import { SpeechError } from '../../domain/errors.js'
import type { Report } from '../../domain/report.js'
import type { LiveEvent, LivePorts, UtteranceAudio } from './ports.js'
import { StablePrefix, type Agreement } from './stable-prefix.js'

/** Measured in docs/benchmarks/live.md#constants. */
const AGREEMENT: Agreement = { hypotheses: 3, heldWords: 1 }
/** New audio between two partial results. */
const PARTIAL_SECONDS = 0.3

/** A whole report, whether or not it will be needed. */
export interface Prepared {
  readonly startSeconds: number
  readonly endSeconds: number
  readonly report: Promise<Report>
}

export class Utterance {
  readonly id: number
  readonly startSeconds: number
  /** Of the first speech. */
  readonly speechStartSeconds: number
  /** End of the last speech so far. */
  speechEndSeconds: number
  readonly #ports: LivePorts
  readonly #emit: (event: LiveEvent) => void
  readonly #prefix = new StablePrefix(AGREEMENT)
  readonly #abort = new AbortController()
  #partialUntilSeconds: number
  #isPartialRunning = false
  #prepared: (Prepared & { readonly abort: AbortController }) | undefined

  constructor(
    id: number, startSeconds: number, speech: { readonly startSeconds: number; readonly endSeconds: number },
    ports: LivePorts, emit: (event: LiveEvent) => void,
  ) {
    this.id = id
    this.startSeconds = startSeconds
    this.speechStartSeconds = speech.startSeconds
    this.speechEndSeconds = speech.endSeconds
    this.#partialUntilSeconds = speech.startSeconds
    this.#ports = ports
    this.#emit = emit
  }

  get stable(): readonly string[] { return this.#prefix.stable }
  get prepared(): Prepared | undefined { return this.#prepared }

  /** Somebody speaks: what was prepared for a pause is not the end. */
  speechGoesOn(untilSeconds: number): void {
    this.speechEndSeconds = untilSeconds
    this.#prepared?.abort.abort()
    this.#prepared = undefined
  }

  isPartialDue(nowSeconds: number): boolean {
    return !this.#isPartialRunning && nowSeconds - this.#partialUntilSeconds >= PARTIAL_SECONDS - 1e-9
  }

  /** Shows what was said until now. A SpeechError is no partial result; rejects with what else is thrown. */
  async showPartial(audio: UtteranceAudio, nowSeconds: number): Promise<void> {
    this.#isPartialRunning = true
    this.#partialUntilSeconds = nowSeconds
    const since = performance.now()
    const report = await this.#ports.recognizePartly(audio, this.#abort.signal).catch(asNone)
    this.#isPartialRunning = false
    if (report === null || report.text === '' || this.#abort.signal.aborted) return
    const { stable, unstable } = this.#prefix.add(report.text)
    this.#emit({
      kind: 'partial', utterance: this.id, startSeconds: this.startSeconds, endSeconds: nowSeconds, stable, unstable,
      report, waitSeconds: (performance.now() - since) / 1000,
    })
  }

  /** Recognizes all of it, as if it were over. */
  prepare(audio: UtteranceAudio, endSeconds: number): Prepared {
    const abort = new AbortController()
    const report = this.#ports.recognize(audio, abort.signal)
    report.catch(() => undefined) // whoever needs the report gets the error
    this.#prepared?.abort.abort()
    this.#prepared = { startSeconds: this.startSeconds, endSeconds, report, abort }
    return this.#prepared
  }

  /** No partial result comes after this. */
  close(): void {
    this.#abort.abort()
  }

  /** Nobody waits for it any more. */
  cancel(): void {
    this.close()
    this.#prepared?.abort.abort()
  }
}

/** Under load, and after the end of the utterance, a partial result is not missed. A bug is none of these. */
function asNone(thrown: unknown): null {
  if (thrown instanceof SpeechError) return null
  throw thrown
}
