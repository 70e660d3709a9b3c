/**
 * What a figure was measured on. A bench prints this first and writes it into its results: a number without its
 * machine is a rumour. The load average is there because a shared machine makes every figure worse.
 */
import { spawnSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { projectRoot } from '../src/domain/project-root.js'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGb: number
  readonly loadAverage: number
  readonly node: string
  readonly onnxruntime: string
  readonly earshot: string
  /** Short git revision, with a + when files differ from it; null outside a git checkout. */
  readonly revision: string | null
}

export interface BenchRun {
  /** Writes bench/results/<name>-<UTC time>.json and says where. */
  save(results: unknown): Promise<void>
}

/** Prints the machine and the settings of a bench that begins now. */
export async function beginRun(name: string, settings: Readonly<Record<string, unknown>>): Promise<BenchRun> {
  const startedAt = new Date().toISOString()
  const machine = await describeMachine()
  const revision = machine.revision === null ? '' : `, revision ${machine.revision}`
  console.log(`${name} on ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, load ${machine.loadAverage}`)
  console.log(`node ${machine.node}, onnxruntime ${machine.onnxruntime}, earshot ${machine.earshot}${revision}, ${startedAt}`)
  console.log(`${Object.entries(settings).map(([key, value]) => `${key} ${String(value)}`).join(', ')}\n`)
  return {
    async save(results) {
      const folder = path.join(projectRoot, 'bench/results')
      const file = path.join(folder, `${name}-${startedAt.replace(/\.\d+/, '').replaceAll(':', '')}.json`)
      await mkdir(folder, { recursive: true })
      await writeFile(file, `${JSON.stringify({ name, startedAt, machine, loadAverageAtEnd: loadAverage(), settings, results }, null, 2)}\n`)
      console.log(`\nload now ${loadAverage()}; written to ${path.relative(process.cwd(), file)}`)
    },
  }
}

async function describeMachine(): Promise<Machine> {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: os.availableParallelism(),
    memoryGb: Math.round(os.totalmem() / 1024 ** 3),
    loadAverage: loadAverage(),
    node: process.versions.node,
    onnxruntime: await versionIn('node_modules/onnxruntime-node/package.json'),
    earshot: await versionIn('package.json'),
    revision: gitRevision(),
  }
}

/** Runnable processes, mean of the last minute; above the number of cores, every figure is too bad. */
function loadAverage(): number {
  return Math.round(os.loadavg()[0]! * 10) / 10
}

async function versionIn(file: string): Promise<string> {
  return (JSON.parse(await readFile(path.join(projectRoot, file), 'utf8')) as { version: string }).version
}

function gitRevision(): string | null {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: projectRoot, encoding: 'utf8' })
  const revision = git('rev-parse', '--short', 'HEAD')
  if (revision.status !== 0) return null
  const changed = git('status', '--porcelain').stdout.trim() !== ''
  return revision.stdout.trim() + (changed ? '+' : '')
}
