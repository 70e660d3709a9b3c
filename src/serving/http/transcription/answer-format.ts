/**
 * Whether an answer is the report as JSON, its text alone, or server-sent events: by the parameter `format`, else by
 * the header `Accept`. Errors are JSON in any case.
 */
import { EVENT_STREAM } from './event-stream.js'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { TextFormatName } from '../../../domain/request.js'

export const ANSWER_FORMATS = ['json', 'text'] as const
type AnswerFormat = (typeof ANSWER_FORMATS)[number] | 'events'
export type Format = TextFormatName | (typeof ANSWER_FORMATS)[number]

export interface ChosenFormat {
  readonly answer: AnswerFormat
  /** How the text is spelled, where the parameter says that. */
  readonly spelling: { readonly format?: TextFormatName }
}

export function chooseFormat(format: Format | undefined, request: FastifyRequest): ChosenFormat {
  if (format === 'json' || format === 'text') return { answer: format, spelling: {} }
  return {
    answer: preferredOf(request.headers.accept),
    spelling: format === undefined ? {} : { format },
  }
}

/** The feedback token is a header, as on OpenAI's route. */
export function sendText(text: string, feedbackToken: string, reply: FastifyReply): string {
  void reply.header('earshot-feedback-token', feedbackToken).type('text/plain; charset=utf-8')
  return `${text}\n`
}

export function prefersEvents({ headers }: FastifyRequest): boolean {
  return preferredOf(headers.accept) === 'events'
}

/** RFC 9110, 12.5.1. A client that takes both equally, or anything, gets JSON. */
function preferredOf(accept: string | undefined): AnswerFormat {
  if (accept === undefined) return 'json'
  const ranges = new Map(accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const weight = parameters.find((parameter) => parameter.startsWith('q='))
    return [type, weight === undefined ? 1 : Number(weight.slice(2))]
  }))
  const weightOf = (...types: readonly string[]): number => types.flatMap((type) => ranges.get(type) ?? [])[0] ?? 0
  const json = weightOf('application/json', 'application/*', '*/*')
  const [text, events] = [weightOf('text/plain'), weightOf(EVENT_STREAM)]
  if (events > json && events >= text) return 'events'
  return text > json ? 'text' : 'json'
}
