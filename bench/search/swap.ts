/**
 * A catalogue that is replaced under load: small and large versions in turn, while clients search without a pause and a
 * monitor asks ten times a second. No request may fail, and none that began after a version had been published may be
 * answered by an older one. So few clients never fill the queue, so a refusal is a failure too.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, errorCode, keepAliveAgent, type Exchange } from '../../fixtures/kit/exchange.js'
import { withServer, type Server } from '../../fixtures/kit/server.js'
import { percentile } from '../../fixtures/kit/statistics.js'
import type { Outcome } from '../harness/bench.js'
import { drawUploads } from '../harness/clips.js'
import { asCsv, makeUpNames } from '../harness/made-up-names.js'
import { processTree, residentBytes } from '../harness/processes.js'
import { fixed, megabytes, printTable, type Cell } from '../harness/table.js'
import { countByOutcome, sayOutcomes } from '../load/summary.js'
import type { SearchBench } from './context.js'

const SMALL = 1_000
const LARGE = 100_000
/** The first is published before the load begins. */
const SIZES = [SMALL, SMALL, LARGE, SMALL, LARGE, SMALL]
const PAUSE_AFTER_REFUSAL_MS = 100
const UPLOADS = 50
const QUIET_SECONDS = 12
const MONITOR_EVERY_MS = 100

interface Put { readonly version: number; readonly compileSeconds: number }

/** A PUT of a version, or the time after it. */
interface Phase {
  readonly name: string
  readonly put: Put | undefined
  readonly fromMs: number
  readonly toMs: number
  readonly residentBytes: number
}

interface Asked extends Exchange {
  readonly errorCode: string
  /** Of the catalogue that answered; undefined for the monitor. */
  readonly version: number | undefined
}

export function measure({ clips, model, workers }: SearchBench): Promise<Outcome> {
  return withServer({ model, workers }, async (server) => {
    const uploads = await drawUploads(clips, UPLOADS)
    const agent = keepAliveAgent()
    const until = new AbortController()
    const asked: Asked[] = []
    async function client(): Promise<void> {
      for (let index = 0; !until.signal.aborted; index++) {
        const { body } = uploads[index % uploads.length]!
        const exchange = await ask(`${server.url}/v1/search?catalogue=shop`, { method: 'POST', body, agent })
        asked.push({ ...exchange, errorCode: errorCode(exchange), version: versionOf(exchange) })
        if (exchange.status !== 200) await sleep(PAUSE_AFTER_REFUSAL_MS)
      }
    }
    async function monitor(path: string): Promise<void> {
      for (; !until.signal.aborted; await sleep(MONITOR_EVERY_MS)) {
        const exchange = await ask(server.url + path, { agent })
        asked.push({ ...exchange, errorCode: errorCode(exchange), version: undefined })
      }
    }
    const phases: Phase[] = []
    let load: Promise<unknown> | undefined
    for (const entries of SIZES) {
      phases.push(await publish(server, entries, agent))
      // One client more than there are workers: each has work, and the queue stays short.
      load ??= Promise.all([...Array.from({ length: workers + 1 }, client), monitor('/metrics'), monitor('/readyz')])
      const fromMs = performance.now()
      await sleep(QUIET_SECONDS * 1000)
      phases.push({ name: `${entries} served`, put: undefined, fromMs, toMs: performance.now(), ...memoryOf(server) })
    }
    until.abort()
    await load
    agent.destroy()
    return judge(phases, asked)
  })
}

function versionOf({ status, body }: Exchange): number {
  return status === 200 ? Number((JSON.parse(body) as { catalogue: string }).catalogue.split('@')[1]) : NaN
}

async function publish(server: Server, entries: number, agent: ReturnType<typeof keepAliveAgent>): Promise<Phase> {
  const body = asCsv(makeUpNames(entries, entries).names)
  const url = `${server.url}/v1/catalogues/shop`
  const exchange = await ask(url, { method: 'PUT', body, contentType: 'text/csv', agent })
  const { status, failure, startedAtMs: fromMs, latencyMs } = exchange
  if (status !== 200) throw new Error(`PUT answered ${failure ?? status}: ${exchange.body}`)
  const name = `${entries} published`
  return { name, put: JSON.parse(exchange.body) as Put, fromMs, toMs: fromMs + latencyMs, ...memoryOf(server) }
}

function memoryOf({ processId }: Server): Pick<Phase, 'residentBytes'> {
  return { residentBytes: residentBytes(processTree(processId)) }
}

function judge(phases: readonly Phase[], asked: readonly Asked[]): Outcome {
  const head = ['', 'took s', 'compiled s', 'searches', 'p50, p95, longest ms', 'longest of the monitor ms', 'MB']
  printTable(head, phases.map((phase): Cell[] => {
    const own = asked.filter((one) => phaseOf(one, phases) === phase)
    const searches = own.filter(({ version }) => version !== undefined).map(({ latencyMs }) => latencyMs)
    const monitored = own.filter(({ version }) => version === undefined).map(({ latencyMs }) => latencyMs)
    return [
      phase.name, fixed((phase.toMs - phase.fromMs) / 1000), fixed(phase.put?.compileSeconds, 2), searches.length,
      [0.5, 0.95, 1].map((share) => fixed(percentile(searches, share), 0)).join(', '),
      fixed(percentile(monitored, 1), 0), megabytes(phase.residentBytes),
    ]
  }))
  const failed = asked.filter(({ status }) => status !== 200)
  const stale = asked.filter((one) => isStale(one, phases))
  const versions = new Set(asked.flatMap(({ version }) => version ?? []))
  console.log(`\n${asked.length} requests: ${sayOutcomes(countByOutcome(asked))}; versions ${[...versions].join(', ')}`)
  const missed = [
    ...failed.length > 0 ? [`${failed.length} requests failed: ${sayOutcomes(countByOutcome(failed))}`] : [],
    ...stale.length > 0 ? [`${stale.length} answers by a version that had been replaced`] : [],
    ...versions.size < SIZES.length ? [`${versions.size} versions were seen of ${SIZES.length}`] : [],
  ]
  return { missed, results: { phases, asked: asked.map(({ body: _, ...one }) => one) } }
}

/** A request counts for the PUT that it met, even for a moment; otherwise for the quiet time in which it lies. */
function phaseOf({ startedAtMs, latencyMs }: Asked, phases: readonly Phase[]): Phase | undefined {
  const met = phases.filter(({ fromMs, toMs }) => startedAtMs <= toMs && startedAtMs + latencyMs >= fromMs)
  return met.find((phase) => phase.put !== undefined) ?? met[0]
}

function isStale({ startedAtMs, version = Infinity }: Asked, phases: readonly Phase[]): boolean {
  return phases.some(({ put, toMs }) => put !== undefined && toMs < startedAtMs && version < put.version)
}
