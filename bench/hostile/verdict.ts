/** What one answer means: counted, sent again, or a fault. */
import type { Exchange } from '../exchange.js'
import { ERROR_CODES, ERRORS, type ErrorCode } from '../../src/errors.js'

export interface Verdict {
  /** Status and code, as they are counted. */
  readonly outcome: string
  /** Undefined for an answer as it should be. */
  readonly fault?: string
  /** Refused because the service is busy: the input has not been tried. */
  readonly again: boolean
}

/** Statuses of errors that are about load and may be tried again; a worker that died twice is none of them. */
const BUSY = [429, 503, 504]
const MOST_FAULT_CHARACTERS = 300

export function judge({ status, failure, body }: Exchange): Verdict {
  if (status === 0) return { outcome: `no answer (${failure})`, fault: `no answer: ${failure}`, again: false }
  if (status < 400) return { outcome: String(status), again: false }
  const code = codeOf(body)
  const outcome = `${status} ${code ?? 'without a code'}`
  if (code === undefined)
    return { outcome, fault: `no code of the table: ${body.slice(0, MOST_FAULT_CHARACTERS)}`, again: false }
  if (BUSY.includes(status) && ERRORS[code].retryable) return { outcome, again: true }
  if (status >= 500) return { outcome, fault: body.slice(0, MOST_FAULT_CHARACTERS), again: false }
  return { outcome, again: false }
}

function codeOf(body: string): ErrorCode | undefined {
  if (!body.startsWith('{')) return undefined
  const { error } = JSON.parse(body) as { error?: { code?: string } }
  return ERROR_CODES.find((code) => code === error?.code)
}
