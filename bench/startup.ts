/** Cold starts of the service: process start → port open → every worker has recognized its warm-up clip. */
import { startServer } from '../fixtures/kit/server.js'
import { median } from '../fixtures/kit/statistics.js'
import { defineBench } from './harness/bench.js'
import { count } from './harness/options.js'
import { processTree, residentBytes } from './harness/processes.js'
import { MODEL, WORKERS } from './harness/recognizers.js'
import { fixed, megabytes, printTable } from './harness/table.js'

interface Start { readonly listeningMs: number; readonly readyMs: number; readonly residentBytes: number }

export const run = defineBench('startup', { model: MODEL, workers: WORKERS, repeat: count(5) }, async (given) => {
  const starts: Start[] = []
  const exits = []
  for (let index = 0; index < given.repeat; index++) {
    const server = await startServer(given)
    const { listeningMs, readyMs, processId } = server
    starts.push({ listeningMs, readyMs, residentBytes: residentBytes(processTree(processId)) })
    exits.push(await server.stop())
  }
  const middle = (value: (start: Start) => number): number => median(starts.map(value))
  const rows = [...starts.map((start, index) => ({ name: `start ${index + 1}`, ...start })), {
    name: 'median', listeningMs: middle((start) => start.listeningMs), readyMs: middle((start) => start.readyMs),
    residentBytes: middle((start) => start.residentBytes),
  }]
  printTable(['', 'listening ms', 'ready ms', 'MB at ready'], rows.map((row) =>
    [row.name, fixed(row.listeningMs, 0), fixed(row.readyMs, 0), megabytes(row.residentBytes)]))
  const wrong = exits.filter((exit) => exit !== 0)
  return { missed: wrong.length > 0 ? [`the service left with ${wrong.join(', ')}`] : [], results: starts }
})
