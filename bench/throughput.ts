/** Clips and audio seconds per second through HTTP, at 1 to 16 clients that each wait for their answer. */
import { startServer } from '../fixtures/kit/server.js'
import { THROUGHPUT } from './declarations/service.js'
import { defineBench } from './harness/bench.js'
import { drawUploads, readClips } from './harness/clips.js'
import { fixed, printTable } from './harness/table.js'
import { generateLoad } from './load/generator.js'
import { sayOutcomes, summarizeLoad, type LoadSummary } from './load/summary.js'

const CLIENTS = [1, 2, 4, 8, 16]
const UPLOADS = 100

export const run = defineBench(THROUGHPUT, async ({ model, clips, url, workers, seconds }) => {
  const uploads = await drawUploads(await readClips(clips), UPLOADS)
  const server = url === undefined ? await startServer({ model, workers }) : undefined
  const rows: { clients: number; summary: LoadSummary }[] = []
  for (const clients of CLIENTS) {
    const address = `${url ?? server?.url}/v1/transcriptions`
    const load = await generateLoad({ url: address, uploads, arrivals: { clients }, maxSeconds: seconds })
    rows.push({ clients, summary: summarizeLoad(load) })
  }
  await server?.stop()
  const head = ['clients', 'clips/s', 'audio s/s', 'p50 ms', 'p95 ms', 'p99 ms', 'refused', 'failed']
  printTable(head, rows.map(({ clients, summary }) => [
    clients, fixed(summary.clipsPerSecond), fixed(summary.audioSecondsPerSecond), fixed(summary.p50Ms, 0),
    fixed(summary.p95Ms, 0), fixed(summary.p99Ms, 0), summary.refused, summary.failed,
  ]))
  const failing = rows.filter(({ summary }) => summary.failed > 0)
  const missed = failing.map(({ clients, summary }) => `${clients} clients: ${sayOutcomes(summary.byOutcome)}`)
  const judged = { 'accepted requests of the worst row': Math.min(...rows.map(({ summary }) => summary.accepted)) }
  return { missed, judged, results: rows }
})
