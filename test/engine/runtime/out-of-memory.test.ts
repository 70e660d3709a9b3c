/** The error of the real runtime when it cannot allocate memory, and that it is recognized. Skipped without prlimit. */
import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { projectRoot } from '../../../src/domain/project-root.js'

const BUILT = path.join(projectRoot, 'dist/src/engine/runtime/session.js')
const SCRIPT = path.join(projectRoot, 'test/engine/runtime/failed-allocation.mjs')

interface Attempt { readonly highest?: number; readonly message?: string; readonly isOutOfMemory?: boolean }
interface Outcome {
  readonly limited: boolean
  readonly before: Attempt
  readonly failed: Attempt
  readonly after: Attempt
}

t.test(
  'a failed allocation of the runtime is reported as out of memory, and the session can be used again',
  { skip: cannotRun() },
  async (t) => {
    const env = { ...process.env, NODE_OPTIONS: '' }
    const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT], { env })
    const { limited, before, failed, after } = JSON.parse(stdout) as Outcome
    t.ok(limited, 'the address space is limited')
    t.same(before, { highest: 0 })
    t.match(failed, { isOutOfMemory: true }, failed.message ?? 'the allocation succeeded')
    t.comment(failed.message)
    t.same(after, { highest: 0 }, 'a smaller tensor is computed as before')
  },
)

function cannotRun(): string | false {
  if (!existsSync(BUILT)) return `${BUILT} does not exist`
  return spawnSync('prlimit', ['--version']).status === 0 ? false : 'prlimit is not installed'
}
