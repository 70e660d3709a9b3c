/**
 * The skeleton of a bench: read the options, look for what it needs, print the machine, measure, print the targets that
 * were missed, write the results. A figure without its machine cannot be compared, so both stand in every file of
 * results; the load average is there because a busy machine makes every time worse.
 */
import { spawnSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { projectRoot } from '../../src/domain/project-root.js'
import type { Declaration } from './declaration.js'
import { requireMeasured } from './endings.js'
import { requireNeeds } from './needs.js'
import { parseOptions, type Options, type Values } from './options.js'
import { showProgress } from './progress.js'

export const RESULTS = path.join(projectRoot, 'bench/results')

/** Takes the arguments of the command line; false when a target was missed. */
export type RunBench = (args: readonly string[]) => Promise<boolean>

export interface Outcome {
  /** A sentence for every target that was missed. */
  readonly missed: readonly string[]
  /** What the tables and the verdict rest on: "clips", "accepted requests" … → how many. None may be zero. */
  readonly judged: Readonly<Record<string, number>>
  /** Goes into the file of results as it is. */
  readonly results: unknown
}

export function defineBench<T extends Options>(
  { name, options, needs, unsaved = [] }: Declaration<T>, measure: (given: Values<T>) => Promise<Outcome>,
): RunBench {
  return async (args) => {
    const given = parseOptions(args, options)
    await requireNeeds(needs(given))
    const settings = Object.fromEntries(Object.entries(given).filter(([option, value]) =>
      value !== undefined && value !== Infinity && !unsaved.includes(option)))
    const startedAt = new Date().toISOString()
    const machine = await describeMachine()
    printMachine(name, machine, startedAt)
    console.log(`${Object.entries(settings).map(([option, value]) => `${option} ${String(value)}`).join(', ')}\n`)
    const { missed, judged, results } = await withProgress(name, () => measure(given))
    requireMeasured(judged)
    for (const line of missed) console.log(`missed: ${line}`)
    await save(`${name}-${startedAt.replace(/\.\d+/, '').replaceAll(':', '')}.json`, {
      name, startedAt, machine, loadAverageAtEnd: loadAverage(), settings, missed, judged, results,
    })
    return missed.length === 0
  }
}

async function withProgress<T>(name: string, work: () => Promise<T>): Promise<T> {
  const end = showProgress(name)
  try {
    return await work()
  } finally {
    end()
  }
}

async function save(name: string, content: object): Promise<void> {
  const file = path.join(RESULTS, name)
  await mkdir(RESULTS, { recursive: true })
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`)
  console.log(`\nload now ${loadAverage()}; written to ${path.relative(process.cwd(), file)}`)
}

interface Machine {
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

async function describeMachine(): Promise<Machine> {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown processor', cores: os.availableParallelism(),
    memoryGb: Math.round(os.totalmem() / 1024 ** 3), loadAverage: loadAverage(), node: process.versions.node,
    onnxruntime: await versionIn('node_modules/onnxruntime-node/package.json'),
    earshot: await versionIn('package.json'), revision: gitRevision(),
  }
}

function printMachine(name: string, machine: Machine, startedAt: string): void {
  const { cpu, cores, memoryGb, loadAverage: load, node, onnxruntime, earshot, revision } = machine
  console.log(`${name} on ${cpu}, ${cores} cores, ${memoryGb} GB, load ${load}`)
  const ofRevision = revision === null ? '' : `, revision ${revision}`
  console.log(`node ${node}, onnxruntime ${onnxruntime}, earshot ${earshot}${ofRevision}, ${startedAt}`)
}

/** Runnable processes, mean of the last minute; above the number of cores, every time is too long. */
function loadAverage(): number {
  const [lastMinute = NaN] = os.loadavg()
  return Math.round(lastMinute * 10) / 10
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
