/** The parent's side of front-end-child.ts. */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Result, Task } from './front-end-child.js'

const CHILD = fileURLToPath(new URL('./front-end-child.js', import.meta.url))
const HUNG_MS = 20_000

export interface FrontEndProcess {
  /** `died: …` or `hung` is an outcome too; the next file then goes to a new process. */
  work(task: Task): Promise<Result>
  stop(): void
}

export function startFrontEnd(): FrontEndProcess {
  let child: ChildProcess | undefined
  const start = (): ChildProcess => {
    const started = fork(CHILD, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    const endWithUs = (): void => { started.kill('SIGKILL') }
    process.once('exit', endWithUs)
    started.once('close', () => process.off('exit', endWithUs))
    return started
  }
  return {
    async work(task) {
      child ??= start()
      const result = await ask(child, task)
      if (child.exitCode !== null || child.killed) child = undefined
      return result
    },
    stop() { child?.kill('SIGKILL') },
  }
}

function ask(child: ChildProcess, task: Task): Promise<Result> {
  return new Promise((resolve) => {
    const since = performance.now()
    const settle = (result: Result): void => {
      clearTimeout(timer)
      child.removeAllListeners('message').removeAllListeners('exit')
      resolve(result)
    }
    const failed = (outcome: string): void => { settle({ outcome, milliseconds: performance.now() - since, peakBytes: 0 }) }
    const timer = setTimeout(() => { child.kill('SIGKILL'); failed('hung') }, HUNG_MS)
    child.once('message', (result) => { settle(result as Result) })
    child.once('exit', (code, signal) => { child.kill(); failed(`died: ${signal ?? `exit code ${code}`}`) })
    child.send(task)
  })
}
