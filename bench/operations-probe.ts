/**
 * /metrics and /healthz as a monitor sees them, asked every 100 ms whether or not the last answer has come.
 *
 * The event-loop lag is the server's own histogram. Two catches: its timer period of 10 ms is part of every value,
 * so an idle loop shows about 10 ms; and every scrape resets it, so a value covers the time since the last scrape.
 * The lag of this process is measured alike: where it is high, the machine was too busy to judge the server.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, keepAliveAgent } from './exchange.js'
import { metricValue } from './metrics-page.js'
import { percentile } from './statistics.js'

export const LAG_P99 = 'nodejs_eventloop_lag_p99_seconds'

export interface ProbeFigures {
  readonly probes: number
  /** Probes that were not answered with 200. */
  readonly failed: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export interface ProbeResult {
  readonly healthz: ProbeFigures
  readonly metrics: ProbeFigures
  /** p99 of the event-loop lag in every interval between scrapes, ms. */
  readonly lagMs: readonly number[]
  /** p99 of this process's own event-loop lag, ms; a part of every latency above. */
  readonly ownLagMs: number
}

const EVERY_MS = 100

interface Probe { readonly status: number; readonly latencyMs: number; readonly body: string }

export async function probeOperations(url: string, until: AbortSignal): Promise<ProbeResult> {
  const agent = keepAliveAgent()
  const ownLag = monitorEventLoopDelay({ resolution: 10 })
  ownLag.enable()
  const healthz: Promise<Probe>[] = []
  const metrics: Promise<Probe>[] = []
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
    healthz: figuresOf(healthAnswers),
    metrics: figuresOf(metricAnswers),
    lagMs: pages.map(({ body }) => metricValue(body, LAG_P99) * 1000),
    ownLagMs: ownLag.percentile(99) / 1e6,
  }
}

export async function scrape(url: string): Promise<string> {
  const agent = keepAliveAgent()
  const { status, failure, body } = await ask(`${url}/metrics`, { agent })
  agent.destroy()
  if (status !== 200) throw new Error(`${url}/metrics answered ${failure ?? status}`)
  return body
}

function figuresOf(probes: readonly Probe[]): ProbeFigures {
  const answered = probes.filter(({ status }) => status === 200)
  const latencies = answered.map(({ latencyMs }) => latencyMs)
  return {
    probes: probes.length,
    failed: probes.length - answered.length,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    maxMs: percentile(latencies, 1),
  }
}
