/**
 * The door for bodies: how much may be on its way in at a time, how long it may take, and how it closes.
 *
 * A request that the pool would refuse anyway is refused before its body is read, so that an overloaded server
 * spends nothing on what it cannot serve. Bodies are read whole: a clip is needed in one piece by the worker.
 * Every route with a body has a door: audio the main one, catalogues and feedback a side door of their own. It is asked
 * in `onRequest`, before the body is read.
 *
 * A request is accepted when its body has come. What is still on its way when the door closes may go on arriving; if
 * it stops, it is refused.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { SpeechError } from '../../domain/errors.js'
import { RetryAfterEnforcer } from './connections/retry-after-enforcer.js'
import { readBody, type BodyRead, type BodyLimits, type Upload } from './connections/body-reader.js'
import { noRoom, retryAfterOf, shuttingDown, tooLarge } from './refusals.js'
import { UploadMemory, type MemoryLimits } from './connections/upload-memory.js'
import { whenClosed } from './connections/when-closed.js'

export interface UploadLimits extends MemoryLimits, Omit<BodyLimits, 'tooLarge'> {
  /** How a body beyond `maxUploadBytes` is refused; UPLOAD_TOO_LARGE by default. */
  readonly tooLarge?: BodyLimits['tooLarge']
}

/** What the door needs of a request and its answer. */
interface Incoming { readonly client: string; readonly raw: IncomingMessage }
interface Outgoing { readonly raw: ServerResponse }

export class Uploads {
  readonly #limits: UploadLimits & BodyLimits
  readonly #room: UploadMemory
  /** The door that closes for all; a side door has another one than itself. */
  readonly #main: Uploads
  /** Bodies that are being read, at the side doors too. */
  readonly #readings = new Set<BodyRead>()
  readonly #backoff = new RetryAfterEnforcer()
  #requestsInProgress = 0
  #draining = false
  #emptied: (() => void) | undefined

  constructor(limits: UploadLimits, main?: Uploads) {
    this.#limits = { tooLarge, ...limits }
    this.#room = new UploadMemory(limits)
    this.#main = main ?? this
  }

  get requestsInProgress(): number { return this.#requestsInProgress }
  get bytesHeld(): number { return this.#room.bytesHeld }
  get isDraining(): boolean { return this.#main.#draining }

  /** A door with memory of its own, none of it reserved, that closes with this one, and whose requests count here. */
  sideDoor(limits: Pick<UploadLimits, 'maxUploadBytes' | 'maxUploadsBytes' | 'tooLarge'>): Uploads {
    return new Uploads({ ...this.#limits, ...limits, reservedPart: 0 }, this.#main)
  }

  /**
   * Lets a request in, by what it says of its length, and counts it until its connection is done with the answer. Throws
   * why it cannot come in: SHUTTING_DOWN, UPLOAD_TOO_LARGE, QUEUE_FULL, or what `otherRefusal` gives.
   */
  admit(request: Incoming, reply: Outgoing, otherRefusal?: () => SpeechError | undefined): void {
    this.#check(request)
    const refusal = otherRefusal?.()
    if (refusal !== undefined) throw refusal
    this.#enter(reply)
  }

  /** The queue had no room for a body that was read. */
  turnedAway(client: string, bytes: number, refusal: SpeechError): void {
    this.#backoff.begin(client, bytes, retryAfterOf(refusal) ?? 0)
  }

  #check({ client, raw }: Incoming): void {
    const declared = declaredBytes(raw)
    const { maxUploadBytes } = this.#limits
    if (this.isDraining) throw shuttingDown()
    if (declared !== undefined && declared > maxUploadBytes) throw this.#limits.tooLarge(maxUploadBytes)
    if (!this.#room.fits(client, declared ?? 0)) throw noRoom()
    this.#backoff.check(client, declared)
  }

  #enter({ raw }: Outgoing): void {
    const main = this.#main
    main.#requestsInProgress++
    whenClosed(raw, () => {
      main.#requestsInProgress--
      if (main.#requestsInProgress === 0) main.#emptied?.()
    })
  }

  /**
   * Reads a body whole. Its bytes count as held until the connection is done with the answer. Rejects with
   * UPLOAD_TOO_LARGE, UPLOAD_TOO_SLOW, QUEUE_FULL, SHUTTING_DOWN or CANCELLED.
   */
  async receive({ client, raw }: Incoming, reply: Outgoing): Promise<Upload> {
    const holding = this.#room.hold(client, declaredBytes(raw) ?? 0)
    whenClosed(reply.raw, holding.release)
    const reading = readBody(raw, holding, this.#limits)
    const main = this.#main
    main.#readings.add(reading)
    if (main.#draining) reading.beginDrain()
    try {
      return await reading.upload
    } finally {
      main.#readings.delete(reading)
    }
  }

  /** Refuses everything new from now on. Resolves when what was let in has been answered, or after `graceSeconds`. */
  drain(graceSeconds: number): Promise<void> {
    this.#draining = true
    for (const reading of this.#readings) reading.beginDrain()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, graceSeconds * 1000)
      this.#emptied = () => { clearTimeout(timer); resolve() }
      if (this.#requestsInProgress === 0) this.#emptied()
    })
  }
}

/** What a request says its body has; undefined for a body that comes in chunks. */
function declaredBytes({ headers }: IncomingMessage): number | undefined {
  if (headers['content-length'] !== undefined) return Number(headers['content-length'])
  return headers['transfer-encoding'] === undefined ? 0 : undefined
}
