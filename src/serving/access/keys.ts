/**
 * The access keys of a running service: verifies requests and follows changes of the keys file.
 *
 * The file is polled every second instead of being watched: a poll is one `stat`, and it detects what watchers miss, a
 * rename over the file, the links that Kubernetes exchanges, and network file systems. A version that cannot be read
 * changes nothing: the keys that were read last stay in use, so a mistake neither opens nor closes the service.
 */
import { timingSafeEqual } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { ClientSecrets, looksLikeClientSecret } from './client-secrets.js'
import { readKeys, type KeyEntry } from './keys-file.js'
import { allows, type Access, type Refusal, type Scope } from '../../domain/scopes.js'
import { hashKey, looksLikeKey } from './secret.js'

const POLL_MS = 1_000
/** RFC 6750, 2.1; the name of a scheme is case-insensitive (RFC 9110, 11.1). */
const BEARER = /^bearer +(\S+) *$/i

/**
 * The name of the key, or why the request is refused; the refusal of a known key has its name too. `session`: what a
 * client secret opens.
 */
export type Verdict =
  | { readonly name: string; readonly refusal?: Refusal; readonly session?: object }
  | { readonly name?: undefined; readonly refusal: Refusal }

interface Key {
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly sha256: Buffer
  /** Unix time in milliseconds. */
  readonly expiresAt: number
}

export interface KeysEvents {
  /** Called with the names of all keys whenever the file has been read. */
  onKeys(names: readonly string[]): void
  /** Called once for each version of the file that cannot be read. */
  onStale(error: unknown): void
}

export class AccessKeys {
  readonly clientSecrets = new ClientSecrets()
  readonly #file: string
  readonly #events: KeysEvents
  #keys: readonly Key[] = []
  #version = ''
  #timer: NodeJS.Timeout | undefined
  #stale = false

  private constructor(file: string, events: KeysEvents) {
    this.#file = file
    this.#events = events
  }

  /** Throws CONFIG_INVALID when the file is missing or not valid: with this setting, no service starts without keys. */
  static async open(file: string, events: KeysEvents, pollMs = POLL_MS): Promise<AccessKeys> {
    const keys = new AccessKeys(file, events)
    keys.#version = await versionOf(file)
    keys.#replace(await readKeys(file))
    keys.#pollIn(pollMs)
    return keys
  }

  get count(): number { return this.#keys.length }
  /** Whether the file cannot be read at present, and the keys are those of an earlier version. */
  get stale(): boolean { return this.#stale }

  /** `authorization`: value of the header. */
  verify(authorization: string | undefined, access: Access): Verdict {
    const token = BEARER.exec(authorization ?? '')?.[1]
    if (token === undefined) return { refusal: 'KEY_MISSING' }
    if (looksLikeClientSecret(token)) return this.#verifySecret(token, access)
    if (!looksLikeKey(token)) return { refusal: 'KEY_INVALID' }
    const key = this.#find(Buffer.from(hashKey(token), 'hex'))
    if (key === undefined) return { refusal: 'KEY_INVALID' }
    if (Date.now() >= key.expiresAt) return { name: key.name, refusal: 'KEY_EXPIRED' }
    return allows(key.scopes, access) ? { name: key.name } : { name: key.name, refusal: 'KEY_SCOPE' }
  }

  /** A client secret transcribes, as long as its key may. */
  #verifySecret(token: string, access: Access): Verdict {
    const secret = this.clientSecrets.read(token)
    const key = this.#keys.find(({ name }) => name === secret?.keyName)
    if (secret === undefined || key === undefined) return { refusal: 'KEY_INVALID' }
    const { name } = key
    if (Date.now() >= Math.min(secret.expiresAt, key.expiresAt)) return { name, refusal: 'KEY_EXPIRED' }
    const isAllowed = access === 'transcribe' && allows(key.scopes, access)
    return isAllowed ? { name, session: secret.session } : { name, refusal: 'KEY_SCOPE' }
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Compares with every key in constant time, so that the time does not depend on the hashes. */
  #find(sha256: Buffer): Key | undefined {
    let found: Key | undefined
    for (const key of this.#keys) if (timingSafeEqual(key.sha256, sha256)) found = key
    return found
  }

  #pollIn(pollMs: number): void {
    this.#timer = setTimeout(() => {
      void this.#poll().finally(() => { if (this.#timer !== undefined) this.#pollIn(pollMs) })
    }, pollMs).unref()
  }

  /**
   * The version is read before the content, so that a change in between is detected at the next poll. A file that could
   * not be read is tried again at every poll, since the reason may be another than its content.
   */
  async #poll(): Promise<void> {
    const version = await versionOf(this.#file)
    const changed = version !== this.#version
    if (!changed && !this.#stale) return
    this.#version = version
    try {
      this.#replace(await readKeys(this.#file))
    } catch (thrown) {
      this.#stale = true
      if (changed) this.#events.onStale(thrown)
    }
  }

  #replace(entries: readonly KeyEntry[]): void {
    this.#keys = entries.map(({ name, scopes, sha256, expires }) => {
      const expiresAt = expires === undefined ? Infinity : Date.parse(expires)
      return { name, scopes, expiresAt, sha256: Buffer.from(sha256, 'hex') }
    })
    this.#stale = false
    this.#events.onKeys(entries.map(({ name }) => name))
  }
}

/** Changes with the file or its content; a missing file has a version too. */
async function versionOf(file: string): Promise<string> {
  return stat(file, { bigint: true }).then(
    ({ dev, ino, size, mtimeNs, ctimeNs }) => [dev, ino, size, mtimeNs, ctimeNs].join(' '),
    ({ code }: NodeJS.ErrnoException) => String(code),
  )
}
