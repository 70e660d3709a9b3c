/** Cold starts of the service: process start → port open → every worker has recognized its warm-up clip. */
import { beginRun } from './machine.js'
import { countOption, parseOptions } from './options.js'
import { processTree, residentBytes } from './processes.js'
import { DEFAULT_MODEL } from './recognizers.js'
import type { RunBench } from './run.js'
import { startServer } from './server.js'
import { median } from './statistics.js'
import { fixed, megabytes, printTable } from './table.js'

interface Start { readonly listeningMs: number; readonly readyMs: number; readonly workers: number; readonly residentBytes: number; readonly exit: number | string }

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    model: { type: 'string', default: DEFAULT_MODEL }, workers: { type: 'string', default: '0' }, repeat: { type: 'string', default: '5' },
  })
  const repeat = countOption('repeat', given.repeat, 5)
  const workers = countOption('workers', given.workers, 0, 0)
  const bench = await beginRun('startup', given)
  const starts: Start[] = []
  for (let index = 0; index < repeat; index++) starts.push(await startOnce(given.model, workers))
  const rows = [...starts.map((start, index) => [`start ${index + 1}`, start] as const), ['median', medianStart(starts)] as const]
  printTable(['', 'listening ms', 'ready ms', 'workers', 'MB at ready', 'exit'], rows.map(([name, start]) => [
    name, fixed(start.listeningMs, 0), fixed(start.readyMs, 0), start.workers, megabytes(start.residentBytes), start.exit,
  ]))
  await bench.save(starts)
  return starts.every(({ exit }) => exit === 0)
}

async function startOnce(model: string, workers: number): Promise<Start> {
  const server = await startServer({ model, workers })
  const family = processTree(server.processId)
  const { listeningMs, readyMs } = server
  return {
    listeningMs, readyMs,
    workers: family.filter(({ isWorker }) => isWorker).length,
    residentBytes: residentBytes(family),
    exit: await server.stop(),
  }
}

function medianStart(starts: readonly Start[]): Start {
  return {
    ...starts[0]!,
    listeningMs: median(starts.map(({ listeningMs }) => listeningMs)),
    readyMs: median(starts.map(({ readyMs }) => readyMs)),
    residentBytes: median(starts.map(({ residentBytes: bytes }) => bytes)),
  }
}
