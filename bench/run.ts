/**
 * `npm run bench -- <name> [options]`: one bench by name, or the list of them.
 *
 * Each bench is one file with one export, `run`, loaded only when it is asked for: `accuracy --help` should not have to
 * open ONNX Runtime. Whether all its targets were met becomes the exit code, so a bench can guard a release.
 */
import { spawn } from 'node:child_process'
import { ALLOCATOR } from '../src/serving/workers/environment.js'
import type { RunBench } from './harness/bench.js'
import { UsageError } from './harness/options.js'

interface Bench {
  readonly says: string
  /** It runs large models in this process, which then needs the allocator of their workers. */
  readonly hasLargeModels?: boolean
  open(): Promise<{ readonly run: RunBench }>
}

const BENCHES: Readonly<Record<string, Bench>> = {
  accuracy: { says: 'word error rate by source, and speed', open: () => import('./accuracy.js') },
  audio: { says: 'word errors after changes to a recording, silence, bounds', open: () => import('./audio.js') },
  cascade: { says: 'cascade by threshold', hasLargeModels: true, open: () => import('./research/cascade.js') },
  collection: { says: 'weighted error rates of collected clips; latency', open: () => import('./data/collection.js') },
  contradictions: { says: 'wrong labels found', hasLargeModels: true, open: () => import('./contradictions.js') },
  drift: { says: 'false drift alarms, and how soon a shift is noticed', open: () => import('./drift.js') },
  engine: { says: 'compiled engine beside the published graphs: words, time', open: () => import('./engine.js') },
  equal: { says: 'how often equal systems are called different', open: () => import('./equal.js') },
  expensive: { says: 'CPU time of the most expensive requests', open: () => import('./expensive.js') },
  fairness: { says: 'short clips of one client beside greedy clients', open: () => import('./fairness.js') },
  hostile: { says: 'broken inputs over HTTP: typed answers, no worker lost', open: () => import('./hostile.js') },
  lists: { says: 'n-best lists of two models', hasLargeModels: true, open: () => import('./research/joint-lists.js') },
  latency: { says: 'time by stage and clip length, and what HTTP adds', open: () => import('./latency.js') },
  load: { says: 'load on a running server; --overload starts its own', open: () => import('./load.js') },
  memory: { says: 'resident memory of server and workers over a long run', open: () => import('./memory.js') },
  nonspeech: { says: 'words where nobody speaks', hasLargeModels: true, open: () => import('./nonspeech.js') },
  planted: { says: 'recall of planted faults by verify-data, and precision', open: () => import('./planted.js') },
  profiles: { says: 'accuracy and time of profiles', hasLargeModels: true, open: () => import('./profiles.js') },
  prompts: { says: 'whether the previous turn as prompt changes words', open: () => import('./prompts.js') },
  quantization: { says: 'weights as real numbers and integers', open: () => import('./research/quantization.js') },
  revisions: { says: 'this revision beside the compiled service of another one', open: () => import('./revisions.js') },
  rivals: { says: 'words, time and memory beside other recognizers', open: () => import('./rivals.js') },
  robustness: { says: 'doubtful clips', hasLargeModels: true, open: () => import('./research/robustness.js') },
  scale: { says: 'verify-data on 10,000 clips: time, memory, resume', open: () => import('./scale.js') },
  search: { says: 'words found with a catalogue, and harm', open: () => import('./search.js') },
  spelling: { says: 'share of answers written as people type', open: () => import('./spelling.js') },
  startup: { says: 'from process start to listening to ready', open: () => import('./startup.js') },
  throughput: { says: 'clips and audio seconds per second at 1 to 16 clients', open: () => import('./throughput.js') },
  times: { says: 'word times beside known boundaries, and what they cost', open: () => import('./times.js') },
}

// Both become an orderly exit, which also ends the servers that were started here.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

const [name, ...args] = process.argv.slice(2)
process.exitCode = await main(name, args)
// A keep-alive connection or the threads of a model would keep the process alive for a while.
process.exit()

/** glibc reads its settings when a process starts. */
function lacksAllocator({ hasLargeModels = false }: Bench): boolean {
  return hasLargeModels && !Object.keys(ALLOCATOR).every((variable) => variable in process.env)
}

function runAgain(): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit', env: { ...ALLOCATOR, ...process.env },
  })
  process.once('exit', () => child.kill())
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => { resolve(code ?? 1) })
  })
}

async function main(asked: string | undefined, options: readonly string[]): Promise<number> {
  const bench = asked === undefined ? undefined : BENCHES[asked]
  if (bench === undefined) return list(asked)
  if (lacksAllocator(bench)) return runAgain()
  try {
    const { run } = await bench.open()
    return await run(options) ? 0 : 1
  } catch (thrown) {
    const isUsage = thrown instanceof UsageError || (thrown as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')
    console.error(isUsage ? (thrown as Error).message : thrown)
    return isUsage ? 2 : 1
  }
}

function list(asked: string | undefined): number {
  if (asked !== undefined) console.error(`there is no bench "${asked}"`)
  console.log('npm run bench -- <name> [options], described in docs/benchmarks.md\n')
  for (const [benchName, { says }] of Object.entries(BENCHES)) console.log(`  ${benchName.padEnd(12)}${says}`)
  return asked === undefined ? 0 : 2
}
