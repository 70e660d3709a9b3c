/** Cold starts of the service: process start → port open → every worker has recognized its warm-up clip. */
import { startServer } from '../fixtures/kit/server.js'
import { median } from '../fixtures/kit/statistics.js'
import { STARTUP } from './declarations/service.js'
import { defineBench } from './harness/bench.js'
import { processTree, residentBytes } from './harness/processes.js'
import { fixed, megabytes, printTable } from './harness/table.js'
import { startProgress } from './harness/progress.js'

interface Start { readonly listeningMs: number; readonly readyMs: number; readonly residentBytes: number }

export const run = defineBench(STARTUP, async (given) => {
  const starts: Start[] = []
  const exits = []
  const progress = startProgress('starts', given.repeat)
  for (let index = 0; index < given.repeat; index++) {
    const server = await startServer(given)
    const { listeningMs, readyMs, processId } = server
    starts.push({ listeningMs, readyMs, residentBytes: residentBytes(processTree(processId)) })
    exits.push(await server.stop())
    progress.step()
  }
  const middle = (value: (start: Start) => number): number => median(starts.map(value))
  const rows = [...starts.map((start, index) => ({ name: `start ${index + 1}`, ...start })), {
    name: 'median', listeningMs: middle((start) => start.listeningMs), readyMs: middle((start) => start.readyMs),
    residentBytes: middle((start) => start.residentBytes),
  }]
  printTable(['', 'listening ms', 'ready ms', 'MB at ready'], rows.map((row) =>
    [row.name, fixed(row.listeningMs, 0), fixed(row.readyMs, 0), megabytes(row.residentBytes)]))
  const wrong = exits.filter((exit) => exit !== 0)
  return {
    missed: wrong.length > 0 ? [`the service left with ${wrong.join(', ')}`] : [], judged: { starts: starts.length },
    results: starts,
  }
})
