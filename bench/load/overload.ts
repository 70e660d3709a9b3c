/**
 * `load --overload`: four times the capacity for half a minute. Wanted: early and cheap refusals, constant memory,
 * answers to monitors, accepted requests served in time, and the old latency two seconds after the end.
 *
 * In time: a request is accepted only if its expected wait is within the promise. So the p95 of the accepted is at most
 * that wait plus the p95 of a request on the idle server, measured in the same run.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { withServer, type Server } from '../../fixtures/kit/server.js'
import { median, percentile } from '../../fixtures/kit/statistics.js'
import type { Outcome } from '../harness/bench.js'
import type { Upload } from '../harness/clips.js'
import { processTree, residentBytes } from '../harness/processes.js'
import { fixed, megabytes } from '../harness/table.js'
import { generateLoad } from './generator.js'
import { printProbes, probeOperations } from './probe.js'
import { printLoad, sayOutcomes, summarizeLoad } from './summary.js'
import { requireMeasured } from '../harness/endings.js'

const TIMES_CAPACITY = 4
/** The setting of this service, and its default. */
const PROMISED_WAIT_SECONDS = 1.5
const CAPACITY_CLIENTS = 8
const CAPACITY_SECONDS = 8
/** Enough for a 95th percentile. */
const CALM_REQUESTS = 60
const RECOVERY_SECONDS = 2
const SAMPLE_MS = 250

export interface OwnServerPlan {
  readonly uploads: readonly Upload[]
  readonly model: string
  readonly workers: number
  readonly seconds: number
}

export function measureOverload(plan: OwnServerPlan): Promise<Outcome> {
  const { model, workers } = plan
  const settings = { EARSHOT_QUEUE_WAIT_SECONDS: String(PROMISED_WAIT_SECONDS) }
  return withServer({ model, workers, settings }, (server) => overload(server, plan))
}

async function overload(server: Server, { uploads, seconds }: OwnServerPlan): Promise<Outcome> {
  const url = `${server.url}/v1/transcriptions`
  const closed = { clients: CAPACITY_CLIENTS }
  const maxSeconds = Math.min(CAPACITY_SECONDS, seconds)
  const capacity = summarizeLoad(await generateLoad({ url, uploads, arrivals: closed, maxSeconds }))
  const before = await calmLatencies(url, uploads)
  const perSecond = TIMES_CAPACITY * capacity.clipsPerSecond
  console.log(`capacity ${fixed(capacity.clipsPerSecond)} clips/s with ${CAPACITY_CLIENTS} clients; ` +
    `now ${fixed(perSecond)} requests/s for ${seconds} s\n`)

  const during = AbortSignal.timeout(seconds * 1000)
  const load = generateLoad({ url, uploads, arrivals: { perSecond }, maxSeconds: seconds })
  const memory = sampleMemory(server.processId, during)
  const probes = await probeOperations(server.url, during)
  await sleep(RECOVERY_SECONDS * 1000)
  const after = await calmLatencies(url, uploads)
  const summary = summarizeLoad(await load)
  const rss = await memory

  printLoad(summary)
  printProbes(probes)
  console.log(`resident memory, server and workers: ${megabytes(rss.startBytes)} MB at the start, ` +
    `at most ${megabytes(rss.maxBytes)} MB, ${megabytes(rss.endBytes)} MB at the end`)
  console.log(`single requests, median of ${CALM_REQUESTS}: ${fixed(before.medianMs, 0)} ms before, ` +
    `${fixed(after.medianMs, 0)} ms from ${RECOVERY_SECONDS} s after the last arrival on; ` +
    `the first of them waited ${fixed(after.firstMs, 0)} ms behind the queue`)
  const allowedMs = PROMISED_WAIT_SECONDS * 1000 + before.p95Ms
  console.log(`accepted p95 ${fixed(summary.p95Ms, 0)} ms, allowed ${fixed(allowedMs, 0)} ms`)
  const { failed, refused, withRetryAfter, p95Ms, byOutcome } = summary
  return {
    missed: [
      ...failed > 0 ? [`not all were answered: ${sayOutcomes(byOutcome)}`] : [],
      ...withRetryAfter < refused ? [`${refused - withRetryAfter} refusals without Retry-After`] : [],
      ...p95Ms > allowedMs ? [`p95 of the accepted ${fixed(p95Ms, 0)} ms, ${fixed(allowedMs, 0)} ms allowed`] : [],
    ],
    judged: { 'accepted requests': summary.accepted, 'calm requests': after.accepted },
    results: { capacity, perSecond, load: summary, probes, rss, before, after, allowedMs },
  }
}

interface CalmLatencies {
  readonly firstMs: number
  readonly medianMs: number
  readonly p95Ms: number
  readonly accepted: number
}

/** Single requests, one after the other; always the same clips. */
async function calmLatencies(url: string, uploads: readonly Upload[]): Promise<CalmLatencies> {
  const { answers } = await generateLoad({
    url, uploads, arrivals: { clients: 1 }, maxSeconds: 60, maxRequests: CALM_REQUESTS,
  })
  const latencies = answers.filter(({ status }) => status === 200).map(({ latencyMs }) => latencyMs)
  requireMeasured({ 'accepted requests on the idle service': latencies.length })
  return {
    firstMs: latencies[0]!, medianMs: median(latencies), p95Ms: percentile(latencies, 0.95),
    accepted: latencies.length,
  }
}

interface MemoryRange { readonly startBytes: number; readonly maxBytes: number; readonly endBytes: number }

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
