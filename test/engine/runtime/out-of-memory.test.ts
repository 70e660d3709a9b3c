/** What the real runtime says when it cannot get memory, and that it is taken for what it is. Skips without prlimit. */
import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { projectRoot } from '../../../src/domain/project-root.js'

const BUILT = path.join(projectRoot, 'dist/src/engine/runtime/session.js')
const SCRIPT = path.join(projectRoot, 'test/engine/runtime/failed-allocation.mjs')

interface Tried { readonly highest?: number; readonly message?: string; readonly isOutOfMemory?: boolean }
interface Outcome { readonly limited: boolean; readonly before: Tried; readonly failed: Tried; readonly after: Tried }

t.test('an allocation of the runtime that fails is out of memory, and the session can be used again', { skip: cannotRun() }, async (t) => {
  const env = { ...process.env, NODE_OPTIONS: '' }
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT], { env })
  const { limited, before, failed, after } = JSON.parse(stdout) as Outcome
  t.ok(limited, 'the address space is limited')
  t.same(before, { highest: 0 })
  t.match(failed, { isOutOfMemory: true }, failed.message ?? 'it had the memory')
  t.comment(failed.message)
  t.same(after, { highest: 0 }, 'what fits is computed as before')
})

function cannotRun(): string | false {
  if (!existsSync(BUILT)) return `${BUILT} is not there`
  return spawnSync('prlimit', ['--version']).status === 0 ? false : 'prlimit is not there'
}
