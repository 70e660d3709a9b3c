/**
 * `load --probe`: eight clients keep every worker busy; do health and metrics still answer at once?
 *
 * Two halves. In the first nothing scrapes, so that one scrape at its end gives the 99th percentile of the event-loop
 * lag over all of it. In the second /metrics and /healthz are asked every 100 ms, whether or not the last answer has
 * come, as a monitor does.
 *
 * The lag is the server's own histogram. Its timer period of 10 ms is part of every value, so an idle loop shows about
 * 10 ms, and every scrape resets it. The lag of this process is measured alike: where it is high, the machine was too
 * busy to judge the server.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, keepAliveAgent, type Exchange } from '../../fixtures/kit/exchange.js'
import { metricValue } from '../../fixtures/kit/metrics-page.js'
import { withServer } from '../../fixtures/kit/server.js'
import { median, percentile } from '../../fixtures/kit/statistics.js'
import type { Outcome } from '../harness/bench.js'
import type { Upload } from '../harness/clips.js'
import { fixed, printTable } from '../harness/table.js'
import { generateLoad } from './generator.js'
import { printLoad, sayOutcomes, summarizeLoad } from './summary.js'

const CLIENTS = 8
const EVERY_MS = 100
/** Targets: the patience of a monitor, and what a healthy event loop leaves. */
const MAX_PROBE_P99_MS = 50
const MAX_LAG_P99_MS = 20
const LAG_P99 = 'nodejs_eventloop_lag_p99_seconds'

export interface OwnServerPlan {
  readonly uploads: readonly Upload[]
  readonly model: string
  readonly workers: number
  readonly seconds: number
}

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

export function measureProbes({ uploads, model, workers, seconds }: OwnServerPlan): Promise<Outcome> {
  return withServer({ model, workers }, async (server) => {
    const done = new AbortController()
    const load = generateLoad({
      url: `${server.url}/v1/transcriptions`, uploads, arrivals: { clients: CLIENTS },
      maxSeconds: seconds + 60, until: done.signal,
    })
    await scrape(server.url) // begins the first interval of the lag
    await sleep(seconds * 500)
    const lagP99Ms = metricValue(await scrape(server.url), LAG_P99) * 1000
    const probes = await probeOperations(server.url, AbortSignal.timeout(seconds * 500))
    done.abort()
    const summary = summarizeLoad(await load)
    printLoad(summary)
    printProbes(probes)
    console.log(`event-loop lag p99 without scrapes: ${fixed(lagP99Ms)} ms (an idle loop shows 10)`)
    const late = Object.entries({ '/healthz': probes.healthz, '/metrics': probes.metrics })
      .filter(([, { p99Ms }]) => p99Ms >= MAX_PROBE_P99_MS)
    return {
      missed: [
        ...summary.failed > 0 ? [`not all were answered: ${sayOutcomes(summary.byOutcome)}`] : [],
        ...late.map(([name, { p99Ms }]) => `${name} p99 ${fixed(p99Ms)} ms, under ${MAX_PROBE_P99_MS} ms wanted`),
        ...lagP99Ms >= MAX_LAG_P99_MS ? [
          `event-loop lag p99 ${fixed(lagP99Ms)} ms, under ${MAX_LAG_P99_MS} wanted`,
        ] : [],
      ],
      results: { clients: CLIENTS, load: summary, probes, lagP99Ms },
    }
  })
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
    healthz: figuresOf(healthAnswers),
    metrics: figuresOf(metricAnswers),
    lagMs: pages.map(({ body }) => metricValue(body, LAG_P99) * 1000),
    ownLagMs: ownLag.percentile(99) / 1e6,
  }
}

async function scrape(url: string): Promise<string> {
  const agent = keepAliveAgent()
  const { status, failure, body } = await ask(`${url}/metrics`, { agent })
  agent.destroy()
  if (status !== 200) throw new Error(`${url}/metrics answered ${failure ?? status}`)
  return body
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
