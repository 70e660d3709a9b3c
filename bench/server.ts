/**
 * The real service as a child process on a free port, for benches that must start, kill or overload it. It never
 * outlives the bench, and what it said on standard error is shown when it ends unasked.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ask, keepAliveAgent } from './exchange.js'

export interface ServerOptions {
  readonly model: string
  /** 0: as many as the service chooses. */
  readonly workers: number
  /** More EARSHOT_* settings. */
  readonly settings?: Readonly<Record<string, string>>
  /** The compiled service; tests, which are not compiled, say where it is. */
  readonly entry?: string
}

export interface Server {
  readonly url: string
  readonly processId: number
  /** From the start of the process. */
  readonly listeningMs: number
  readonly readyMs: number
  /** The exit code, or the signal's name. */
  readonly ended: Promise<number | string>
  signal(name: NodeJS.Signals): void
  /** Asks it to leave and waits until it has. */
  stop(): Promise<number | string>
}

const ENTRY = fileURLToPath(new URL('../src/main.js', import.meta.url))
const POLL_MS = 5
const READY_WITHIN_MS = 180_000
const MAX_NOISE_CHARACTERS = 4000

export async function startServer({ model, workers, settings = {}, entry = ENTRY }: ServerOptions): Promise<Server> {
  const port = await freePort()
  const startedAtMs = performance.now()
  const child = spawn(process.execPath, [entry], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, EARSHOT_HOST: '127.0.0.1', EARSHOT_PORT: String(port), EARSHOT_MODELS: model, EARSHOT_WORKERS: String(workers), ...settings },
  })
  const endWithUs = (): void => { child.kill('SIGKILL') }
  process.once('exit', endWithUs)
  const noise = keepTail(child)
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => {
      process.off('exit', endWithUs)
      resolve(code ?? signal!)
    })
  })
  const url = `http://127.0.0.1:${port}`
  const times = await waitUntilReady(url, startedAtMs, child, noise)
  return {
    url, ended, ...times,
    processId: child.pid!,
    signal(name) { child.kill(name) },
    async stop() { child.kill('SIGTERM'); return ended },
  }
}

async function waitUntilReady(url: string, startedAtMs: number, child: ChildProcess, noise: () => string): Promise<{ listeningMs: number; readyMs: number }> {
  const agent = keepAliveAgent()
  let listeningMs: number | undefined
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the server ended before it was ready:\n${noise()}`)
    const { status, body } = await ask(`${url}/readyz`, { agent, timeoutMs: 5000 })
    const elapsedMs = performance.now() - startedAtMs
    if (status !== 0) listeningMs ??= elapsedMs
    if (status === 200) {
      agent.destroy()
      return { listeningMs: listeningMs!, readyMs: elapsedMs }
    }
    if (elapsedMs > READY_WITHIN_MS) throw new Error(`the server was not ready within ${READY_WITHIN_MS / 1000} s; it says ${body || 'nothing'}`)
    await sleep(POLL_MS)
  }
}

function keepTail(child: ChildProcess): () => string {
  let tail = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => { tail = (tail + text).slice(-MAX_NOISE_CHARACTERS) })
  return () => tail
}

/** A port of loopback that nobody listens at now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => { resolve(port) })
    })
  })
}
