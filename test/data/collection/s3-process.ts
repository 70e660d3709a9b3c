/** Starts the S3-compatible server of the tests (`s3-server.mjs`), and ends it with its test. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Test } from 'tap'
import { projectRoot } from '../../../src/domain/project-root.js'

export interface Server { readonly port: number; stop(): Promise<void> }

export async function startServer(t: Test, folder: string, checks: 'lax' | 'strict', port = 0): Promise<Server> {
  const program = path.join(projectRoot, 'test/data/collection/s3-server.mjs')
  const child = spawn(process.execPath, ['--openssl-legacy-provider', program, folder, String(port), checks], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  t.teardown(stop)
  const [line] = await once(child.stdout, 'data') as [Buffer]
  return { port: Number(line.toString()), stop }
}
