/**
 * The access keys of a running service: who a request is from, and whether the keys file has changed.
 *
 * The file is looked at every second instead of being watched: a look is one `stat`, and it sees what watchers miss, a
 * rename over the file, the links that Kubernetes exchanges, and network file systems. A version that cannot be read
 * changes nothing: the keys that were read last stay in use, so a mistake neither opens nor closes the service.
 */
import { timingSafeEqual } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { readKeys, type KeyEntry } from './keys-file.js'
import { allows, type Access, type Refusal, type Scope } from '../../domain/scopes.js'
import { hashKey, looksLikeKey } from './secret.js'

const POLL_MS = 1_000
/** RFC 6750, 2.1; the name of a scheme has no case (RFC 9110, 11.1). */
const BEARER = /^bearer +(\S+) *$/i

/** Who is asking, or why nobody is let in; a key that is known has a name even then. */
export type Verdict =
  | { readonly name: string; readonly refusal?: Refusal }
  | { readonly name?: undefined; readonly refusal: Refusal }

interface Key { readonly name: string; readonly scopes: readonly Scope[]; readonly sha256: Buffer; readonly expiresAt: number }

export interface KeysEvents {
  /** The names of all keys of the file, whenever it has been read. */
  onKeys(names: readonly string[]): void
  /** Called once for each version of the file that cannot be read. */
  onStale(error: unknown): void
}

export class AccessKeys {
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

  /**
   * Throws CONFIG_INVALID when the file is not there or not valid: a service that was to have keys never starts without.
   */
  static async open(file: string, events: KeysEvents, pollMs = POLL_MS): Promise<AccessKeys> {
    const keys = new AccessKeys(file, events)
    keys.#version = await versionOf(file)
    keys.#take(await readKeys(file))
    keys.#lookAgainIn(pollMs)
    return keys
  }

  get count(): number { return this.#keys.length }
  /** Whether the file cannot be read now, and the keys are those of an earlier version. */
  get stale(): boolean { return this.#stale }

  /** `authorization` is the header as it came. */
  verify(authorization: string | undefined, access: Access): Verdict {
    const token = BEARER.exec(authorization ?? '')?.[1]
    if (token === undefined) return { refusal: 'KEY_MISSING' }
    if (!looksLikeKey(token)) return { refusal: 'KEY_INVALID' }
    const key = this.#find(Buffer.from(hashKey(token), 'hex'))
    if (key === undefined) return { refusal: 'KEY_INVALID' }
    if (Date.now() >= key.expiresAt) return { name: key.name, refusal: 'KEY_EXPIRED' }
    return allows(key.scopes, access) ? { name: key.name } : { name: key.name, refusal: 'KEY_SCOPE' }
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Compares with every key in constant time: how long it takes says nothing about a hash. */
  #find(sha256: Buffer): Key | undefined {
    let found: Key | undefined
    for (const key of this.#keys) if (timingSafeEqual(key.sha256, sha256)) found = key
    return found
  }

  #lookAgainIn(pollMs: number): void {
    this.#timer = setTimeout(() => {
      void this.#look().finally(() => { if (this.#timer !== undefined) this.#lookAgainIn(pollMs) })
    }, pollMs).unref()
  }

  /**
   * The version is taken before the content: what is written in between is seen at the next look. A file that could not
   * be read is tried again at every look, for the reason may have been another than its content.
   */
  async #look(): Promise<void> {
    const version = await versionOf(this.#file)
    const changed = version !== this.#version
    if (!changed && !this.#stale) return
    this.#version = version
    try {
      this.#take(await readKeys(this.#file))
    } catch (thrown) {
      this.#stale = true
      if (changed) this.#events.onStale(thrown)
    }
  }

  #take(entries: readonly KeyEntry[]): void {
    this.#keys = entries.map(({ name, scopes, sha256, expires }) => {
      const expiresAt = expires === undefined ? Infinity : Date.parse(expires)
      return { name, scopes, expiresAt, sha256: Buffer.from(sha256, 'hex') }
    })
    this.#stale = false
    this.#events.onKeys(entries.map(({ name }) => name))
  }
}

/** Differs whenever another file, or another content, is at this path; a file that is not there has a version too. */
async function versionOf(file: string): Promise<string> {
  return stat(file, { bigint: true }).then(
    ({ dev, ino, size, mtimeNs, ctimeNs }) => [dev, ino, size, mtimeNs, ctimeNs].join(' '),
    ({ code }: NodeJS.ErrnoException) => String(code),
  )
}
