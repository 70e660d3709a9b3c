/** What one answer means: it is counted, the input is sent again, or it is a fault. */
import { ERROR_CODES, ERRORS } from '../../src/domain/errors.js'
import { errorCode, type Exchange } from '../../fixtures/kit/exchange.js'

export interface Verdict {
  /** Status and code, as they are counted. */
  readonly outcome: string
  /** Undefined for an answer as it should be. */
  readonly fault?: string
  /** Refused because the service is busy: the input has not been tried. */
  readonly again: boolean
}

/** Statuses that mean load. Their errors may be tried again; that a worker died is a fault, though it may be too. */
const BUSY = [429, 503, 504]
const MOST_FAULT_CHARACTERS = 300

/** A refusal without a code of the table is a fault, and so is one that is no JSON at all. */
export function judge(exchange: Exchange): Verdict {
  const { status, failure, body } = exchange
  if (status === 0) return { outcome: `no answer (${failure})`, fault: `no answer: ${failure}`, again: false }
  if (status < 400) return { outcome: String(status), again: false }
  const said = errorCode(exchange)
  const code = ERROR_CODES.find((known) => known === said)
  const outcome = `${status} ${code ?? 'without a code'}`
  const shown = body.slice(0, MOST_FAULT_CHARACTERS)
  if (code === undefined) return { outcome, fault: `no code of the table: ${shown}`, again: false }
  if (BUSY.includes(status) && ERRORS[code].retryable) return { outcome, again: true }
  if (status >= 500) return { outcome, fault: shown, again: false }
  return { outcome, again: false }
}
