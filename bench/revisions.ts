/**
 * This revision beside another one, in turns: a revision of git that is built (`--revision`), or the compiled service
 * of one (`--entry`). In turns, because on a machine whose speed drifts, two runs one after the other differ by more
 * than the revisions do.
 *
 * Latency: each clip goes to both, one request at a time, and the order changes from round to round. A pair of answers
 * has a ratio, and the median of the ratios counts. Throughput: clients send all clips to one revision, then to the
 * other, and the ratio of the seconds counts; the ratio of CPU seconds of server and workers varies less. Intervals are
 * percentile bootstraps over pairs or rounds.
 */
import path from 'node:path'
import { medianInterval, type Interval } from '../fixtures/kit/bootstrap.js'
import { ask, keepAliveAgent } from '../fixtures/kit/exchange.js'
import { startServer, type Server } from '../fixtures/kit/server.js'
import { median, percentile, sum } from '../fixtures/kit/statistics.js'
import { buildRevision } from '../src/commands/compare-models/revision.js'
import { REVISIONS } from './declarations/service.js'
import { defineBench, type Outcome } from './harness/bench.js'
import { drawUploads, readClips, type Upload } from './harness/clips.js'
import { UsageError } from './harness/endings.js'
import { type Values } from './harness/options.js'
import { cpuSecondsOf } from './harness/processes.js'
import { recordTape } from './harness/speech-tape.js'
import { fixed, printTable } from './harness/table.js'
import { generateLoad, type LoadResult } from './load/generator.js'
import { startProgress } from './harness/progress.js'

const LENGTHS_SECONDS = [1, 3, 10]
const CLIENTS = [1, 4, 16]
/** That send queries of QUERY_SECONDS at the same time, and requests of each of them in a round. */
const QUERY_CLIENTS = [1, 2, 4, 8]
const QUERY_SECONDS = 3
const QUERIES_OF_CLIENT = 12
const CLIPS = 12
const UPLOADS = 100
const REQUESTS = 400
/** Target: at most this multiple of the time of the other revision. */
const MOST_RATIO = 1.03

interface Both<T> { readonly other: T; readonly own: T }

interface Row {
  readonly what: string
  readonly otherMs: number
  readonly ownMs: number
  /** Median of the ratios, own over other. */
  readonly ratio: number
  readonly interval: Interval
  readonly otherP95Ms?: number
  readonly ownP95Ms?: number
  readonly cpuRatio?: number
}

export const run = defineBench(REVISIONS, async ({ revision, entry, ...options }) => {
  if (revision === undefined) return compareWith({ ...options, entry })
  const built = await buildRevision(revision, { ...process.env, EARSHOT_MODELS: options.model })
  try {
    return await compareWith({ ...options, entry: path.join(built.folder, 'dist/src/main.js') })
  } finally {
    await built.remove()
  }
})

async function compareWith(
  { model, manifest, entry, rounds, workers, batch }: Omit<Values<typeof REVISIONS.options>, 'revision'>,
): Promise<Outcome> {
  if (entry === undefined) {
    throw new UsageError('--revision names the other revision, or --entry its compiled service: its dist/src/main.js')
  }
  const clips = await readClips(manifest)
  const [tape, uploads] = [await recordTape(clips), await drawUploads(clips, UPLOADS)]
  const own = { model, workers, settings: { EARSHOT_QUEUE_WAIT_SECONDS: '60' } }
  const batched = { ...own, settings: { ...own.settings, EARSHOT_MAX_BATCH_SIZE: String(batch) } }
  const servers: Both<Server> = {
    other: await startServer({ ...own, entry }), own: await startServer(batch === undefined ? own : batched),
  }
  try {
    const rows: Row[] = []
    const progress = startProgress(
      'comparisons', LENGTHS_SECONDS.length + QUERY_CLIENTS.length + CLIENTS.length)
    for (const seconds of LENGTHS_SECONDS) {
      const cuts = Array.from({ length: CLIPS }, (_, index) => tape.cut(seconds, index))
      rows.push(await compareLatency(`a clip of ${seconds} s, alone`, cuts, servers, rounds))
      progress.step()
    }
    const queries = Array.from({ length: CLIPS }, (_, index) => tape.cut(QUERY_SECONDS, index))
    for (const clients of QUERY_CLIENTS) {
      rows.push(await compareQueries(clients, queries, servers, rounds))
      progress.step()
    }
    for (const clients of CLIENTS) {
      rows.push(await compareThroughput(clients, uploads, servers, Math.ceil(rounds / 3)))
      progress.step()
    }
    printRows(rows)
    const slower = rows.filter(({ ratio }) => ratio > MOST_RATIO)
    const missed = slower.map(({ what, ratio }) =>
      `${what}: ${fixed(ratio, 3)} times as long, at most ${MOST_RATIO} wanted`)
    return { missed, judged: { rows: rows.length, rounds }, results: rows }
  } finally {
    await Promise.all([servers.other.stop(), servers.own.stop()])
  }
}

function printRows(rows: readonly Row[]): void {
  const head = ['what', 'other ms', 'this ms', 'ratio', '95 %', 'other p95', 'this p95', 'CPU ratio']
  printTable(head, rows.map((row) => [
    row.what, fixed(row.otherMs), fixed(row.ownMs), fixed(row.ratio, 3),
    `${fixed(row.interval.low, 3)} to ${fixed(row.interval.high, 3)}`, fixed(row.otherP95Ms), fixed(row.ownP95Ms),
    fixed(row.cpuRatio, 3),
  ]))
}

/** How long each of several clients waits for its answer: the median of a round counts. */
async function compareQueries(
  clients: number, uploads: readonly Upload[], servers: Both<Server>, rounds: number,
): Promise<Row> {
  const medians: Both<number[]> = { other: [], own: [] }
  const all: Both<number[]> = { other: [], own: [] }
  for (let round = 0; round < rounds; round++) {
    for (const name of inTurn(round)) {
      const times = (await loadOf(name, servers, uploads, clients, clients * QUERIES_OF_CLIENT))
        .map(({ latencyMs }) => latencyMs)
      medians[name].push(median(times))
      all[name].push(...times)
    }
  }
  const what = `clips of ${QUERY_SECONDS} s from ${clients} client${clients === 1 ? '' : 's'}`
  return {
    what, ...compare(medians), otherP95Ms: percentile(all.other, 0.95), ownP95Ms: percentile(all.own, 0.95),
  }
}

/** The answers to some requests, each of which has to succeed. */
async function loadOf(
  name: keyof Both<Server>, servers: Both<Server>, uploads: readonly Upload[], clients: number, maxRequests: number,
): Promise<LoadResult['answers']> {
  const { answers } = await generateLoad({
    url: `${servers[name].url}/v1/transcriptions`, uploads, arrivals: { clients }, maxSeconds: 600, maxRequests,
  })
  const failed = answers.find(({ status }) => status !== 200)
  if (failed !== undefined) throw new Error(`the ${name} revision answered ${failed.failure ?? failed.status}`)
  return answers
}

async function compareLatency(
  what: string, uploads: readonly Upload[], servers: Both<Server>, rounds: number,
): Promise<Row> {
  const agent = keepAliveAgent()
  const times: Both<number[]> = { other: [], own: [] }
  const send = async (name: keyof Both<Server>, { body }: Upload): Promise<void> => {
    const { status, failure, latencyMs } = await ask(`${servers[name].url}/v1/transcriptions`, {
      method: 'POST', body, agent,
    })
    if (status !== 200) throw new Error(`the ${name} revision answered ${failure ?? status}`)
    times[name].push(latencyMs)
  }
  for (let round = -1; round < rounds; round++) {
    for (const upload of uploads) for (const name of inTurn(round)) await send(name, upload)
    if (round < 0) {
      for (const name of inTurn(round)) times[name].length = 0 // buffers of a new length are allocated once
    }
  }
  agent.destroy()
  return { what, ...compare(times) }
}

async function compareThroughput(
  clients: number, uploads: readonly Upload[], servers: Both<Server>, rounds: number,
): Promise<Row> {
  const walls: Both<number[]> = { other: [], own: [] }
  const cpus: Both<number[]> = { other: [], own: [] }
  for (let round = 0; round < rounds; round++) {
    for (const name of inTurn(round)) {
      const { processId } = servers[name]
      const [cpuBefore, since] = [cpuSeconds(processId), performance.now()]
      await loadOf(name, servers, uploads, clients, REQUESTS)
      walls[name].push(performance.now() - since)
      cpus[name].push(cpuSeconds(processId) - cpuBefore)
    }
  }
  const what = `${REQUESTS} clips from ${clients} client${clients === 1 ? '' : 's'}`
  return { what, ...compare(walls), cpuRatio: sum(cpus.own) / sum(cpus.other) }
}

function inTurn(round: number): (keyof Both<Server>)[] {
  return round % 2 === 0 ? ['other', 'own'] : ['own', 'other']
}

function cpuSeconds(processId: number): number {
  const { server, worker } = cpuSecondsOf(processId)
  return server + worker
}

function compare({ other, own }: Both<readonly number[]>): Omit<Row, 'what'> {
  const ratios = own.map((ms, index) => ms / other[index]!)
  return {
    otherMs: median(other), ownMs: median(own), ratio: median(ratios),
    interval: medianInterval(ratios.map((ratio) => [ratio])),
  }
}
