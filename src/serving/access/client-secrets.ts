/**
 * Short-lived secrets for browsers, which must not know an access key: a page gets one from its own server, which has a
 * key. A secret is signed by this process (HMAC-SHA256, RFC 2104) and holds all that is known of it, so none is stored
 * and their number needs no limit. After a restart, or at another replica, it is not valid.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const PREFIX = 'ek_'
const KEY_BYTES = 32

export interface ClientSecret {
  /** Name of the key that asked for it: its rights and shares are those of the key. */
  readonly keyName: string
  /** Unix time, milliseconds. */
  readonly expiresAt: number
  /** Configuration of the session that it opens. */
  readonly session: object
}

export function looksLikeClientSecret(text: string): boolean {
  return text.startsWith(PREFIX)
}

export class ClientSecrets {
  readonly #key = randomBytes(KEY_BYTES)

  issue(secret: ClientSecret): string {
    const payload = Buffer.from(JSON.stringify(secret)).toString('base64url')
    return `${PREFIX}${payload}.${this.#sign(payload).toString('base64url')}`
  }

  /** Undefined for a text that this process has not issued. Expired ones are read too. */
  read(text: string): ClientSecret | undefined {
    const [payload = '', signature = ''] = text.slice(PREFIX.length).split('.', 2)
    const [given, right] = [Buffer.from(signature, 'base64url'), this.#sign(payload)]
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined
    return JSON.parse(Buffer.from(payload, 'base64url').toString()) as ClientSecret
  }

  #sign(payload: string): Buffer {
    return createHmac('sha256', this.#key).update(payload).digest()
  }
}
