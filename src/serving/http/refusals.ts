/** Refusals that several parts of the HTTP side share, and when a client may retry. */
import { SpeechError } from '../../domain/errors.js'

/** For statuses that ask for a retry, where the error gives no time. */
const RETRY_SECONDS = 1
const RETRYABLE_STATUSES = new Set([429, 503])

/** For `Retry-After`: whole seconds, at least 1; undefined where a retry does not help. */
export function retryAfterOf({ status, retryAfterSeconds }: SpeechError): number | undefined {
  const seconds = retryAfterSeconds ?? (RETRYABLE_STATUSES.has(status) ? RETRY_SECONDS : undefined)
  return seconds === undefined ? undefined : Math.max(1, Math.ceil(seconds))
}

export function tooLarge(maxBytes: number): SpeechError {
  return new SpeechError('UPLOAD_TOO_LARGE', `at most ${maxBytes} bytes`)
}

export function noUploadMemory(): SpeechError {
  return new SpeechError('QUEUE_FULL', 'too many bytes are being uploaded, by all or by this client')
}

export function shuttingDown(): SpeechError {
  return new SpeechError('SHUTTING_DOWN')
}
