/** Starts a recognition process. */
import { fork, type ChildProcess } from 'node:child_process'
import type { FromWorker } from '../../domain/worker-protocol.js'
import { workerEnvironment } from './environment.js'

/** Longest line of a worker's standard error that is logged. */
const MAX_STDERR_CHARACTERS = 500

interface ProcessEvents {
  onMessage(message: FromWorker): void
  /** It could not be started, or has ended. */
  onEnd(description: string): void
  onStderr(line: string): void
}

/**
 * If the system lacks descriptors, memory or processes, Node throws, or returns a child without streams and id that
 * reports the reason a moment later. Both end this worker only: then there is no child, or one that ends.
 */
export function launchWorker(
  entry: URL, modelBytes: number | undefined, { onMessage, onEnd, onStderr }: ProcessEvents,
): ChildProcess | undefined {
  try {
    // Flags of the server (a debugger, a loader, --watch) are not for its workers; NODE_OPTIONS reaches both.
    const child = fork(entry, {
      serialization: 'advanced', execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: workerEnvironment(modelBytes),
    })
    child.on('message', (message) => { onMessage(message as FromWorker) })
    child.on('error', (error) => { onEnd(error.message) })
    child.on('exit', (code, signal) => { onEnd(signal === null ? `exit code ${code}` : `signal ${signal}`) })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      const lines = text.split('\n').filter((line) => line.trim() !== '')
      for (const line of lines) onStderr(line.slice(0, MAX_STDERR_CHARACTERS))
    })
    return child
  } catch (thrown) {
    // Whoever starts it does not have this worker yet.
    process.nextTick(() => { onEnd(`it could not be started: ${(thrown as Error).message}`) })
    return undefined
  }
}
