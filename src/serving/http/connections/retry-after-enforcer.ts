/**
 * Clients that were refused for the load after their body was read, were told when to come back, and come back before.
 * BodyRead the same long upload again and again would take the server's time from clients that can be served, so they
 * are refused at the door for a moment. A much shorter upload is let in: it may be served between the pieces of others.
 */
import { SpeechError } from '../../../domain/errors.js'

/** After that the queue may have room again, whatever was forecast. */
const MOST_SECONDS = 1
/** Of the bytes that were refused: what is shorter is another kind of request. */
const ALIKE = 1 / 2
/** BodyRead less costs next to nothing. */
const LEAST_BYTES = 256 * 1024
const MOST_CLIENTS = 1_000

export class RetryAfterEnforcer {
  /** By client, the one refused last at the end. */
  readonly #refused = new Map<string, { readonly bytes: number; readonly untilMs: number }>()
  readonly #now: () => number

  /** `now`: milliseconds on the monotonic clock. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  get clients(): number { return this.#refused.size }

  /** A client whose body of so many bytes was read was told to come back in so many seconds. */
  begin(client: string, bytes: number, retryAfterSeconds: number): void {
    if (bytes < LEAST_BYTES) return
    this.#refused.delete(client)
    this.#refused.set(client, { bytes, untilMs: this.#now() + 1000 * Math.min(MOST_SECONDS, retryAfterSeconds) })
    if (this.#refused.size > MOST_CLIENTS) this.#refused.delete(this.#refused.keys().next().value!)
  }

  /**
   * Throws QUEUE_FULL for an upload like the refused one that comes too early. One of unknown length may be such.
   */
  check(client: string, declaredBytes: number | undefined): void {
    const refused = this.#refused.get(client)
    if (refused === undefined || (declaredBytes ?? Infinity) < ALIKE * refused.bytes) return
    const restSeconds = (refused.untilMs - this.#now()) / 1000
    if (restSeconds > 0) {
      throw new SpeechError('QUEUE_FULL', 'this client was told to come back later', { retryAfterSeconds: restSeconds })
    }
    this.#refused.delete(client)
  }
}
