/**
 * Where objects are kept: a directory or an S3-compatible store. Both write an object whole or not at all, which is all
 * that the collection relies on: neither renames, appends nor locks.
 */

export interface StoredObject {
  readonly key: string
  readonly bytes: number
  /** Milliseconds since the epoch. */
  readonly modified: number
}

/** Keys are names of letters, digits, `.`, `_` and `-`, joined by slashes; no name begins with a dot. */
export interface ObjectStore {
  /** For messages: what an operator would look for. */
  readonly place: string
  /** Resolves when the object is safe from a crash. Replaces an object of that key. */
  put(key: string, content: Uint8Array): Promise<void>
  /** Undefined where there is none. */
  get(key: string): Promise<Buffer | undefined>
  /** Does nothing where there is none. */
  delete(key: string): Promise<void>
  /** In the order of the bytes of their keys: all that come after the key `after`. */
  list(after?: string): AsyncIterable<StoredObject>
  /** Removes what writes left behind that were interrupted before this time; milliseconds since the epoch. */
  removeLeftovers(before: number): Promise<void>
}

const KEY = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/

/** Throws for what could leave the store; keys never come from outside. */
export function requireKey(key: string): string {
  if (KEY.test(key)) return key
  throw new Error(`"${key}" is no key of an object`)
}
