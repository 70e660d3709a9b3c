/**
 * /metrics and /healthz as a monitor sees them: asked every 100 ms, whether or not the last answer has come.
 *
 * The event-loop lag is the server's own histogram. Its timer period of 10 ms is part of every value, so an idle loop
 * shows about 10 ms; every scrape resets it. The lag of this process is measured alike: where it is high, the machine
 * was too busy to judge the server.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, keepAliveAgent, type Exchange } from '../../fixtures/kit/exchange.js'
import { metricValue } from '../../fixtures/kit/metrics-page.js'
import { median, percentile } from '../../fixtures/kit/statistics.js'
import { fixed, printTable } from '../harness/table.js'

const EVERY_MS = 100
const LAG_P99 = 'nodejs_eventloop_lag_p99_seconds'

interface ProbeFigures {
  readonly probes: number
  /** Probes that were not answered with 200. */
  readonly failed: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

interface ProbeResult {
  readonly healthz: ProbeFigures
  readonly metrics: ProbeFigures
  /** p99 of the event-loop lag in every interval between scrapes, ms. */
  readonly lagMs: readonly number[]
  /** p99 of this process's own event-loop lag, ms; a part of every latency above. */
  readonly ownLagMs: number
}

export async function probeOperations(url: string, until: AbortSignal): Promise<ProbeResult> {
  const agent = keepAliveAgent()
  const ownLag = monitorEventLoopDelay({ resolution: 10 })
  ownLag.enable()
  const healthz: Promise<Exchange>[] = []
  const metrics: Promise<Exchange>[] = []
  while (!until.aborted) {
    healthz.push(ask(`${url}/healthz`, { agent }))
    metrics.push(ask(`${url}/metrics`, { agent }))
    await sleep(EVERY_MS)
  }
  const [healthAnswers, metricAnswers] = await Promise.all([Promise.all(healthz), Promise.all(metrics)])
  agent.destroy()
  ownLag.disable()
  const pages = metricAnswers.filter(({ status }) => status === 200).slice(1) // the first interval began before us
  return {
    healthz: figuresOf(healthAnswers), metrics: figuresOf(metricAnswers),
    lagMs: pages.map(({ body }) => metricValue(body, LAG_P99) * 1000), ownLagMs: ownLag.percentile(99) / 1e6,
  }
}

function figuresOf(probes: readonly Exchange[]): ProbeFigures {
  const answered = probes.filter(({ status }) => status === 200)
  const latencies = answered.map(({ latencyMs }) => latencyMs)
  const [p50Ms, p99Ms, maxMs] = [0.5, 0.99, 1].map((share) => percentile(latencies, share)) as [number, number, number]
  return { probes: probes.length, failed: probes.length - answered.length, p50Ms, p99Ms, maxMs }
}

export function printProbes({ healthz, metrics, lagMs, ownLagMs }: ProbeResult): void {
  const head = ['probe', 'asked', 'failed', 'p50 ms', 'p99 ms', 'max ms']
  printTable(head, Object.entries({ healthz, metrics }).map(([name, { probes, failed, p50Ms, p99Ms, maxMs }]) => [
    `/${name}`, probes, failed, fixed(p50Ms), fixed(p99Ms), fixed(maxMs),
  ]))
  console.log(`event-loop lag p99 between two scrapes: median ${fixed(median(lagMs))} ms, ` +
    `p99 ${fixed(percentile(lagMs, 0.99))} ms (an idle loop shows 10); of this bench: p99 ${fixed(ownLagMs)} ms`)
}
