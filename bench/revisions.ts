/**
 * This revision against the compiled service of another one (`--entry`), in turn: on a machine whose speed drifts, two
 * runs one after the other differ by more than the revisions do.
 *
 * Latency: each clip goes to both, one request at a time, and the order changes from round to round. A pair of answers
 * has a ratio, and the median of the ratios counts. Throughput: so many clients send all clips to one revision, then to
 * the other, and the ratio of the seconds counts; the CPU seconds of server and workers stand beside it, for they vary
 * less. Intervals are percentile bootstraps over pairs or rounds (2,000 times, seed 1).
 */
import { defaultManifest, drawUploads, readClips, type Upload } from './clips.js'
import { ask, keepAliveAgent } from './exchange.js'
import { generateLoad } from './load-generator.js'
import { beginRun } from './machine.js'
import { countOption, parseOptions, UsageError } from './options.js'
import { processTree, TICKS_PER_SECOND } from './processes.js'
import { DEFAULT_MODEL } from './recognizers.js'
import type { RunBench } from './run.js'
import { startServer, type Server } from './server.js'
import { recordTape } from './speech-tape.js'
import { median, percentile, seededRandom, sum } from './statistics.js'
import { fixed, printTable } from './table.js'

const LENGTHS_SECONDS = [1, 3, 10]
const CLIENTS = [1, 4, 16]
const CLIPS = 12
const UPLOADS = 100
const REQUESTS = 400
const BOOTSTRAPS = 2_000
/** Required: this revision takes at most so many times as long. */
const MOST_RATIO = 1.03

interface Both<T> { readonly other: T; readonly own: T }
interface Ratio { readonly median: number; readonly low: number; readonly high: number }
interface Row { readonly what: string; readonly otherMs: number; readonly ownMs: number; readonly ratio: Ratio; readonly cpuRatio?: number }

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    model: { type: 'string', default: DEFAULT_MODEL }, manifest: { type: 'string', default: defaultManifest() },
    entry: { type: 'string' }, rounds: { type: 'string', default: '25' }, workers: { type: 'string', default: '0' },
  })
  if (given.entry === undefined) throw new UsageError('--entry names the compiled service of the other revision: its dist/src/main.js')
  const rounds = countOption('rounds', given.rounds, 25)
  const workers = countOption('workers', given.workers, 0, 0)
  const clips = await readClips(given.manifest)
  const [tape, uploads] = [await recordTape(clips), await drawUploads(clips, UPLOADS)]
  const bench = await beginRun('revisions', given)
  const start = (entry: { readonly entry?: string }): Promise<Server> =>
    startServer({ model: given.model, workers, settings: { EARSHOT_QUEUE_WAIT_SECONDS: '60' }, ...entry })
  const servers: Both<Server> = { other: await start({ entry: given.entry }), own: await start({}) }
  try {
    const rows: Row[] = []
    for (const seconds of LENGTHS_SECONDS) {
      const cuts = Array.from({ length: CLIPS }, (_, index) => tape.cut(seconds, index))
      rows.push(await compareLatency(`a clip of ${seconds} s, alone`, cuts, servers, rounds))
    }
    for (const clients of CLIENTS) rows.push(await compareThroughput(clients, uploads, servers, Math.ceil(rounds / 3)))
    printTable(['what', 'other ms', 'this ms', 'ratio', '95 %', 'CPU ratio', 'met'], rows.map(({ what, otherMs, ownMs, ratio, cpuRatio }) => [
      what, fixed(otherMs), fixed(ownMs), fixed(ratio.median, 3), `${fixed(ratio.low, 3)} to ${fixed(ratio.high, 3)}`,
      cpuRatio === undefined ? '-' : fixed(cpuRatio, 3), isMet(ratio) ? 'yes' : 'no',
    ]))
    console.log(`required: this revision takes at most ${MOST_RATIO} times as long`)
    await bench.save(rows)
    return rows.every(({ ratio }) => isMet(ratio))
  } finally {
    await Promise.all([servers.other.stop(), servers.own.stop()])
  }
}

function isMet(ratio: Ratio): boolean {
  return ratio.median <= MOST_RATIO
}

async function compareLatency(what: string, uploads: readonly Upload[], servers: Both<Server>, rounds: number): Promise<Row> {
  const agent = keepAliveAgent()
  const times: Both<number[]> = { other: [], own: [] }
  const send = async (name: keyof Both<Server>, { body }: Upload): Promise<void> => {
    const { status, failure, latencyMs } = await ask(`${servers[name].url}/v1/transcriptions`, { method: 'POST', body, agent })
    if (status !== 200) throw new Error(`the ${name} revision answered ${failure ?? status}`)
    times[name].push(latencyMs)
  }
  for (let round = -1; round < rounds; round++) {
    for (const upload of uploads) for (const name of inTurn(round)) await send(name, upload)
    if (round < 0) for (const name of inTurn(round)) times[name].length = 0 // buffers of a new length are allocated once
  }
  agent.destroy()
  const ratio = ratioOf(times.own.map((ms, index) => ms / times.other[index]!))
  return { what, otherMs: median(times.other), ownMs: median(times.own), ratio }
}

async function compareThroughput(clients: number, uploads: readonly Upload[], servers: Both<Server>, rounds: number): Promise<Row> {
  const walls: Both<number[]> = { other: [], own: [] }
  const cpus: Both<number[]> = { other: [], own: [] }
  for (let round = 0; round < rounds; round++) {
    for (const name of inTurn(round)) {
      const { url, processId } = servers[name]
      const [ticks, since] = [ticksOf(processId), performance.now()]
      const load = await generateLoad({
        url: `${url}/v1/transcriptions`, uploads, arrivals: { clients }, maxSeconds: 600, maxRequests: REQUESTS,
      })
      walls[name].push(performance.now() - since)
      cpus[name].push((ticksOf(processId) - ticks) / TICKS_PER_SECOND)
      const failed = load.answers.find(({ status }) => status !== 200)
      if (failed !== undefined) throw new Error(`the ${name} revision answered ${failed.failure ?? failed.status}`)
    }
  }
  const ratio = ratioOf(walls.own.map((ms, index) => ms / walls.other[index]!))
  return {
    what: `${REQUESTS} clips from ${clients} client${clients === 1 ? '' : 's'}`,
    otherMs: median(walls.other), ownMs: median(walls.own), ratio, cpuRatio: sum(cpus.own) / sum(cpus.other),
  }
}

function inTurn(round: number): (keyof Both<Server>)[] {
  return round % 2 === 0 ? ['other', 'own'] : ['own', 'other']
}

/** CPU time of a service and its workers. */
function ticksOf(processId: number): number {
  return sum(processTree(processId).map(({ cpuTicks }) => cpuTicks))
}

function ratioOf(ratios: readonly number[]): Ratio {
  const random = seededRandom(1)
  const medians = Array.from({ length: BOOTSTRAPS }, () =>
    median(ratios.map(() => ratios[Math.floor(random() * ratios.length)]!)))
  return { median: median(ratios), low: percentile(medians, 0.025), high: percentile(medians, 0.975) }
}
