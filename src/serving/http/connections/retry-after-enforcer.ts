/**
 * Enforces `Retry-After` on clients that were refused because of the load after their body was read, and that retry too
 * early. Reading the same long upload again and again would take the server's time from clients that can be served, so
 * they are refused before the body for a moment. A much shorter upload is admitted: it may be served between the time
 * slices of others.
 */
import { SpeechError } from '../../../domain/errors.js'

/** After that the queue may have space again, whatever was forecast. */
const MAX_SECONDS = 1
/** Part of the bytes that were refused: a shorter body is another kind of request. */
const SIMILAR = 1 / 2
/** Reading less costs next to nothing. */
const MIN_BYTES = 256 * 1024
const MAX_CLIENTS = 1_000

export class RetryAfterEnforcer {
  /** By client, the most recently refused one last. */
  readonly #refused = new Map<string, { readonly bytes: number; readonly untilMs: number }>()
  readonly #now: () => number

  /** `now`: milliseconds on the monotonic clock. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  get clients(): number { return this.#refused.size }

  /** A client, of which a body of `bytes` was read, was told to retry after `retryAfterSeconds`. */
  begin(client: string, bytes: number, retryAfterSeconds: number): void {
    if (bytes < MIN_BYTES) return
    this.#refused.delete(client)
    this.#refused.set(client, { bytes, untilMs: this.#now() + 1000 * Math.min(MAX_SECONDS, retryAfterSeconds) })
    if (this.#refused.size <= MAX_CLIENTS) return
    const [oldest] = this.#refused.keys()
    if (oldest !== undefined) this.#refused.delete(oldest)
  }

  /** Throws QUEUE_FULL for a retry that comes too early: an upload of similar or of unknown length. */
  check(client: string, declaredBytes: number | undefined): void {
    const refused = this.#refused.get(client)
    if (refused === undefined || (declaredBytes ?? Infinity) < SIMILAR * refused.bytes) return
    const restSeconds = (refused.untilMs - this.#now()) / 1000
    if (restSeconds > 0) {
      throw new SpeechError('QUEUE_FULL', 'this client was told to retry later', { retryAfterSeconds: restSeconds })
    }
    this.#refused.delete(client)
  }
}
