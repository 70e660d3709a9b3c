/**
 * A catalogue that is replaced under load: small and large versions in turn, while clients search without a pause and a
 * monitor asks ten times a second. No request may fail, and none that began after a version had been published may be
 * answered by an older one. So few clients never fill the queue, so a refusal is a failure too.
 */
import type { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { drawUploads, type Upload } from '../harness/clips.js'
import { ask, errorCode, keepAliveAgent, type Exchange } from '../../fixtures/kit/exchange.js'
import { countByOutcome, sayOutcomes } from '../load/summary.js'
import { asCsv, makeUpNames } from '../harness/made-up-names.js'
import type { Outcome } from '../harness/bench.js'
import { processTree, residentBytes } from '../harness/processes.js'
import { startServer } from '../../fixtures/kit/server.js'
import { percentile } from '../../fixtures/kit/statistics.js'
import { fixed, megabytes, printTable } from '../harness/table.js'
import type { SearchBench } from './context.js'

const SMALL = 1_000
const LARGE = 100_000
/** The first is there before the load begins. */
const SIZES: readonly [number, ...number[]] = [SMALL, SMALL, LARGE, SMALL, LARGE, SMALL]
const PAUSE_AFTER_REFUSAL_MS = 100
const UPLOADS = 50
const QUIET_SECONDS = 12
const LOOK_EVERY_MS = 100

interface Service { readonly url: string; readonly processId: number; readonly agent: Agent }

/** A stretch of the run in which a version is taken in, or none is. */
interface Phase {
  /** Of the version that is put, or served. */
  readonly entries: number
  readonly put: Put | undefined
  readonly fromMs: number
  readonly toMs: number
  readonly serverBytes: number
  readonly workerBytes: number
}

interface Put { readonly version: number; readonly compileSeconds: number }

/** One request that ended; what it says of the answer is empty where there was none. */
interface Asked {
  readonly path: string
  readonly status: number
  readonly failure: string | null
  readonly errorCode: string
  readonly startedAtMs: number
  readonly latencyMs: number
  /** Of the catalogue that answered a search; NaN for other requests. */
  readonly version: number
}

export async function measure({ clips, model, workers }: SearchBench): Promise<Outcome> {
  const uploads = await drawUploads(clips, UPLOADS)
  const files = new Map([SMALL, LARGE].map((size) => [size, asCsv(makeUpNames(size, size).names)]))
  const server = await startServer({ model, workers })
  const service = { url: server.url, processId: server.processId, agent: keepAliveAgent() }
  const [first, ...further] = SIZES
  const phases = [await put(service, first, files)]
  const until = new AbortController()
  const load = Promise.all([
    // One more than there are workers: each has work, and the queue stays short.
    ...Array.from({ length: workers + 1 }, () => search(service, uploads, until.signal)),
    ...['/metrics', '/readyz'].map((path) => look(service, path, until.signal)),
  ])
  phases.push(await leaveAlone(service, first))
  for (const size of further) phases.push(await put(service, size, files), await leaveAlone(service, size))
  until.abort()
  const asked = (await load).flat()
  service.agent.destroy()
  await server.stop()
  return judge(phases, asked)
}

async function put(service: Service, entries: number, files: ReadonlyMap<number, Buffer>): Promise<Phase> {
  const exchange = await ask(`${service.url}/v1/catalogues/shop`, {
    method: 'PUT', body: files.get(entries)!, contentType: 'text/csv', agent: service.agent,
  })
  if (exchange.status !== 200) throw new Error(`PUT answered ${exchange.failure ?? exchange.status}: ${exchange.body}`)
  const { version, compileSeconds } = JSON.parse(exchange.body) as Put
  return {
    entries, put: { version, compileSeconds }, fromMs: exchange.startedAtMs,
    toMs: exchange.startedAtMs + exchange.latencyMs, ...memoryOf(service),
  }
}

async function leaveAlone(service: Service, entries: number): Promise<Phase> {
  const fromMs = performance.now()
  await sleep(QUIET_SECONDS * 1000)
  return { entries, put: undefined, fromMs, toMs: performance.now(), ...memoryOf(service) }
}

function memoryOf({ processId }: Service): Pick<Phase, 'serverBytes' | 'workerBytes'> {
  const processes = processTree(processId)
  const bytes = (isWorker: boolean): number => residentBytes(processes.filter((one) => one.isWorker === isWorker))
  return { serverBytes: bytes(false), workerBytes: bytes(true) }
}

/** One client: asks again as soon as it has its answer. */
async function search({ url, agent }: Service, uploads: readonly Upload[], until: AbortSignal): Promise<Asked[]> {
  const path = '/v1/search'
  const asked: Asked[] = []
  for (let index = 0; !until.aborted; index++) {
    const exchange = await ask(`${url}${path}?catalogue=shop`, {
      method: 'POST', body: uploads[index % uploads.length]!.body, agent,
    })
    const version = exchange.status === 200
      ? Number((JSON.parse(exchange.body) as { catalogue: string }).catalogue.split('@')[1]) : NaN
    asked.push({ path, version, ...shorten(exchange) })
    if (exchange.status !== 200) await sleep(PAUSE_AFTER_REFUSAL_MS)
  }
  return asked
}

/** Whether or not the last answer has come. */
async function look({ url, agent }: Service, path: string, until: AbortSignal): Promise<Asked[]> {
  const exchanges: Promise<Exchange>[] = []
  while (!until.aborted) {
    exchanges.push(ask(`${url}${path}`, { agent }))
    await sleep(LOOK_EVERY_MS)
  }
  return (await Promise.all(exchanges)).map((exchange) => ({ path, version: NaN, ...shorten(exchange) }))
}

function shorten(exchange: Exchange): Omit<Asked, 'path' | 'version'> {
  const { status, failure, startedAtMs, latencyMs } = exchange
  return { status, failure, errorCode: errorCode(exchange), startedAtMs, latencyMs }
}

function judge(phases: readonly Phase[], asked: readonly Asked[]): Outcome {
  const rows = phases.map((phase) => ({ phase, asked: asked.filter((one) => phaseOf(one, phases) === phase) }))
  printTable([
    '', 'took s', 'compiled s', 'searches', 'p50 ms', 'p95 ms', 'longest ms', '/metrics longest ms',
    '/readyz longest ms', 'server MB', 'workers MB',
  ], rows.map(sayRow))
  const searches = asked.filter(({ path }) => path === '/v1/search')
  const failed = asked.filter(({ status }) => status !== 200)
  const stale = searches.filter((one) => isStale(one, phases))
  const versions = [...new Set(searches.map(({ version }) => version))]
  console.log(
    `\n${asked.length} requests: ${sayOutcomes(countByOutcome(asked))}; versions ${versions.join(', ')} seen, ${stale.length} answers by one that had been replaced`,
  )
  for (const isSwapping of [false, true]) {
    const latencies = latenciesOf(
      rows.filter(({ phase }) => (phase.put !== undefined) === isSwapping).flatMap((row) => row.asked), '/v1/search',
    )
    console.log(
      `searches ${isSwapping ? 'while a version is taken in' : 'with nothing else going on'}: ${latencies.length}, p50 ${fixed(percentile(latencies, 0.5), 0)} ms, p95 ${fixed(percentile(latencies, 0.95), 0)} ms`,
    )
  }
  const missed = [
    ...failed.length > 0 ? [`${failed.length} requests failed: ${sayOutcomes(countByOutcome(failed))}`] : [],
    ...stale.length > 0 ? [`${stale.length} answers by a version that had been replaced`] : [],
    ...versions.length < SIZES.length ? [`${versions.length} versions were seen of ${SIZES.length}`] : [],
  ]
  return { missed, results: { phases, asked } }
}

/** The version that was taken in meanwhile, even for a moment; else the quiet stretch that it lies in. */
function phaseOf({ startedAtMs, latencyMs }: Asked, phases: readonly Phase[]): Phase | undefined {
  const met = phases.filter(({ fromMs, toMs }) => startedAtMs <= toMs && startedAtMs + latencyMs >= fromMs)
  return met.find((phase) => phase.put !== undefined) ?? met[0]
}

function isStale({ startedAtMs, version }: Asked, phases: readonly Phase[]): boolean {
  return phases.some((phase) => phase.put !== undefined && phase.toMs < startedAtMs && version < phase.put.version)
}

function latenciesOf(asked: readonly Asked[], path: string): number[] {
  return asked.filter((one) => one.path === path).map(({ latencyMs }) => latencyMs)
}

function sayRow({ phase, asked }: { readonly phase: Phase; readonly asked: readonly Asked[] }): (string | number)[] {
  const { put, entries, fromMs, toMs, serverBytes, workerBytes } = phase
  const searches = latenciesOf(asked, '/v1/search')
  return [
    put === undefined ? `${entries} entries` : `taking in version ${put.version}, ${entries} entries`,
    fixed((toMs - fromMs) / 1000), fixed(put?.compileSeconds, 2), searches.length,
    ...[0.5, 0.95, 1].map((share) => fixed(percentile(searches, share), 0)),
    ...['/metrics', '/readyz'].map((path) => fixed(percentile(latenciesOf(asked, path), 1), 0)),
    megabytes(serverBytes), megabytes(workerBytes),
  ]
}
