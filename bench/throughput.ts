/** Clips and audio seconds per second through HTTP, at 1 to 16 clients that each wait for their answer. */
import { defaultManifest, drawUploads, readClips } from './clips.js'
import { generateLoad } from './load-generator.js'
import { sayOutcomes, summarizeLoad, type LoadSummary } from './load-summary.js'
import { beginRun } from './machine.js'
import { countOption, numberOption, parseOptions } from './options.js'
import { DEFAULT_MODEL } from './recognizers.js'
import type { RunBench } from './run.js'
import { startServer } from './server.js'
import { fixed, printTable } from './table.js'

const CLIENTS = [1, 2, 4, 8, 16]
const UPLOADS = 100

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    model: { type: 'string', default: DEFAULT_MODEL }, clips: { type: 'string', default: defaultManifest() },
    url: { type: 'string' }, workers: { type: 'string', default: '0' }, seconds: { type: 'string', default: '10' },
  })
  const maxSeconds = numberOption('seconds', given.seconds, 10, 0.1)
  const uploads = await drawUploads(await readClips(given.clips), UPLOADS)
  const bench = await beginRun('throughput', given)
  const server = given.url === undefined ? await startServer({ model: given.model, workers: countOption('workers', given.workers, 0, 0) }) : undefined
  const url = `${given.url ?? server!.url}/v1/transcriptions`
  const rows: { clients: number; summary: LoadSummary }[] = []
  for (const clients of CLIENTS) {
    const load = await generateLoad({ url, uploads, arrivals: { clients }, maxSeconds, maxRequests: 100_000 })
    rows.push({ clients, summary: summarizeLoad(load) })
  }
  await server?.stop()
  printTable(['clients', 'clips/s', 'audio s/s', 'p50 ms', 'p95 ms', 'p99 ms', 'refused', 'failed'], rows.map(({ clients, summary }) => [
    clients, fixed(summary.clipsPerSecond), fixed(summary.audioSecondsPerSecond), fixed(summary.p50Ms, 0), fixed(summary.p95Ms, 0), fixed(summary.p99Ms, 0),
    summary.refused, summary.failed,
  ]))
  for (const { clients, summary } of rows) if (summary.failed > 0) console.log(`${clients} clients: ${sayOutcomes(summary.byOutcome)}`)
  await bench.save(rows)
  return rows.every(({ summary }) => summary.failed === 0)
}
