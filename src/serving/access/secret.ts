/**
 * Generates, recognizes and hashes access keys.
 *
 * A key has 256 random bits, so it cannot be guessed, and no list of likely keys exists. A slow password hash (scrypt,
 * Argon2) protects secrets that people choose; for a random key of this size one round of SHA-256 is as safe, and it
 * costs a microsecond at each request. NIST SP 800-63B (5.1.2.2, look-up secrets) draws this line at 112 bits of
 * entropy.
 *
 * The prefix is for secret scanners: `earshot_[0-9a-f]{64}` matches nothing else. Hexadecimal digits need no escaping
 * in shells and YAML, and a double click selects all of them.
 */
import { createHash, randomBytes } from 'node:crypto'

const PREFIX = 'earshot_'
const KEY_BYTES = 32
const KEY = new RegExp(`^${PREFIX}[0-9a-f]{${2 * KEY_BYTES}}$`)

export function createKey(): string {
  return PREFIX + randomBytes(KEY_BYTES).toString('hex')
}

/** Whether a text has the form of a key; anything else need not be hashed. */
export function looksLikeKey(text: string): boolean {
  return KEY.test(text)
}

/** SHA-256 of a key, in hexadecimal digits. */
export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}
