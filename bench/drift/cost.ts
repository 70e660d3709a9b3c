/**
 * What watching costs: time for each clip and each evaluation, memory of a monitor, memory over a million clips, series
 * of the metrics, and what a client waits, with drift on and off. For the last, services stand side by side and every
 * upload goes to all of them, in turns first. There are new ones in each round, and one without drift twice, because
 * two processes of the same program differ by more than drift costs: their ratio says by how much.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { featureRow, type FeatureRow } from '../../src/monitoring/drift/features.js'
import { DriftMonitor, FAST } from '../../src/monitoring/drift/monitor.js'
import type { Baseline } from '../../src/monitoring/drift/baseline.js'
import type { Report } from '../../src/domain/report.js'
import { medianInterval, type Interval } from '../bootstrap.js'
import { drawUploads, type Upload } from '../clips.js'
import { ask, keepAliveAgent } from '../exchange.js'
import type { Outcome } from '../named-tables.js'
import type { Server } from '../server.js'
import { median, seededRandom, slope } from '../statistics.js'
import { fixed, printTable } from '../table.js'
import { baselineOf, drawBaselineClips, type DriftBench } from './context.js'
import { baselineFor, startWatched, writeBaseline } from './service.js'
import { arrivalsOf } from './traffic.js'

const TIMED_EVALUATIONS = 4_000
const MONITORS = 200
const OBSERVATIONS = 1_000_000
const MEMORY_SAMPLES = 20
const ROUNDS = 6
const UPLOADS_EACH = 120
/** Code is compiled and buffers are allocated. */
const WARM_UP_UPLOADS = 10
/** Of what a client waits. */
const MOST_SLOWER = 1.01
/** Over a million clips; a leak of one number a clip would be 8 MB. */
const MOST_GROWN_KB = 100

export async function measure({ clips, model, traffic, effort }: DriftBench): Promise<Outcome> {
  const reports = await traffic.reports('clean')
  const random = seededRandom(31)
  const drawn = drawBaselineClips(reports.map(featureRow), arrivalsOf('sessions', reports.length, random))
  const baseline = baselineOf(drawn, random)
  const rows = drawn.map(({ row }) => row)
  const times = timeMonitor(baseline, rows, Math.max(100, Math.round(TIMED_EVALUATIONS * effort)))
  const featuresUs = timeFeatures(reports)
  const monitorKb = memoryOfMonitors(baseline, rows) / 1024
  const grownKb = growth(baseline, rows, Math.round(OBSERVATIONS * effort)) / 1024
  const file = await writeBaseline(await baselineFor(model, drawn))
  const latency = await compareLatency(model, file, await drawUploads(clips, UPLOADS_EACH), Math.max(1, Math.round(ROUNDS * effort)))
  printTable(['cost', 'figure'], [
    ['features of a clip, µs, median', fixed(featuresUs)],
    ['a clip observed, µs, median', fixed(times.observeUs)],
    ['an evaluation of the fast window, µs, median', fixed(times.evaluateUs)],
    ['a clip on average, evaluations included, µs', fixed(times.clipUs)],
    ['a monitor, kB', fixed(monitorKb)],
    ['growth over a million clips, kB', fixed(grownKb)],
    ['series of asr_drift_*', latency.series],
    ['request with drift on, ms, median', fixed(latency.onMs, 2)],
    ['request with drift off, ms, median', fixed(latency.offMs, 2)],
    [`on over off, median of ${latency.requests} (95 %)`, sayRatio(latency.onOverOff)],
    ['off over another one off', sayRatio(latency.offOverOff)],
  ])
  return {
    missed: [
      ...latency.onOverOff.median > MOST_SLOWER ? [`a request takes ${fixed(100 * (latency.onOverOff.median - 1), 1)} % longer with drift on, wanted below 1; two services without drift differ by ${fixed(100 * (latency.offOverOff.median - 1), 1)} %`] : [],
      ...grownKb > MOST_GROWN_KB ? [`memory grows by ${fixed(grownKb, 0)} kB over a million clips, wanted at most ${MOST_GROWN_KB}`] : [],
    ],
    results: { featuresUs, ...times, monitorKb, grownKb, latency },
  }
}

/** Each call apart: the one that closes a sub-window of the fast window evaluates it. */
function timeMonitor(baseline: Baseline, rows: readonly FeatureRow[], evaluations: number): { observeUs: number; evaluateUs: number; clipUs: number } {
  const monitor = new DriftMonitor(baseline, () => 0)
  const [plain, closing]: [number[], number[]] = [[], []]
  const since = performance.now()
  for (let clip = 1; clip <= evaluations * FAST.clipsEach; clip++) {
    const before = performance.now()
    monitor.observe(rows[clip % rows.length]!)
    const us = 1000 * (performance.now() - before)
    if (clip % FAST.clipsEach === 0) closing.push(us)
    else plain.push(us)
  }
  const clipUs = 1000 * (performance.now() - since) / (evaluations * FAST.clipsEach)
  return { observeUs: median(plain), evaluateUs: median(closing) - median(plain), clipUs }
}

function timeFeatures(reports: readonly Report[]): number {
  return median(reports.map((report) => {
    const since = performance.now()
    featureRow(report)
    return 1000 * (performance.now() - since)
  }))
}

function memoryOfMonitors(baseline: Baseline, rows: readonly FeatureRow[]): number {
  const before = heldBytes()
  const monitors = Array.from({ length: MONITORS }, () => {
    const monitor = new DriftMonitor(baseline, () => 0)
    for (const row of rows) monitor.observe(row)
    return monitor
  })
  return (heldBytes() - before) / monitors.length
}

/** Slope of the memory over the second half, in bytes over a million clips. */
function growth(baseline: Baseline, rows: readonly FeatureRow[], observations: number): number {
  const monitor = new DriftMonitor(baseline, () => 0)
  const samples: [number, number][] = []
  for (let clip = 0; clip < observations; clip++) {
    monitor.observe(rows[clip % rows.length]!)
    if (clip % Math.ceil(observations / MEMORY_SAMPLES) === 0) samples.push([clip, heldBytes()])
  }
  return 1_000_000 * slope(samples.slice(samples.length / 2))
}

let collect: (() => void) | undefined

/** What is still in use after a collection: the heap, and typed arrays beside it. */
function heldBytes(): number {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

interface Ratio { readonly median: number; readonly interval: Interval }
interface Latency { readonly onMs: number; readonly offMs: number; readonly requests: number; readonly onOverOff: Ratio; readonly offOverOff: Ratio; readonly series: number }

/** Services by their place: watched, not watched, and not watched again. */
const ON = 0
const OFF = 1
const OFF_AGAIN = 2

async function compareLatency(model: string, baseline: string, uploads: readonly Upload[], rounds: number): Promise<Latency> {
  const byRound: number[][][] = []
  let series = 0
  for (let round = 0; round < rounds; round++) {
    const servers: Server[] = []
    // In turns the first to start, too.
    for (let n = 0; n < 3; n++) servers[(n + round) % 3] = await startWatched(model, (n + round) % 3 === ON ? baseline : 'off', 1)
    byRound.push(await askAll(servers.map(({ url }) => url), uploads))
    series = await countSeries(servers[ON]!.url)
    await Promise.all(servers.map((server) => server.stop()))
  }
  const ratio = (one: number, other: number): Ratio => {
    const ratios = byRound.map((own) => own.map((latencies) => latencies[one]! / latencies[other]!))
    return { median: median(ratios.flat()), interval: medianInterval(ratios) }
  }
  const all = byRound.flat()
  return {
    onMs: median(all.map((latencies) => latencies[ON]!)), offMs: median(all.map((latencies) => latencies[OFF]!)),
    requests: all.length, onOverOff: ratio(ON, OFF), offOverOff: ratio(OFF_AGAIN, OFF), series,
  }
}

/** Latencies of each upload at each address, ms. Shape [uploads][urls]. */
async function askAll(urls: readonly string[], uploads: readonly Upload[]): Promise<number[][]> {
  const agent = keepAliveAgent()
  const time = async (url: string, { body }: Upload): Promise<number> => {
    const { status, failure, latencyMs } = await ask(`${url}/v1/transcriptions`, { method: 'POST', body, agent })
    if (status !== 200) throw new Error(`${url} answered ${failure ?? status}`)
    return latencyMs
  }
  for (const url of urls) for (const upload of uploads.slice(0, WARM_UP_UPLOADS)) await time(url, upload)
  const latencies: number[][] = []
  for (const [index, upload] of uploads.entries()) {
    const own: number[] = []
    for (let n = 0; n < urls.length; n++) own[(n + index) % urls.length] = await time(urls[(n + index) % urls.length]!, upload)
    latencies.push(own)
  }
  agent.destroy()
  return latencies
}

function sayRatio({ median: middle, interval: { low, high } }: Ratio): string {
  return `${fixed(middle, 3)} (${fixed(low, 3)} to ${fixed(high, 3)})`
}

async function countSeries(url: string): Promise<number> {
  const page = await (await fetch(`${url}/metrics`)).text()
  return page.split('\n').filter((line) => line.startsWith('asr_drift_')).length
}
