/**
 * Answers as people and programs read them: numbers without digits that mean nothing, and a line break at the end of
 * JSON, so that a terminal goes on in a new line. Computation and comparison use the exact numbers; they are rounded
 * here alone, when an answer leaves.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** Milliseconds: no model and no clock of a worker is more exact. */
const SECONDS_DECIMALS = 3
/** Of probabilities, their logarithms, levels and other measured values. */
const SIGNIFICANT_DIGITS = 4
/** Keys of times in seconds, besides those that end with `Seconds`. In `seconds` are the stages. */
const TIMES = new Set(['seconds', 'start', 'end', 'duration'])

/** Call it before any route is added. */
export function finishAnswers(app: FastifyInstance): void {
  app.addHook('preSerialization', async (request, _reply, payload) => isOfApi(request) ? rounded(payload) : payload)
  app.addHook('onSend', async (request, reply, payload) => {
    const isJson = String(reply.getHeader('content-type') ?? '').startsWith('application/json')
    return isJson && isOfApi(request) && typeof payload === 'string' ? `${payload}\n` : payload
  })
}

function isOfApi({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.url?.startsWith('/v1/') === true
}

/** A copy of plain data with rounded numbers. */
export function rounded(value: unknown, isTime = false): unknown {
  if (typeof value === 'number') return isTime ? decimals(value) : significant(value)
  if (Array.isArray(value)) return value.map((item: unknown) => rounded(item, isTime))
  if (typeof value !== 'object' || value === null || value.constructor !== Object) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) =>
    [key, rounded(item, isTime || TIMES.has(key) || key.endsWith('Seconds'))]))
}

function decimals(seconds: number): number {
  return Number.isFinite(seconds) ? Number(seconds.toFixed(SECONDS_DECIMALS)) : seconds
}

/** Whole digits are kept: 7438.4 Hz become 7438. */
function significant(value: number): number {
  if (!Number.isFinite(value) || Number.isInteger(value)) return value
  return Math.abs(value) >= 10 ** SIGNIFICANT_DIGITS ? Math.round(value) : Number(value.toPrecision(SIGNIFICANT_DIGITS))
}
