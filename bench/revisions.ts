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
import { median, sum } from '../fixtures/kit/statistics.js'
import { buildRevision } from '../src/commands/compare-models/revision.js'
import { REVISIONS } from './declarations/service.js'
import { defineBench, type Outcome } from './harness/bench.js'
import { drawUploads, readClips, type Upload } from './harness/clips.js'
import { UsageError } from './harness/endings.js'
import { type Values } from './harness/options.js'
import { cpuSecondsOf } from './harness/processes.js'
import { recordTape } from './harness/speech-tape.js'
import { fixed, printTable } from './harness/table.js'
import { generateLoad } from './load/generator.js'
import { startProgress } from './harness/progress.js'

const LENGTHS_SECONDS = [1, 3, 10]
const CLIENTS = [1, 4, 16]
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
  { model, manifest, entry, rounds, workers }: Omit<Values<typeof REVISIONS.options>, 'revision'>,
): Promise<Outcome> {
  if (entry === undefined) {
    throw new UsageError('--revision names the other revision, or --entry its compiled service: its dist/src/main.js')
  }
  const clips = await readClips(manifest)
  const [tape, uploads] = [await recordTape(clips), await drawUploads(clips, UPLOADS)]
  const own = { model, workers, settings: { EARSHOT_QUEUE_WAIT_SECONDS: '60' } }
  const servers: Both<Server> = { other: await startServer({ ...own, entry }), own: await startServer(own) }
  try {
    const rows: Row[] = []
    const progress = startProgress('comparisons', LENGTHS_SECONDS.length + CLIENTS.length)
    for (const seconds of LENGTHS_SECONDS) {
      const cuts = Array.from({ length: CLIPS }, (_, index) => tape.cut(seconds, index))
      rows.push(await compareLatency(`a clip of ${seconds} s, alone`, cuts, servers, rounds))
      progress.step()
    }
    for (const clients of CLIENTS) {
      rows.push(await compareThroughput(clients, uploads, servers, Math.ceil(rounds / 3)))
      progress.step()
    }
    printTable(['what', 'other ms', 'this ms', 'ratio', '95 %', 'CPU ratio'], rows.map((row) => [
      row.what, fixed(row.otherMs), fixed(row.ownMs), fixed(row.ratio, 3),
      `${fixed(row.interval.low, 3)} to ${fixed(row.interval.high, 3)}`, fixed(row.cpuRatio, 3),
    ]))
    const slower = rows.filter(({ ratio }) => ratio > MOST_RATIO)
    const missed = slower.map(({ what, ratio }) =>
      `${what}: ${fixed(ratio, 3)} times as long, at most ${MOST_RATIO} wanted`)
    return { missed, judged: { rows: rows.length, rounds }, results: rows }
  } finally {
    await Promise.all([servers.other.stop(), servers.own.stop()])
  }
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
      const { url, processId } = servers[name]
      const [cpuBefore, since] = [cpuSeconds(processId), performance.now()]
      const load = await generateLoad({
        url: `${url}/v1/transcriptions`, uploads, arrivals: { clients }, maxSeconds: 600, maxRequests: REQUESTS,
      })
      walls[name].push(performance.now() - since)
      cpus[name].push(cpuSeconds(processId) - cpuBefore)
      const failed = load.answers.find(({ status }) => status !== 200)
      if (failed !== undefined) throw new Error(`the ${name} revision answered ${failed.failure ?? failed.status}`)
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
