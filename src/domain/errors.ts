/**
 * The table of errors. A code is the stable name that clients program against; its HTTP status, whether a retry can
 * help, and how it is counted are decided here (malformed HTTP gets 400, 408 or 431, as its standard says). A test
 * checks that docs/errors.md lists the same entries.
 *
 * `SpeechError` is the only error that is thrown on purpose. A thrown error loses its class and code on the way to
 * another process, so it is sent as data: `toWire` serializes it in the worker, `fromWire` restores it in the server.
 */

/**
 * How an error is counted that ends a recognition request: refused before recognition, failed during it, or cancelled.
 * `outside` never ends one.
 */
type Counted = 'rejection' | 'error' | 'cancelled' | 'outside'

interface ErrorEntry {
  readonly status: number
  readonly retryable: boolean
  readonly counted: Counted
  readonly message: string
}

export const ERRORS = {
  REQUEST_INVALID: { status: 400, retryable: false, counted: 'rejection', message: 'The request is not valid' },
  PARAMETER_UNSUPPORTED: {
    status: 400, retryable: false, counted: 'rejection',
    message: 'This parameter or value is not supported',
  },
  LANGUAGE_UNSUPPORTED: {
    status: 400, retryable: false, counted: 'rejection',
    message: 'The model does not support this language',
  },
  AUDIO_MISSING: { status: 400, retryable: false, counted: 'rejection', message: 'The request has no audio' },
  TOKEN_INVALID: {
    status: 401, retryable: false, counted: 'outside',
    message: 'This is not a feedback token of this service',
  },
  KEY_MISSING: { status: 401, retryable: false, counted: 'outside', message: 'This service requires an access key' },
  KEY_INVALID: {
    status: 401, retryable: false, counted: 'outside',
    message: 'This is not an access key of this service',
  },
  KEY_EXPIRED: { status: 401, retryable: false, counted: 'outside', message: 'The access key has expired' },
  KEY_SCOPE: {
    status: 403, retryable: false, counted: 'outside',
    message: 'The access key does not have the scope that this route requires',
  },
  ORIGIN_REFUSED: {
    status: 403, retryable: false, counted: 'rejection',
    message: 'A web page of another origin may not do this',
  },
  ROUTE_NOT_FOUND: { status: 404, retryable: false, counted: 'outside', message: 'There is nothing at this address' },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false, counted: 'outside', message: 'This address has no such method' },
  MODEL_NOT_FOUND: { status: 404, retryable: false, counted: 'rejection', message: 'This model is not served here' },
  CATALOGUE_NOT_FOUND: {
    status: 404, retryable: false, counted: 'rejection',
    message: 'There is no catalogue of this name',
  },
  CLIP_NOT_FOUND: { status: 404, retryable: false, counted: 'outside', message: 'There is no such clip' },
  COLLECTION_OFF: { status: 404, retryable: false, counted: 'outside', message: 'This service collects no clips' },
  UPLOAD_TOO_SLOW: { status: 408, retryable: true, counted: 'rejection', message: 'The upload did not arrive in time' },
  FEEDBACK_DUPLICATE: {
    status: 409, retryable: false, counted: 'outside',
    message: 'This feedback on this answer was given before',
  },
  TOKEN_EXPIRED: { status: 410, retryable: false, counted: 'outside', message: 'The feedback token has expired' },
  UPLOAD_TOO_LARGE: {
    status: 413, retryable: false, counted: 'rejection',
    message: 'The upload is larger than the limit',
  },
  AUDIO_TOO_LONG: {
    status: 413, retryable: false, counted: 'rejection',
    message: 'The audio is longer than the limit',
  },
  CATALOGUE_TOO_LARGE: {
    status: 413, retryable: false, counted: 'outside',
    message: 'The catalogue is larger than the limit',
  },
  AUDIO_UNSUPPORTED: {
    status: 415, retryable: false, counted: 'rejection',
    message: 'This audio format is not supported',
  },
  ENCODING_UNSUPPORTED: {
    status: 415, retryable: false, counted: 'rejection',
    message: 'This encoding of the body is not supported',
  },
  HOST_REFUSED: {
    status: 421, retryable: false, counted: 'rejection',
    message: 'This service does not answer to this host name',
  },
  AUDIO_UNREADABLE: { status: 422, retryable: false, counted: 'rejection', message: 'The audio could not be decoded' },
  CATALOGUE_INVALID: { status: 422, retryable: false, counted: 'outside', message: 'The catalogue is not valid' },
  AUDIO_TOO_COSTLY: {
    status: 422, retryable: false, counted: 'rejection',
    message: 'Recognizing this audio takes more processor time than the limit',
  },
  TRANSCRIPT_OTHER: {
    status: 422, retryable: false, counted: 'outside',
    message: 'The transcript is not the one that the token was issued for',
  },
  QUEUE_FULL: {
    status: 429, retryable: true, counted: 'rejection',
    message: 'The service is too busy for this request',
  },
  CANCELLED: {
    status: 499, retryable: false, counted: 'cancelled',
    message: 'The client disconnected before the answer was ready',
  },
  RECOGNIZER_FAILED: { status: 500, retryable: false, counted: 'error', message: 'The model failed on this audio' },
  RECOGNIZER_CRASHED: {
    status: 500, retryable: true, counted: 'error',
    message: 'The recognition worker died during this request, twice',
  },
  INTERNAL: { status: 500, retryable: false, counted: 'error', message: 'The service failed with an unexpected error' },
  OUT_OF_MEMORY: {
    status: 503, retryable: true, counted: 'error',
    message: 'The recognition workers could not allocate the memory that this request needs',
  },
  NOT_READY: { status: 503, retryable: true, counted: 'rejection', message: 'No recognition worker is ready' },
  COLLECTION_UNAVAILABLE: {
    status: 503, retryable: true, counted: 'outside',
    message: 'The collection of clips does not respond',
  },
  CATALOGUE_NOT_TAKEN: {
    status: 503, retryable: true, counted: 'outside',
    message: 'The recognition workers did not accept the catalogue',
  },
  TOO_MANY_CONNECTIONS: {
    status: 503, retryable: true, counted: 'rejection',
    message: 'Too many connections are open',
  },
  SHUTTING_DOWN: { status: 503, retryable: true, counted: 'rejection', message: 'The service is shutting down' },
  DEADLINE_PASSED: {
    status: 504, retryable: true, counted: 'error',
    message: 'Recognition did not finish before its deadline',
  },
  CONFIG_INVALID: { status: 500, retryable: false, counted: 'outside', message: 'A setting is not valid' },
  MODEL_INVALID: {
    status: 500, retryable: false, counted: 'outside',
    message: 'The model does not match its manifest',
  },
  MODEL_FILE_MISSING: { status: 500, retryable: false, counted: 'outside', message: 'A file of the model is missing' },
  MODEL_FILE_ALTERED: {
    status: 500, retryable: false, counted: 'outside',
    message: 'A file of the model does not have the checksum of its manifest',
  },
  MODEL_FETCH_FAILED: { status: 500, retryable: true, counted: 'outside', message: 'The model could not be fetched' },
  BASELINE_INVALID: { status: 500, retryable: false, counted: 'outside', message: 'The drift baseline is not valid' },
  BASELINE_MISMATCH: {
    status: 500, retryable: false, counted: 'outside',
    message: 'The drift baseline was made for something else',
  },
  CONFIDENCE_INVALID: {
    status: 500, retryable: false, counted: 'outside',
    message: 'The calibration of the model is not valid',
  },
  COLLECTION_INVALID: {
    status: 500, retryable: false, counted: 'outside',
    message: 'The collection of clips cannot be used',
  },
  MODEL_CARD_INVALID: { status: 500, retryable: false, counted: 'outside', message: 'The model card is not valid' },
  CLIPS_INVALID: { status: 500, retryable: false, counted: 'outside', message: 'The clips cannot be used' },
  PROVIDER_UNAVAILABLE: {
    status: 500, retryable: false, counted: 'outside',
    message: 'No execution provider of the list can be used',
  },
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof ERRORS
export const ERROR_CODES = Object.keys(ERRORS) as readonly ErrorCode[]

export interface ErrorExtras {
  /** The request parameter at fault. */
  readonly parameter?: string
  /** When a retry may succeed; becomes `Retry-After`. */
  readonly retryAfterSeconds?: number
  readonly cause?: unknown
}

/** An error of the table; `detail` says what was expected in this case and what came. */
export class SpeechError extends Error {
  readonly code: ErrorCode
  /** The message without the sentence of the table, for an error that another one quotes. */
  readonly detail: string
  readonly parameter: string | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(code: ErrorCode, detail?: string, extras: ErrorExtras = {}) {
    super(detail === undefined ? ERRORS[code].message : `${ERRORS[code].message}: ${detail}`, { cause: extras.cause })
    this.name = 'SpeechError'
    this.code = code
    this.detail = detail ?? ERRORS[code].message
    this.parameter = extras.parameter
    this.retryAfterSeconds = extras.retryAfterSeconds
  }

  get status(): number { return ERRORS[this.code].status }
  get retryable(): boolean { return ERRORS[this.code].retryable }
}

/** An error as it is sent to another process. */
export interface WireError {
  readonly code: ErrorCode
  readonly message: string
  readonly parameter?: string
  readonly retryAfterSeconds?: number
  /** For the log only, never for a client. */
  readonly stack?: string
}

/** Any thrown value as data; one that is not a SpeechError gets the code `otherwise`. */
export function toWire(thrown: unknown, otherwise: ErrorCode = 'INTERNAL'): WireError {
  const error = thrown instanceof SpeechError
    ? thrown
    : new SpeechError(otherwise, thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown })
  const origin = error.cause instanceof Error ? error.cause : error
  return {
    code: error.code,
    message: error.message,
    ...(error.parameter !== undefined && { parameter: error.parameter }),
    ...(error.retryAfterSeconds !== undefined && { retryAfterSeconds: error.retryAfterSeconds }),
    ...(origin.stack !== undefined && { stack: origin.stack }),
  }
}

export function fromWire(wire: WireError): SpeechError {
  const error = new SpeechError(wire.code, undefined, {
    ...(wire.parameter !== undefined && { parameter: wire.parameter }),
    ...(wire.retryAfterSeconds !== undefined && { retryAfterSeconds: wire.retryAfterSeconds }),
  })
  error.message = wire.message
  if (wire.stack !== undefined) error.stack = wire.stack
  return error
}

const MAX_LISTED_LANGUAGES = 12

/** LANGUAGE_UNSUPPORTED, with the first languages that the model supports. */
export function languageUnsupported(
  model: string, known: readonly string[], requested: readonly string[], parameter: 'language' | 'languages',
): SpeechError {
  const first = known.slice(0, MAX_LISTED_LANGUAGES).join(', ')
  const listed = known.length > MAX_LISTED_LANGUAGES ? `${first}, …` : first
  const refused = requested.slice(0, MAX_LISTED_LANGUAGES).map((language) => `"${language.slice(0, 20)}"`).join(', ')
  const detail = `${model} supports ${listed}, not ${refused}`
  return new SpeechError('LANGUAGE_UNSUPPORTED', detail, { parameter })
}
