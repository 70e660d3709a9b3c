/**
 * `load --probe`: eight clients keep every worker busy; do health and metrics still answer at once?
 *
 * Two halves. In the first nobody scrapes, so that one scrape at its end gives the lag's 99th percentile over all
 * of it; in the second both addresses are asked every 100 ms.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Upload } from './clips.js'
import { generateLoad } from './load-generator.js'
import { summarizeLoad } from './load-summary.js'
import { printLoad } from './load.js'
import type { BenchRun } from './machine.js'
import { metricValue } from './metrics-page.js'
import { LAG_P99, probeOperations, scrape, type ProbeResult } from './operations-probe.js'
import { startServer } from './server.js'
import { median, percentile } from './statistics.js'
import { fixed, printTable } from './table.js'

const CLIENTS = 8
/** Required: a monitor's patience, and the room that a healthy event loop leaves. */
const MAX_PROBE_P99_MS = 50
const MAX_LAG_P99_MS = 20

export interface OwnServerPlan {
  readonly uploads: readonly Upload[]
  readonly model: string
  readonly workers: number
  readonly seconds: number
}

export async function measureProbes({ uploads, model, workers, seconds }: OwnServerPlan, bench: BenchRun): Promise<boolean> {
  const server = await startServer({ model, workers })
  const done = new AbortController()
  const load = generateLoad({
    url: `${server.url}/v1/transcriptions`, uploads, arrivals: { clients: CLIENTS },
    maxSeconds: seconds + 60, maxRequests: 1_000_000, until: done.signal,
  })
  await scrape(server.url) // begins the lag's first interval
  await sleep(seconds * 500)
  const lagP99Ms = metricValue(await scrape(server.url), LAG_P99) * 1000
  const probes = await probeOperations(server.url, AbortSignal.timeout(seconds * 500))
  done.abort()
  const summary = summarizeLoad(await load)
  await server.stop()
  printLoad(summary)
  printProbes(probes)
  console.log(`event-loop lag p99 without scrapes: ${fixed(lagP99Ms)} ms (an idle loop shows 10)`)
  await bench.save({ clients: CLIENTS, load: summary, probes, lagP99Ms })
  return summary.failed === 0 && probes.healthz.p99Ms < MAX_PROBE_P99_MS && probes.metrics.p99Ms < MAX_PROBE_P99_MS && lagP99Ms < MAX_LAG_P99_MS
}

export function printProbes({ healthz, metrics, lagMs, ownLagMs }: ProbeResult): void {
  printTable(['probe', 'asked', 'failed', 'p50 ms', 'p99 ms', 'max ms'], Object.entries({ healthz, metrics }).map(([name, figures]) => [
    `/${name}`, figures.probes, figures.failed, fixed(figures.p50Ms), fixed(figures.p99Ms), fixed(figures.maxMs),
  ]))
  console.log(`event-loop lag p99 between two scrapes: median ${fixed(median(lagMs))} ms, p99 ${fixed(percentile(lagMs, 0.99))} ms (an idle loop shows 10); of this bench: p99 ${fixed(ownLagMs)} ms`)
}
