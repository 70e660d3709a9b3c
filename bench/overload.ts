/**
 * `load --overload`: four times the capacity for half a minute. A server in good order refuses early and cheaply,
 * keeps its memory, still answers its monitors, serves what it accepted in time, and is its old self two seconds later.
 *
 * In time: a request is accepted only if it is expected to wait no longer than is promised. So the p95 of the accepted
 * is at most that wait and the p95 of a request on the idle server, measured in the same run, together.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Upload } from './clips.js'
import { generateLoad } from './load-generator.js'
import { summarizeLoad } from './load-summary.js'
import { printLoad } from './load.js'
import type { BenchRun } from './machine.js'
import { probeOperations } from './operations-probe.js'
import { printProbes, type OwnServerPlan } from './probe.js'
import { processTree, residentBytes } from './processes.js'
import { startServer, type Server } from './server.js'
import { median, percentile } from './statistics.js'
import { fixed, megabytes } from './table.js'

const TIMES_CAPACITY = 4
/** What the service is set to here, and its default. */
const PROMISED_WAIT_SECONDS = 1.5
const CAPACITY_CLIENTS = 8
const CAPACITY_SECONDS = 8
/** Enough for a 95th percentile. */
const CALM_REQUESTS = 60
const RECOVERY_SECONDS = 2
const SAMPLE_MS = 250

export async function measureOverload(plan: OwnServerPlan, bench: BenchRun): Promise<boolean> {
  const { model, workers } = plan
  const settings = { EARSHOT_QUEUE_WAIT_SECONDS: String(PROMISED_WAIT_SECONDS) }
  const server = await startServer({ model, workers, settings })
  try {
    return await overload(server, plan, bench)
  } finally {
    await server.stop()
  }
}

async function overload(server: Server, { uploads, seconds }: OwnServerPlan, bench: BenchRun): Promise<boolean> {
  const url = `${server.url}/v1/transcriptions`
  const capacity = summarizeLoad(await generateLoad({
    url, uploads, arrivals: { clients: CAPACITY_CLIENTS }, maxSeconds: CAPACITY_SECONDS, maxRequests: 100_000,
  }))
  const before = await calmLatencies(url, uploads)
  const perSecond = TIMES_CAPACITY * capacity.clipsPerSecond
  console.log(`capacity ${fixed(capacity.clipsPerSecond)} clips/s with ${CAPACITY_CLIENTS} clients; \
now ${fixed(perSecond)} requests/s for ${seconds} s\n`)

  const during = AbortSignal.timeout(seconds * 1000)
  const load = generateLoad({ url, uploads, arrivals: { perSecond }, maxSeconds: seconds, maxRequests: 1_000_000 })
  const memory = sampleMemory(server.processId, during)
  const probes = await probeOperations(server.url, during)
  await sleep(RECOVERY_SECONDS * 1000)
  const after = await calmLatencies(url, uploads)
  const summary = summarizeLoad(await load)
  const rss = await memory

  printLoad(summary)
  printProbes(probes)
  console.log(`resident memory, server and workers: ${megabytes(rss.startBytes)} MB at the start, \
at most ${megabytes(rss.maxBytes)} MB, ${megabytes(rss.endBytes)} MB at the end`)
  console.log(`single requests, median of ${CALM_REQUESTS}: ${fixed(before.medianMs, 0)} ms before, \
${fixed(after.medianMs, 0)} ms from ${RECOVERY_SECONDS} s after the last arrival on; \
the first of them waited ${fixed(after.firstMs, 0)} ms behind the queue`)
  const allowedMs = PROMISED_WAIT_SECONDS * 1000 + before.p95Ms
  const inTime = summary.p95Ms <= allowedMs
  console.log(`${inTime ? 'met' : 'missed'}: p95 ${fixed(summary.p95Ms, 0)} ms, allowed ${fixed(allowedMs, 0)} ms \
(${PROMISED_WAIT_SECONDS} s of waiting, and ${fixed(before.p95Ms, 0)} ms, the p95 of a single request)`)
  await bench.save({ capacity, perSecond, load: summary, probes, rss, before, after, allowedMs, inTime })
  return summary.failed === 0 && summary.withRetryAfter === summary.refused && inTime
}

interface CalmLatencies {
  readonly firstMs: number
  readonly medianMs: number
  readonly p95Ms: number
}

/** Single requests, one after the other; always the same clips. */
async function calmLatencies(url: string, uploads: readonly Upload[]): Promise<CalmLatencies> {
  const { answers } = await generateLoad({
    url, uploads, arrivals: { clients: 1 }, maxSeconds: 60, maxRequests: CALM_REQUESTS,
  })
  const latencies = answers.filter(({ status }) => status === 200).map(({ latencyMs }) => latencyMs)
  return { firstMs: latencies[0] ?? NaN, medianMs: median(latencies), p95Ms: percentile(latencies, 0.95) }
}

interface MemoryRange {
  readonly startBytes: number
  readonly maxBytes: number
  readonly endBytes: number
}

async function sampleMemory(processId: number, until: AbortSignal): Promise<MemoryRange> {
  const sample = (): number => residentBytes(processTree(processId))
  const startBytes = sample()
  let maxBytes = startBytes
  while (!until.aborted) {
    await sleep(SAMPLE_MS)
    maxBytes = Math.max(maxBytes, sample())
  }
  return { startBytes, maxBytes, endBytes: sample() }
}
