/**
 * The responses of the operations in /openapi.json: what a route sends when it succeeds, with its headers and examples,
 * and for each status of an error the codes that come with it. Errors of routes that give the same ones are one
 * component, named after their codes.
 */
import type { TSchema } from 'typebox'
import type { Access } from '../../../domain/scopes.js'
import { ERRORS, SpeechError, type ErrorCode } from '../../../domain/errors.js'
import { errorBody } from '../replies.js'
import type { Answers } from './answers.js'
import { headerReferences, HEADERS, type HeaderName } from './headers.js'

/** An object of the OpenAPI document. */
export type Json = Record<string, unknown>

export interface RouteFacts {
  readonly access: Access
  readonly answers: Answers
  readonly form: TSchema | undefined
  /** Load balancers ask for it under other host names (`browsers.ts`). */
  readonly isProbe: boolean
}

/** Of every route: the request itself is refused, or the service fails. */
const COMMON_ERRORS = [
  'REQUEST_INVALID', 'ORIGIN_REFUSED', 'TOO_MANY_CONNECTIONS', 'INTERNAL',
] as const satisfies readonly ErrorCode[]
/** Of every answer. */
const COMMON_HEADERS = ['x-request-id', 'earshot-ignored-parameters'] as const
const KEY_ERRORS = [
  'KEY_MISSING', 'KEY_INVALID', 'KEY_EXPIRED', 'KEY_SCOPE',
] as const satisfies readonly ErrorCode[]

/** In examples. */
const REQUEST_ID = '6f0c8f4e-0d6e-4b39-9a54-3a4b6f4b8f5c'

/** Every code that the route may answer with, in the order of the table. */
export function errorsOf({ access, answers, isProbe }: RouteFacts): ErrorCode[] {
  const codes = new Set<ErrorCode>([
    ...COMMON_ERRORS,
    ...isProbe ? [] : ['HOST_REFUSED' as const],
    ...access === 'open' ? [] : KEY_ERRORS.filter((code) => access !== 'any' || code !== 'KEY_SCOPE'),
    ...answers.errors ?? [],
  ])
  return (Object.keys(ERRORS) as ErrorCode[]).filter((code) => codes.has(code))
}

/** `given`: what the schemas of the route say, whose successful answers are kept. */
export function responsesOf(given: Json, facts: RouteFacts, components: ErrorComponents): Json {
  const { answers } = facts
  const headers = headerReferences([...COMMON_HEADERS, ...answers.headers ?? []])
  const sent = Object.entries(given).map(([status, response]) => {
    const { content, description } = response as { content?: Json; description?: string }
    const complete = status.startsWith('2') ? contentOf(content, answers) : content
    return [status, {
      description: answers.description ?? description, headers, ...complete && { content: complete },
    }]
  })
  const answered = Object.fromEntries(sent) as Record<string, Json>
  const refused = [...byStatus(errorsOf(facts))].map(([status, codes]) => {
    const response = answered[status]
    return [status, response === undefined ? components.refer(status, codes) : either(response, status, codes)]
  })
  return { ...answered, ...Object.fromEntries(refused) as Json }
}

function byStatus(codes: readonly ErrorCode[]): ReadonlyMap<number, readonly ErrorCode[]> {
  const statuses = new Map<number, ErrorCode[]>()
  for (const code of codes) {
    const { status } = ERRORS[code]
    statuses.set(status, [...statuses.get(status) ?? [], code])
  }
  return statuses
}

/** An answer of the route and errors with the same status, as of a probe. */
function either(response: Json, status: number, codes: readonly ErrorCode[]): Json {
  const error = errorResponse(status, codes)
  const [given, other] = [response, error].map(({ content }) => (content as Record<string, Json>)['application/json'])
  return {
    description: `${String(response.description)} Or ${String(error.description)}`,
    headers: { ...response.headers as Json, 'retry-after': { ...HEADERS['retry-after'], required: false } },
    content: { 'application/json': { schema: { anyOf: [given?.schema, other?.schema] } } },
  }
}

function contentOf(given: Json | undefined, { content, example }: Answers): Json | undefined {
  if (content !== undefined) {
    return mapValues(content, ({ schema, examples }) =>
      ({ schema: { ...schema }, ...examples && { examples: namedExamples(examples) } }))
  }
  if (given === undefined || example === undefined) return given
  return mapValues(given, (media) => ({ ...media as Json, examples: namedExamples({ example }) }))
}

function namedExamples(examples: Readonly<Record<string, unknown>>): Json {
  return mapValues(examples, (value) => ({ value }))
}

export function mapValues<T>(object: Readonly<Record<string, T>>, change: (value: T) => unknown): Json {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]))
}

/** Components for the errors that were asked for, and no others. */
export class ErrorComponents {
  readonly responses: Json = {}
  readonly examples: Json = {}

  refer(status: number, codes: readonly ErrorCode[]): Json {
    const name = codes.join('.')
    this.responses[name] ??= errorResponse(status, codes)
    for (const code of codes) this.examples[code] ??= exampleOf(code)
    return { $ref: `#/components/responses/${name}` }
  }
}

function errorResponse(status: number, codes: readonly ErrorCode[]): Json {
  const challenged = codes.some((code) => code.startsWith('KEY_'))
  const names: HeaderName[] = [
    ...COMMON_HEADERS, ...status === 429 || status === 503 ? ['retry-after' as const] : [],
    ...challenged ? ['www-authenticate' as const] : [],
    ...codes.includes('ENCODING_UNSUPPORTED') ? ['accept-encoding' as const] : [],
  ]
  const narrowed = { properties: { error: { properties: { code: { enum: codes } } } } }
  return {
    description: codes.map((code) => `\`${code}\`: ${ERRORS[code].message}.`).join(' '),
    headers: headerReferences(names),
    content: {
      'application/json': {
        schema: { allOf: [{ $ref: '#/components/schemas/Error' }, narrowed] },
        examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
      },
    },
  }
}

function exampleOf(code: ErrorCode): Json {
  return { summary: ERRORS[code].message, value: errorBody(new SpeechError(code), REQUEST_ID) }
}
