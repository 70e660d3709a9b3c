/**
 * Whether an answer is the report as JSON or its text alone: by the parameter `format`, else by the header `Accept`.
 * Errors are JSON in either case.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { TextFormatName } from '../../../domain/request.js'

export const ANSWER_FORMATS = ['json', 'text'] as const
type AnswerFormat = (typeof ANSWER_FORMATS)[number]
export type Format = TextFormatName | AnswerFormat

export interface ChosenFormat {
  readonly answer: AnswerFormat
  /** How the text is spelled, where the parameter says that. */
  readonly spelling: { readonly format?: TextFormatName }
}

export function chooseFormat(format: Format | undefined, request: FastifyRequest): ChosenFormat {
  if (format === 'json' || format === 'text') return { answer: format, spelling: {} }
  return {
    answer: prefersText(request.headers.accept) ? 'text' : 'json',
    spelling: format === undefined ? {} : { format },
  }
}

/** The feedback token is a header, as on OpenAI's route. */
export function sendText(text: string, feedbackToken: string, reply: FastifyReply): string {
  void reply.header('earshot-feedback-token', feedbackToken).type('text/plain; charset=utf-8')
  return `${text}\n`
}

/** RFC 9110, 12.5.1. A client that takes both equally, or anything, gets JSON. */
function prefersText(accept: string | undefined): boolean {
  if (accept === undefined) return false
  const ranges = new Map(accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const weight = parameters.find((parameter) => parameter.startsWith('q='))
    return [type, weight === undefined ? 1 : Number(weight.slice(2))]
  }))
  const weightOf = (...types: readonly string[]): number => types.flatMap((type) => ranges.get(type) ?? [])[0] ?? 0
  return ranges.has('text/plain') && weightOf('text/plain') > weightOf('application/json', 'application/*', '*/*')
}
