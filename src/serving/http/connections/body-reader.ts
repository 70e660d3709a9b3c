/**
 * Reads one body into memory, within time limits.
 *
 * There are three deadlines. The whole body has one. Its rate is limited from below by a leaky bucket of seconds: it is
 * full at the start, time drains it, and every byte refills it by its time at the minimum rate, never beyond its size.
 * So a stall is tolerated up to that size, a slow sender is refused only when the bucket is empty, and a fast start
 * earns no credit for later. And when the service shuts down, only a body that goes on arriving is waited for.
 */
import type { IncomingMessage } from 'node:http'
import { SpeechError } from '../../../domain/errors.js'
import { noUploadMemory, shuttingDown } from '../refusals.js'
import type { Reservation } from './upload-memory.js'

interface Patience {
  /** A phone that loses its connection needs some seconds to restore it. */
  readonly paceSeconds: number
  /** Longer than the interval at which a browser sends the parts of a recording in progress. */
  readonly drainSeconds: number
}
const PATIENCE: Patience = { paceSeconds: 8, drainSeconds: 2 }

export interface BodyLimits {
  readonly maxUploadBytes: number
  readonly uploadSeconds: number
  /** How a body beyond `maxUploadBytes` is refused. */
  readonly tooLarge: (maxBytes: number) => SpeechError
  /** Minimum rate. */
  readonly uploadBytesPerSecond: number
  /** For tests, which use shorter times. */
  readonly patience?: Patience
}

export interface Upload {
  readonly body: Buffer
  /** Of the body as it was sent. */
  readonly receivedBytes: number
  readonly receiveSeconds: number
}

export interface BodyRead {
  /** Rejects with UPLOAD_TOO_LARGE, UPLOAD_TOO_SLOW, QUEUE_FULL, SHUTTING_DOWN or CANCELLED. */
  readonly upload: Promise<Upload>
  /** The service shuts down: from now on, the body must not stall. */
  beginDrain(): void
}

interface Deadline {
  /** Milliseconds on the clock of `performance.now()`. */
  at: number
  readonly error: () => SpeechError
}

export function readBody(request: IncomingMessage, reservation: Reservation, limits: BodyLimits): BodyRead {
  const since = performance.now()
  const { paceSeconds, drainSeconds } = limits.patience ?? PATIENCE
  const chunks: Buffer[] = []
  let bytes = 0
  const secondsSoFar = (): number => (performance.now() - since) / 1000
  const tooSlow = (): SpeechError =>
    new SpeechError('UPLOAD_TOO_SLOW', `${bytes} bytes arrived within ${secondsSoFar().toFixed(1)} s`)
  const whole: Deadline = { at: since + limits.uploadSeconds * 1000, error: tooSlow }
  const pace: Deadline = { at: since + paceSeconds * 1000, error: tooSlow }
  const drain: Deadline = { at: Infinity, error: shuttingDown }
  let watch = (): void => undefined
  const upload = new Promise<Upload>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    const settle = (error?: SpeechError): void => {
      clearTimeout(timer)
      watch = () => undefined
      request.off('data', onData).off('end', onEnd).off('close', onGone).off('error', onGone)
      if (error === undefined) {
        return resolve({ body: Buffer.concat(chunks, bytes), receivedBytes: bytes, receiveSeconds: secondsSoFar() })
      }
      reservation.release()
      request.resume() // the rest is discarded, so that the client can read our answer
      reject(error)
    }
    watch = () => {
      clearTimeout(timer)
      const now = performance.now()
      const first = [whole, pace, drain].reduce((a, b) => b.at < a.at ? b : a)
      if (first.at <= now) settle(first.error())
      else timer = setTimeout(watch, Math.ceil(first.at - now))
    }
    const onData = (chunk: Buffer): void => {
      const now = performance.now()
      bytes += chunk.length
      chunks.push(chunk)
      pace.at = Math.min(now + paceSeconds * 1000, pace.at + chunk.length / limits.uploadBytesPerSecond * 1000)
      if (drain.at !== Infinity) drain.at = now + drainSeconds * 1000
      if (bytes > limits.maxUploadBytes) settle(limits.tooLarge(limits.maxUploadBytes))
      else if (!reservation.grow(chunk.length)) settle(noUploadMemory())
    }
    const onEnd = (): void => { settle() }
    const onGone = (): void => { settle(new SpeechError('CANCELLED')) }
    request.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone)
    watch()
  })
  return {
    upload,
    beginDrain() {
      drain.at = performance.now() + drainSeconds * 1000
      watch()
    },
  }
}
