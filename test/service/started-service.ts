/** The whole service on the real default model, started as a user starts it. Tests skip without weights or build. */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { freePort } from '../../fixtures/kit/server.js'
import { projectRoot } from '../../src/domain/project-root.js'

export const ENTRY = path.join(projectRoot, 'dist/src/main.js')
export const CLIP = path.join(projectRoot, 'fixtures/clips/warm-up.wav')
/** What the clip says, as fixtures/clips/manifest.jsonl has it. */
export const SPOKEN = /what time does the museum open on sunday/i

const missing = [ENTRY, CLIP, path.join(projectRoot, 'models/moonshine-tiny-en/weights/encoder_model.onnx')].find(
  (file) => !existsSync(file),
)
export const skip = missing === undefined ? false : `${missing} is not there`

export interface Service {
  readonly url: string
  readonly port: number
  readonly process: ChildProcess
  readonly log: () => string
  readonly exit: Promise<number | null>
}

export async function startService(t: Test, environment: Record<string, string> = {}): Promise<Service> {
  const port = await freePort()
  const child = spawn(process.execPath, [ENTRY], {
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      EARSHOT_PORT: String(port),
      EARSHOT_QUEUE_WAIT_SECONDS: '60',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  child.stdout.on('data', (text) => { log += text })
  child.stderr.on('data', (text) => { log += text })
  const exit = new Promise<number | null>((resolve) => { child.once('exit', resolve) })
  t.teardown(async () => { child.kill('SIGKILL'); await exit })
  const url = `http://127.0.0.1:${port}`
  while (child.exitCode === null && !await isReady(url)) await sleep(50)
  return { url, port, process: child, log: () => log, exit }
}

export async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then((response) => response.ok, () => false)
}
