/**
 * One body being read: into memory, against time.
 *
 * Three clocks run. The whole body has its time. Its pace is a bucket of patience: it is full at the start, time
 * drains it, and every byte fills it again by its time at the least rate, never beyond its size. So a stall is
 * forgiven up to that size, a slow sender is not cut before it has drained, and what was sent quickly at first is no
 * credit for later. And when the service shuts down, only a body that goes on arriving is waited for.
 */
import type { IncomingMessage } from 'node:http'
import { SpeechError } from '../../../domain/errors.js'
import { noRoom, shuttingDown } from '../refusals.js'
import type { Holding } from './upload-memory.js'

interface Patience {
  /** A connection of a phone that is lost and found again takes some seconds. */
  readonly paceSeconds: number
  /** Longer than the pieces in which a browser sends a recording while it is made. */
  readonly drainSeconds: number
}
const PATIENCE: Patience = { paceSeconds: 8, drainSeconds: 2 }

export interface BodyLimits {
  readonly maxUploadBytes: number
  readonly uploadSeconds: number
  /** How a body beyond `maxUploadBytes` is refused. */
  readonly tooLarge: (maxBytes: number) => SpeechError
  /** Least rate. */
  readonly uploadBytesPerSecond: number
  /** For tests, which have less of it. */
  readonly patience?: Patience
}

export interface Upload {
  readonly body: Buffer
  readonly receiveSeconds: number
}

export interface BodyRead {
  /** Rejects with UPLOAD_TOO_LARGE, UPLOAD_TOO_SLOW, QUEUE_FULL, SHUTTING_DOWN or CANCELLED. */
  readonly upload: Promise<Upload>
  /** The service shuts down: from now on, the body has to go on arriving. */
  beginDrain(): void
}

interface Clock {
  /** On the clock of `performance.now()`. */
  at: number
  readonly error: () => SpeechError
}

export function readBody(request: IncomingMessage, holding: Holding, limits: BodyLimits): BodyRead {
  const since = performance.now()
  const { paceSeconds, drainSeconds } = limits.patience ?? PATIENCE
  const chunks: Buffer[] = []
  let bytes = 0
  const secondsSoFar = (): number => (performance.now() - since) / 1000
  const tooSlow = (): SpeechError =>
    new SpeechError('UPLOAD_TOO_SLOW', `${bytes} bytes came within ${secondsSoFar().toFixed(1)} s`)
  const whole: Clock = { at: since + limits.uploadSeconds * 1000, error: tooSlow }
  const pace: Clock = { at: since + paceSeconds * 1000, error: tooSlow }
  const drain: Clock = { at: Infinity, error: shuttingDown }
  let watch = (): void => undefined
  const upload = new Promise<Upload>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    const settle = (error?: SpeechError): void => {
      clearTimeout(timer)
      watch = () => undefined
      request.off('data', onData).off('end', onEnd).off('close', onGone).off('error', onGone)
      if (error === undefined) return resolve({ body: Buffer.concat(chunks, bytes), receiveSeconds: secondsSoFar() })
      holding.release()
      request.resume() // what still comes is thrown away, so that the client can read our answer
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
      else if (!holding.grow(chunk.length)) settle(noRoom())
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
