/**
 * Any error as one envelope: that of OpenAI, which `openai` clients already read, with fields of our own that clients
 * may program against (`code`, `retryable`).
 */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { ERRORS, SpeechError } from '../../domain/errors.js'
import { violated } from './parameters/messages.js'
import { retryAfterOf } from './refusals.js'

export interface ErrorBody {
  readonly error: {
    readonly message: string
    readonly type: string
    readonly param: string | null
    readonly code: string
    readonly retryable: boolean
    readonly requestId: string
  }
}

/** Whatever Fastify or a bug threw, as an error of the table. */
export function asSpeechError(error: unknown): SpeechError {
  if (error instanceof SpeechError) return error
  const { code = '', statusCode = 500, message, validation, validationContext = '' } = error as Partial<FastifyError>
  if (!code.startsWith('FST_') || statusCode >= 500) return refusedByPlugin(statusCode, error)
  if (validation !== undefined) return violated(validation, validationContext, error)
  return new SpeechError('REQUEST_INVALID', message, { cause: error })
}

/** A plugin may refuse a request too: the one that serves files refuses impossible paths. */
function refusedByPlugin(status: number, cause: unknown): SpeechError {
  if (status < 400 || status >= 500) return new SpeechError('INTERNAL', undefined, { cause })
  return new SpeechError(status === 403 || status === 404 ? 'ROUTE_NOT_FOUND' : 'REQUEST_INVALID', undefined, { cause })
}

export function errorBody(error: SpeechError, requestId: string): ErrorBody {
  return {
    error: {
      message: error.message,
      type: openAiType(error.status),
      param: error.parameter ?? null,
      code: error.code,
      retryable: ERRORS[error.code].retryable,
      requestId,
    },
  }
}

export async function replyWithError(
  error: SpeechError, request: FastifyRequest, reply: FastifyReply,
): Promise<FastifyReply> {
  if (error.status >= 500 && !error.retryable) {
    request.log.error({ err: error.cause ?? error, code: error.code }, 'request failed')
  }
  const retryAfterSeconds = retryAfterOf(error)
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds))
  // RFC 9110, 15.5.16
  if (error.code === 'ENCODING_UNSUPPORTED') void reply.header('accept-encoding', 'gzip, deflate, br')
  // The rest of a body that arrives too slowly is not waited for.
  if (error.code === 'UPLOAD_TOO_SLOW') void reply.header('connection', 'close')
  return reply.code(error.status).type('application/json').send(errorBody(error, request.id))
}

function openAiType(status: number): string {
  if (status === 429) return 'rate_limit_error'
  return status < 500 ? 'invalid_request_error' : 'server_error'
}
