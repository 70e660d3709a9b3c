/** Access keys of a file, closed after the test, with what the watcher of the file reports. */
import type { Test } from 'tap'
import { AccessKeys } from '../../../src/serving/access/keys.js'

export interface OpenedKeys {
  readonly keys: AccessKeys
  /** Names of the keys, each time they change. */
  readonly known: string[][]
  /** Why the file could not be read again. */
  readonly stale: string[]
}

export async function openKeys(t: Test, file: string): Promise<OpenedKeys> {
  const known: string[][] = []
  const stale: string[] = []
  const keys = await AccessKeys.open(
    file,
    { onKeys: (names) => known.push([...names]), onStale: (thrown) => stale.push((thrown as Error).message) },
    10,
  )
  t.teardown(() => { keys.close() })
  return { keys, known, stale }
}
