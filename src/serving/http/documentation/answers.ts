/**
 * What /openapi.json says of the answers of a route beyond the schemas by which they are serialized: declared beside
 * the route, in its `config`, so that who changes the route sees it.
 */
import type { TSchema } from 'typebox'
import type { ErrorCode } from '../../../domain/errors.js'
import type { HeaderName } from './headers.js'

/** One media type of an answer. */
export interface AnswerContent {
  readonly schema: TSchema
  readonly examples?: Readonly<Record<string, unknown>>
}

export interface Answers {
  /** Of the successful answer, where no schema of the route has one. */
  readonly description?: string
  /** Errors of this route, besides those that every route has (`responses.ts`). */
  readonly errors?: readonly ErrorCode[]
  /** Headers of the successful answer, besides those that every answer has. */
  readonly headers?: readonly HeaderName[]
  /** Media types of the successful answer that the route writes itself; by default JSON, by its schema. */
  readonly content?: Readonly<Record<string, AnswerContent>>
  /** Of a successful answer in JSON. */
  readonly example?: unknown
}

declare module 'fastify' {
  interface FastifyContextConfig {
    answers?: Answers
    /** A form that the route takes besides the bodies of its schema. */
    form?: TSchema
  }
}

/** Of routes that read a body under the limits of uploads. */
export const UPLOAD_ERRORS = [
  'UPLOAD_TOO_SLOW', 'UPLOAD_TOO_LARGE', 'ENCODING_UNSUPPORTED', 'QUEUE_FULL', 'SHUTTING_DOWN',
] as const satisfies readonly ErrorCode[]

/** Of recognition, whoever asked for it. */
export const RECOGNITION_ERRORS = [
  'AUDIO_MISSING', 'AUDIO_TOO_LONG', 'AUDIO_UNSUPPORTED', 'AUDIO_UNREADABLE', 'AUDIO_TOO_COSTLY', 'QUEUE_FULL',
  'RECOGNIZER_FAILED', 'RECOGNIZER_CRASHED', 'OUT_OF_MEMORY', 'NOT_READY', 'SHUTTING_DOWN', 'DEADLINE_PASSED',
] as const satisfies readonly ErrorCode[]

/** Of routes that recognize an upload as its request asks. */
export const TRANSCRIPTION_ERRORS = [
  'PARAMETER_UNSUPPORTED', 'LANGUAGE_UNSUPPORTED', 'MODEL_NOT_FOUND', ...UPLOAD_ERRORS, ...RECOGNITION_ERRORS,
] as const satisfies readonly ErrorCode[]
