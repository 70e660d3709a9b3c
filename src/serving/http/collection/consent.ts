/**
 * Whether a user agreed that this request may be kept. Only the exact value `yes` agrees; any other value is a refusal,
 * which no setting overrides. The answer does not say what was decided: a draw that a client can see is none.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Consent } from '../../../domain/choices.js'

export const CONSENT_HEADER = 'earshot-collect'

export function mayCollect(headers: IncomingHttpHeaders, consent: Consent): boolean {
  const said = headers[CONSENT_HEADER]
  return said === undefined ? consent === 'everyone' : said === 'yes'
}
