/** A keys file with keys in it, for tests. */
import path from 'node:path'
import type { Test } from 'tap'
import { changeKeys } from '../../../src/serving/access/keys-file.js'
import type { Scope } from '../../../src/domain/scopes.js'
import { createKey, hashKey } from '../../../src/serving/access/secret.js'

export interface MadeKeys<Name extends string> {
  readonly file: string
  readonly keys: Readonly<Record<Name, string>>
  /** Headers with the key of this name. */
  bearer(name: Name): { authorization: string }
}

export async function makeKeys<Name extends string>(
  t: Test,
  scopes: Readonly<Record<Name, readonly Scope[]>>,
): Promise<MadeKeys<Name>> {
  const file = path.join(t.testdir(), 'keys.json')
  const keys = Object.fromEntries(Object.keys(scopes).map((name) => [name, createKey()])) as Record<Name, string>
  const created = new Date().toISOString()
  await changeKeys(file, () =>
    Object.entries<readonly Scope[]>(scopes).map(([name, list]) => ({
      name,
      scopes: [...list],
      sha256: hashKey(keys[name as Name]),
      created,
    })),
  )
  return { file, keys, bearer: (name) => ({ authorization: `Bearer ${keys[name]}` }) }
}

/** Waits for something that happens soon; fails the test when it does not. */
export async function until(holds: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  for (const since = Date.now(); !await holds(); await new Promise((resolve) => setTimeout(resolve, 10))) {
    if (Date.now() - since > withinMs) throw new Error(`does not come true: ${holds.toString()}`)
  }
}
