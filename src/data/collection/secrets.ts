/**
 * What the key file of a collection is used for: encryption, and pseudonyms of requests and sessions. Each use has a
 * key of its own (HKDF, RFC 5869), so that the pseudonyms in names of objects say nothing about the key of their
 * content.
 */
import { createHmac, hkdfSync } from 'node:crypto'
import { SpeechError } from '../../domain/errors.js'
import { readPlainFile } from '../../domain/plain-file.js'

export interface CollectionSecrets {
  /** 32 bytes; undefined: nothing is encrypted. */
  readonly encryption: Buffer | undefined
  readonly pseudonyms: Buffer
  /** Tells keys apart without saying anything about them; null without one. */
  readonly fingerprint: string | null
}

export const KEY_BYTES = 32
/** Of a pseudonym: 96 bits, as hexadecimal digits. */
export const PSEUDONYM_DIGITS = 24
const MAX_FILE_BYTES = 1_024
const HEXADECIMAL = /^[0-9a-f]{64}$/i
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/

/** Without a key file, a pseudonym is a plain hash: it can be found by trying likely identifiers. */
const NO_KEY_PSEUDONYMS = Buffer.from('earshot collection without a key')

export function secretsOf(key: Buffer | undefined): CollectionSecrets {
  if (key === undefined) return { encryption: undefined, pseudonyms: NO_KEY_PSEUDONYMS, fingerprint: null }
  const derive = (use: string): Buffer =>
    Buffer.from(hkdfSync('sha256', key, '', `earshot collection ${use}`, KEY_BYTES))
  return {
    encryption: derive('encryption'),
    pseudonyms: derive('pseudonyms'),
    fingerprint: derive('fingerprint').toString('hex'),
  }
}

/** Throws CONFIG_INVALID; no message repeats the content. */
export function readKeyFile(file: string): Buffer {
  const invalid = (why: string, cause?: unknown): SpeechError =>
    new SpeechError('CONFIG_INVALID', `EARSHOT_COLLECT_KEY_FILE: ${file} ${why}`, { cause })
  let text: string
  try {
    text = readPlainFile(file, MAX_FILE_BYTES).toString('latin1').trim()
  } catch (cause) {
    throw invalid(`cannot be read (${(cause as Error).message})`, cause)
  }
  if (HEXADECIMAL.test(text)) return Buffer.from(text, 'hex')
  if (BASE64.test(text)) return Buffer.from(text, 'base64')
  throw invalid(`must hold ${KEY_BYTES} random bytes as hexadecimal digits or base64; make one with `
    + '`npm run collected -- make-key FILE`')
}

/** The same for the same identifier and key; `kind` keeps requests and sessions apart. */
export function pseudonymOf(
  kind: 'request' | 'session', identifier: string, { pseudonyms }: Pick<CollectionSecrets, 'pseudonyms'>,
): string {
  return createHmac('sha256', pseudonyms).update(`${kind} ${identifier}`).digest('hex').slice(0, PSEUDONYM_DIGITS)
}
