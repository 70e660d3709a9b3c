/**
 * The door for audio: how much may be on its way in at a time, how long it may take, and how it closes.
 *
 * A request that the pool would refuse anyway is refused before its body is read, so that an overloaded server
 * spends nothing on what it cannot serve. Bodies are read whole: a clip is needed in one piece by the worker.
 */
import type { IncomingMessage } from 'node:http'
import { SpeechError } from '../errors.js'

export interface IntakeLimits {
  readonly maxUploadBytes: number
  /** Sum over all uploads held at a time. */
  readonly maxUploadsBytes: number
  readonly uploadSeconds: number
}

export interface Upload {
  readonly body: Buffer
  readonly receiveSeconds: number
}

export class Intake {
  readonly #limits: IntakeLimits
  #requestsInProgress = 0
  #bytesHeld = 0
  #draining = false
  #emptied: (() => void) | undefined

  constructor(limits: IntakeLimits) {
    this.#limits = limits
  }

  get requestsInProgress(): number { return this.#requestsInProgress }
  get bytesHeld(): number { return this.#bytesHeld }
  get isDraining(): boolean { return this.#draining }

  /** Throws why a request of this declared length cannot come in. */
  check(declaredBytes: number): void {
    const { maxUploadBytes, maxUploadsBytes } = this.#limits
    if (this.#draining) throw new SpeechError('SHUTTING_DOWN', undefined, { retryAfterSeconds: 1 })
    if (declaredBytes > maxUploadBytes) throw tooLarge(maxUploadBytes)
    if (this.#bytesHeld + declaredBytes > maxUploadsBytes) throw noRoom()
  }

  /** Counts a request until `leave` is called. */
  enter(): void {
    this.#requestsInProgress++
  }

  leave(): void {
    this.#requestsInProgress--
    if (this.#requestsInProgress === 0) this.#emptied?.()
  }

  /** Reads a body whole. Its bytes count as held until `release`. Throws UPLOAD_TOO_LARGE, UPLOAD_TOO_SLOW, QUEUE_FULL or CANCELLED. */
  read(request: IncomingMessage): Promise<Upload> {
    const since = performance.now()
    const chunks: Buffer[] = []
    let bytes = 0
    return new Promise((resolve, reject) => {
      const settle = (error?: SpeechError): void => {
        clearTimeout(timer)
        request.off('data', onData).off('end', onEnd).off('close', onGone).off('error', onGone)
        if (error === undefined) return resolve({ body: Buffer.concat(chunks, bytes), receiveSeconds: (performance.now() - since) / 1000 })
        this.release(bytes)
        request.resume() // what still comes is thrown away, so that the client can read our answer
        reject(error)
      }
      const onData = (chunk: Buffer): void => {
        bytes += chunk.length
        this.#bytesHeld += chunk.length
        chunks.push(chunk)
        if (bytes > this.#limits.maxUploadBytes) settle(tooLarge(this.#limits.maxUploadBytes))
        else if (this.#bytesHeld > this.#limits.maxUploadsBytes) settle(noRoom())
      }
      const onEnd = (): void => { settle() }
      const onGone = (): void => { settle(new SpeechError('CANCELLED')) }
      const timer = setTimeout(() => {
        settle(new SpeechError('UPLOAD_TOO_SLOW', `${bytes} bytes came within ${this.#limits.uploadSeconds} s`))
      }, this.#limits.uploadSeconds * 1000)
      request.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone)
    })
  }

  release(bytes: number): void {
    this.#bytesHeld -= bytes
  }

  /** From now on everything new is refused; resolves when what was let in has been answered, or after `graceSeconds`. */
  drain(graceSeconds: number): Promise<void> {
    this.#draining = true
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, graceSeconds * 1000)
      this.#emptied = () => { clearTimeout(timer); resolve() }
      if (this.#requestsInProgress === 0) this.#emptied()
    })
  }
}

function tooLarge(maxBytes: number): SpeechError {
  return new SpeechError('UPLOAD_TOO_LARGE', `at most ${maxBytes} bytes`)
}

function noRoom(): SpeechError {
  return new SpeechError('QUEUE_FULL', 'too many bytes are being uploaded', { retryAfterSeconds: 1 })
}
