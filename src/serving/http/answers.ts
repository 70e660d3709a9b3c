/**
 * Answers as people and programs read them: numbers without digits that mean nothing, and a line break at the end of
 * JSON, so that a terminal goes on in a new line. Computation and comparison use the exact numbers; they are rounded
 * here alone, when an answer leaves.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** Milliseconds: no model places a word more exactly. */
const SECONDS_DECIMALS = 3
/** Many stages take less than a millisecond. */
const STAGE_DECIMALS = 4
/** Of probabilities, their logarithms, levels and other measured values. */
const SIGNIFICANT_DIGITS = 4
/** Hits are compared by their scores, which external engines give on scales of their own. */
const SCORE_DIGITS = 5
const SCORE_DECIMALS = 4
/** Keys of times in seconds, besides those that end with `Seconds`. In `seconds` are the stages. */
const TIMES = new Set(['seconds', 'start', 'end', 'duration'])

/** Documents of measurements, which pages and programs compare: statistics of drift, the card of a model. */
const EXACT = new Set(['/v1/drift', '/v1/models/:id'])

/** Call it before any route is added. */
export function finishAnswers(app: FastifyInstance): void {
  app.addHook('preSerialization', async (request, _reply, payload) => isRounded(request) ? rounded(payload) : payload)
  app.addHook('onSend', async (request, reply, payload) => {
    const isJson = String(reply.getHeader('content-type') ?? '').startsWith('application/json')
    return isJson && isOfApi(request) && typeof payload === 'string' ? `${payload}\n` : payload
  })
}

function isRounded(request: FastifyRequest): boolean {
  return isOfApi(request) && !EXACT.has(request.routeOptions.url ?? '')
}

function isOfApi({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.url?.startsWith('/v1/') === true
}

/** A copy of plain data with rounded numbers; `decimals` of times. */
export function rounded(value: unknown, decimals?: number): unknown {
  if (typeof value === 'number') return decimals === undefined ? significant(value) : fixed(value, decimals)
  if (Array.isArray(value)) return value.map((item: unknown) => rounded(item, decimals))
  if (typeof value !== 'object' || value === null || value.constructor !== Object) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) =>
    [key, key === 'score' && typeof item === 'number' ? score(item)
      : rounded(item, decimals ?? decimalsOf(key, item))]))
}

function decimalsOf(key: string, item: unknown): number | undefined {
  if (key === 'seconds' && typeof item === 'object') return STAGE_DECIMALS
  return TIMES.has(key) || key.endsWith('Seconds') ? SECONDS_DECIMALS : undefined
}

function fixed(seconds: number, decimals: number): number {
  return Number.isFinite(seconds) ? Number(seconds.toFixed(decimals)) : seconds
}

function score(value: number): number {
  return Math.abs(value) < 1 ? significant(value, SCORE_DIGITS) : fixed(value, SCORE_DECIMALS)
}

/** Whole digits are kept: 7438.4 Hz become 7438. */
function significant(value: number, digits = SIGNIFICANT_DIGITS): number {
  if (!Number.isFinite(value) || Number.isInteger(value)) return value
  return Math.abs(value) >= 10 ** digits ? Math.round(value) : Number(value.toPrecision(digits))
}
