/**
 * Encryption at rest: AES-256-GCM (NIST SP 800-38D) with a random nonce for each object. The key of the object is
 * authenticated with it, so that an object cannot take the place of another one. WebCrypto works in the thread pool, so
 * a large upload does not hold up the server.
 *
 * Layout: version byte, 12 bytes of nonce, ciphertext, 16 bytes of tag. Random nonces are good for 2³² objects of one
 * key.
 */
import { randomBytes, webcrypto } from 'node:crypto'
import { SpeechError } from '../../domain/errors.js'

export interface Cipher {
  seal(name: string, content: Uint8Array): Promise<Buffer>
  /** Throws COLLECTION_INVALID for what was not sealed with this key under this name, or was altered. */
  open(name: string, sealed: Buffer): Promise<Buffer>
}

const VERSION = 1
const NONCE_BYTES = 12
const HEADER_BYTES = 1 + NONCE_BYTES
const TAG_BYTES = 16

/** For collections without a key. */
export const PLAIN: Cipher = {
  async seal(_name, content) { return Buffer.from(content.buffer, content.byteOffset, content.byteLength) },
  async open(_name, sealed) { return sealed },
}

/** `key`: 32 bytes. */
export async function openCipher(key: Buffer): Promise<Cipher> {
  const secret = await webcrypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt'])
  const parameters = (name: string, iv: Buffer): webcrypto.AesGcmParams =>
    ({ name: 'AES-GCM', iv, additionalData: Buffer.from(name), tagLength: 8 * TAG_BYTES })
  return {
    async seal(name, content) {
      const nonce = randomBytes(NONCE_BYTES)
      const sealed = await webcrypto.subtle.encrypt(parameters(name, nonce), secret, content)
      return Buffer.concat([Buffer.of(VERSION), nonce, Buffer.from(sealed)])
    },
    async open(name, sealed) {
      const invalid = (cause?: unknown): SpeechError => new SpeechError('COLLECTION_INVALID',
        `${name} was altered, or was encrypted with another key or for another place`, { cause })
      if (sealed[0] !== VERSION || sealed.length < HEADER_BYTES + TAG_BYTES) throw invalid()
      const nonce = sealed.subarray(1, HEADER_BYTES)
      return Buffer.from(await webcrypto.subtle.decrypt(parameters(name, nonce), secret, sealed.subarray(HEADER_BYTES))
        .catch((cause: unknown) => { throw invalid(cause) }))
    },
  }
}
