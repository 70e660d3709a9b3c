/** Refusals that more than one part of the HTTP side has to tell, and when a client may try again. */
import { SpeechError } from '../../domain/errors.js'

/** Of statuses that say "later", where nobody knows better. */
const LATER_SECONDS = 1
const LATER = new Set([429, 503])

/** For `Retry-After`: whole seconds, at least 1; undefined where waiting does not help. */
export function retryAfterOf({ status, retryAfterSeconds }: SpeechError): number | undefined {
  const seconds = retryAfterSeconds ?? (LATER.has(status) ? LATER_SECONDS : undefined)
  return seconds === undefined ? undefined : Math.max(1, Math.ceil(seconds))
}

export function tooLarge(maxBytes: number): SpeechError {
  return new SpeechError('UPLOAD_TOO_LARGE', `at most ${maxBytes} bytes`)
}

export function noRoom(): SpeechError {
  return new SpeechError('QUEUE_FULL', 'too many bytes are being uploaded, by all or by this client')
}

export function shuttingDown(): SpeechError {
  return new SpeechError('SHUTTING_DOWN')
}
