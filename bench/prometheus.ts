/**
 * A real Prometheus from deploy/, watching one service, for a bench that waits for an alert and for the tests of the
 * rules. The files are those that an operator uses; only the target and times are replaced, as text, so that minutes
 * are enough where operators wait for an hour. Its data lie in a temporary folder and are gone with it.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { projectRoot } from '../src/domain/project-root.js'
import { freePort } from './server.js'

/** Durations as Prometheus writes them: `5m`, `30s`. */
export interface PrometheusOptions {
  /** Host and port of the service. */
  readonly target: string
  /** Between two scrapes, and between two evaluations of every rule. */
  readonly interval: string
  /** What the drift rules look back over; deploy/ has `1h`. Not less than four intervals. */
  readonly driftWindow: string
  /** Access key of the service, where it asks for one. */
  readonly key?: string
  /** How long drift has to last before it is an alert; deploy/ has `10m`. */
  readonly driftFor: string
}

export interface Prometheus {
  readonly url: string
  /** The `data` of an answer of its API: `query?query=…`, `rules`, `alerts`. Throws what it says when it refuses. */
  api<T>(route: string): Promise<T>
  /** The value of each series that an expression has now, by its labels. */
  query(expression: string): Promise<{ readonly labels: Readonly<Record<string, string>>; readonly value: number }[]>
  stop(): Promise<void>
}

const SOURCE = path.join(projectRoot, 'deploy/prometheus')
const READY_WITHIN_MS = 30_000
const POLL_MS = 50
const MAX_NOISE_CHARACTERS = 4000

/** `prometheus` or `promtool` on the path; undefined when it is not installed. */
export function findProgram(name: 'prometheus' | 'promtool'): string | undefined {
  return (process.env.PATH ?? '').split(path.delimiter).map((folder) => path.join(folder, name)).find((file) => existsSync(file))
}

export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const program = findProgram('prometheus')
  if (program === undefined) throw new Error('there is no prometheus on the path; Debian has it as a package of that name')
  const port = await freePort()
  const folder = await mkdtemp(path.join(tmpdir(), 'earshot-prometheus-'))
  await writeConfig(folder, options, port)
  const child = spawn(program, [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`], { stdio: ['ignore', 'ignore', 'pipe'] })
  const endWithUs = (): void => { child.kill('SIGKILL') }
  process.once('exit', endWithUs)
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      process.off('exit', endWithUs)
      resolve()
    })
  })
  const url = `http://127.0.0.1:${port}`
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  await waitUntilReady(url, child).catch(async (thrown: unknown) => { await stop(); throw thrown })
  return { url, stop, api: (route) => askApi(url, route), query: (expression) => queryNow(url, expression) }
}

async function writeConfig(folder: string, { target, key = 'none', interval, driftWindow, driftFor }: PrometheusOptions, port: number): Promise<void> {
  await mkdir(path.join(folder, 'rules'))
  const config = replaceAll(await readFile(path.join(SOURCE, 'prometheus.yml'), 'utf8'), [
    [/(scrape|evaluation)_interval: \w+/g, `$1_interval: ${interval}`],
    [/earshot:8080/g, target],
    [/\/keys\/prometheus/g, path.join(folder, 'key')],
    [/localhost:9090/g, `127.0.0.1:${port}`],
  ])
  await writeFile(path.join(folder, 'prometheus.yml'), config)
  await writeFile(path.join(folder, 'key'), key)
  for (const file of await readdir(path.join(SOURCE, 'rules'))) {
    const rules = (await readFile(path.join(SOURCE, 'rules', file), 'utf8')).replace(/^( {4}interval:) \w+$/gm, `$1 ${interval}`)
    const drift: [RegExp, string][] = [[/\[1h\]/g, `[${driftWindow}]`], [/for: 10m/g, `for: ${driftFor}`]]
    await writeFile(path.join(folder, 'rules', file), file === 'drift.yml' ? replaceAll(rules, drift) : rules)
  }
}

/** Throws when there is nothing to replace: the file has changed, and this one has to follow. */
function replaceAll(text: string, replacements: readonly (readonly [RegExp, string])[]): string {
  return replacements.reduce((changed, [pattern, replacement]) => {
    if (changed.search(pattern) === -1) throw new Error(`deploy/prometheus has no ${pattern.source} any more`)
    return changed.replace(pattern, replacement)
  }, text)
}

async function waitUntilReady(url: string, child: ChildProcess): Promise<void> {
  let noise = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => { noise = (noise + text).slice(-MAX_NOISE_CHARACTERS) })
  for (let waitedMs = 0; waitedMs < READY_WITHIN_MS; waitedMs += POLL_MS) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`prometheus ended before it was ready:\n${noise}`)
    const ready = await fetch(`${url}/-/ready`).then(({ ok }) => ok, () => false)
    if (ready) return
    await sleep(POLL_MS)
  }
  throw new Error(`prometheus was not ready within ${READY_WITHIN_MS / 1000} s:\n${noise}`)
}

async function askApi<T>(url: string, route: string): Promise<T> {
  const answer = await (await fetch(`${url}/api/v1/${route}`)).json() as { status: string; data: T; error?: string }
  if (answer.status !== 'success') throw new Error(`prometheus refuses ${decodeURIComponent(route)}: ${answer.error ?? answer.status}`)
  return answer.data
}

async function queryNow(url: string, expression: string): ReturnType<Prometheus['query']> {
  const { result } = await askApi<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(url, `query?query=${encodeURIComponent(expression)}`)
  return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }))
}
