/**
 * Admission of requests with a body: how many bytes may be uploaded at a time, how long an upload may take, and how
 * uploads end when the service shuts down.
 *
 * A request that the pool would refuse anyway is refused before its body is read, so that an overloaded server
 * spends nothing on what it cannot serve. Bodies are read whole, because a worker needs the clip in one piece.
 * Audio, catalogues and feedback are admitted separately, each with a limit of its own, in `onRequest`.
 *
 * A request is accepted when its body has arrived. During the drain, a body in progress may go on arriving; if it
 * stalls, it is refused.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { SpeechError } from '../../domain/errors.js'
import { contentEncodingOf, decompress, type ContentEncoding } from './connections/content-encoding.js'
import { RetryAfterEnforcer } from './connections/retry-after-enforcer.js'
import { readBody, type BodyRead, type BodyLimits, type Upload } from './connections/body-reader.js'
import { noUploadMemory, retryAfterOf, shuttingDown, tooLarge } from './refusals.js'
import { UploadMemory, type MemoryLimits, type Reservation } from './connections/upload-memory.js'
import { whenClosed } from './connections/when-closed.js'

export interface UploadLimits extends MemoryLimits, Omit<BodyLimits, 'tooLarge'> {
  /** How a body beyond `maxUploadBytes` is refused; UPLOAD_TOO_LARGE by default. */
  readonly tooLarge?: BodyLimits['tooLarge']
}

/** The part of a request and its reply that admission needs. */
interface Incoming { readonly client: string; readonly raw: IncomingMessage }
interface Outgoing { readonly raw: ServerResponse }

export class Uploads {
  readonly #limits: UploadLimits & BodyLimits
  readonly #memory: UploadMemory
  /** Counts all requests and begins the drain for all; it is this one, unless `withOwnMemory` made it. */
  readonly #main: Uploads
  /** Bodies that are being read, whatever memory they are in. */
  readonly #bodies = new Set<BodyRead>()
  readonly #retryAfter = new RetryAfterEnforcer()
  #requestsInProgress = 0
  #draining = false
  #emptied: (() => void) | undefined

  constructor(limits: UploadLimits, main?: Uploads) {
    this.#limits = { tooLarge, ...limits }
    this.#memory = new UploadMemory(limits)
    this.#main = main ?? this
  }

  get requestsInProgress(): number { return this.#requestsInProgress }
  get bytesHeld(): number { return this.#memory.bytesHeld }
  get isDraining(): boolean { return this.#main.#draining }

  /** Uploads with memory of their own, none of it reserved for small bodies; counted and drained with these. */
  withOwnMemory(limits: Pick<UploadLimits, 'maxUploadBytes' | 'maxUploadsBytes' | 'tooLarge'>): Uploads {
    return new Uploads({ ...this.#limits, ...limits, reservedPart: 0 }, this.#main)
  }

  /**
   * Admits a request by its declared length, and counts it until its connection is done with the answer. Throws
   * SHUTTING_DOWN, UPLOAD_TOO_LARGE, ENCODING_UNSUPPORTED, QUEUE_FULL, or what `furtherRefusal` returns.
   */
  admit(request: Incoming, reply: Outgoing, furtherRefusal?: () => SpeechError | undefined): void {
    this.#check(request)
    const refusal = furtherRefusal?.()
    if (refusal !== undefined) throw refusal
    this.#enter(reply)
  }

  /** The queue was full for a request whose body was read. */
  rejectedByQueue(client: string, bytes: number, refusal: SpeechError): void {
    this.#retryAfter.begin(client, bytes, retryAfterOf(refusal) ?? 0)
  }

  #check({ client, raw }: Incoming): void {
    const declared = declaredBytes(raw)
    const { maxUploadBytes } = this.#limits
    if (this.isDraining) throw shuttingDown()
    contentEncodingOf(raw.headers['content-encoding'])
    if (declared !== undefined && declared > maxUploadBytes) throw this.#limits.tooLarge(maxUploadBytes)
    if (!this.#memory.fits(client, declared ?? 0)) throw noUploadMemory()
    this.#retryAfter.check(client, declared)
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
   * UPLOAD_TOO_LARGE, UPLOAD_TOO_SLOW, QUEUE_FULL, SHUTTING_DOWN, CANCELLED, ENCODING_UNSUPPORTED, or REQUEST_INVALID
   * where it cannot be decompressed.
   */
  async receive({ client, raw }: Incoming, reply: Outgoing): Promise<Upload> {
    const encoding = contentEncodingOf(raw.headers['content-encoding'])
    const reservation = this.#memory.reserve(client, declaredBytes(raw) ?? 0)
    whenClosed(reply.raw, reservation.release)
    const body = readBody(raw, reservation, this.#limits)
    const main = this.#main
    main.#bodies.add(body)
    if (main.#draining) body.beginDrain()
    try {
      const upload = await body.upload
      return encoding === undefined ? upload : await this.#decompressed(upload, encoding, reservation, reply)
    } finally {
      main.#bodies.delete(body)
    }
  }

  /** The limits hold for what is decompressed too; the memory of the compressed body counts as held with it. */
  async #decompressed(
    upload: Upload, encoding: ContentEncoding, reservation: Reservation, reply: Outgoing,
  ): Promise<Upload> {
    const { maxUploadBytes, tooLarge } = this.#limits
    let bytes = 0
    const body = await decompress(upload.body, encoding, (more) => {
      if (reply.raw.destroyed) throw new SpeechError('CANCELLED') // its memory is released already
      bytes += more
      if (bytes > maxUploadBytes) throw tooLarge(maxUploadBytes)
      if (!reservation.grow(more)) throw noUploadMemory()
    })
    return { ...upload, body }
  }

  /** Refuses new requests from now on. Resolves when all admitted ones are answered, or after `graceSeconds`. */
  drain(graceSeconds: number): Promise<void> {
    this.#draining = true
    for (const body of this.#bodies) body.beginDrain()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, graceSeconds * 1000)
      this.#emptied = () => { clearTimeout(timer); resolve() }
      if (this.#requestsInProgress === 0) this.#emptied()
    })
  }
}

/** The declared length of the body; undefined for a chunked one. */
function declaredBytes({ headers }: IncomingMessage): number | undefined {
  if (headers['content-length'] !== undefined) return Number(headers['content-length'])
  return headers['transfer-encoding'] === undefined ? 0 : undefined
}
