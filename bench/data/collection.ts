/**
 * What collection promises, measured.
 *
 * `rates`: streams of simulated clips, in which doubtful and corrected clips have more errors, are collected by the
 * policies of the service. Printed is how often the 95 % interval of the weighted word error rate covers the true one,
 * and of the plain rate of what was collected. Sessions differ in their error rate, clips of a session too; the
 * correctness of a clip is a noisy guess of whether it has errors; users correct some of the clips with errors.
 *
 * `latency`: the same clips to three services in turns. One collects every clip to a directory, encrypted; the other
 * two are equal, so that their ratio says what chance does on a busy machine.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { medianInterval } from '../../fixtures/kit/bootstrap.js'
import { ask, keepAliveAgent } from '../../fixtures/kit/exchange.js'
import { startServer, type Server } from '../../fixtures/kit/server.js'
import { gaussian, median, percentile } from '../../fixtures/kit/statistics.js'
import {
  applyingReasons, drawReasons, inOrder, samplingProbability, type Shares,
} from '../../src/data/collection/policy.js'
import { weightedErrorRate, type WeightedClip } from '../../src/data/statistics/weighted-error-rate.js'
import type { Report } from '../../src/domain/report.js'
import { seededRandom } from '../../src/domain/scoring/seeded-random.js'
import { COLLECTION } from '../declarations/service.js'
import { defineBench, type Outcome } from '../harness/bench.js'
import { drawUploads, readClips, type Upload } from '../harness/clips.js'
import { fixed, printTable } from '../harness/table.js'
import { startProgress } from '../harness/progress.js'

/** What the service has as default, but for the share that the option sets. */
const SHARES: Omit<Shares, 'uniform'> = { doubtful: 0.2, drifted: 0.2, corrected: 1 }
const DOUBTFUL_BELOW = 0.5
/** Of a word, before sessions and clips differ. */
const ERROR_RATE = 0.06
/** Standard deviations of its logarithm between sessions, and between clips of a session. */
const [BETWEEN_SESSIONS, BETWEEN_CLIPS] = [0.5, 1]
/** Standard deviation of the noise of correctness, as a log-odds. */
const CORRECTNESS_NOISE = 1
const CORRECTED_SHARE = 0.15
const DRIFTED_SHARE = 0.03
const WORDS = [1, 8] as const
/** Clips from which the true rate is counted. */
const LONG_RUN_CLIPS = 2_000_000
/** Of the coverage; its standard error is 0.7 % in 1,000 repetitions. */
const [LEAST_COVERED, MOST_COVERED] = [0.93, 0.97]
const MOST_RATIO = 1.03

interface SimulatedClip extends Omit<WeightedClip, 'weight'> {
  readonly correctness: number
  readonly isDrifted: boolean
  readonly isCorrected: boolean
}

export const run = defineBench(COLLECTION, async ({ table, ...given }) => {
  const outcomes: Outcome[] = []
  if (table.includes('rates')) outcomes.push(measureRates(given))
  if (table.includes('latency')) outcomes.push(await measureLatency(given))
  return {
    missed: outcomes.flatMap(({ missed }) => missed),
    judged: Object.fromEntries(outcomes.flatMap(({ judged }) => Object.entries(judged))),
    results: outcomes.map(({ results }) => results),
  }
})

interface Simulation {
  readonly repetitions: number
  readonly clips: number
  readonly sessions: number
  readonly uniform: number
}

function measureRates({ repetitions, clips, sessions, uniform }: Simulation): Outcome {
  const shares = { ...SHARES, uniform }
  const truth = plainRate(simulate(LONG_RUN_CLIPS, LONG_RUN_CLIPS / 10, seededRandom(0)))
  const rows = { weighted: [0, 0, 0], plain: [0, 0, 0] }
  let [collected, ownTruth] = [0, 0]
  const progress = startProgress('streams', repetitions)
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const random = seededRandom(1 + repetition)
    progress.step()
    const stream = simulate(clips, sessions, random)
    const sample = stream.flatMap((clip) => collect(clip, shares, random))
    const streamTruth = plainRate(stream)
    collected += sample.length / repetitions
    ownTruth += streamTruth / repetitions
    const unweighted = sample.map((clip) => ({ ...clip, weight: 1 }))
    for (const [name, drawn] of [['weighted', sample], ['plain', unweighted]] as const) {
      const { percent, interval: { low, high } } = weightedErrorRate(drawn, { rounds: 500, seed: 1 + repetition })
      const covers = (rate: number): number => Number(low <= 100 * rate && 100 * rate <= high) / repetitions
      rows[name][0]! += percent / 100 / repetitions
      rows[name][1]! += covers(truth)
      rows[name][2]! += covers(streamTruth)
    }
  }
  console.log(`${repetitions} streams of ${clips} clips, of which ${fixed(collected, 0)} are collected on average`)
  console.log(`true word error rate ${fixed(100 * truth, 2)} % in the long run, ${fixed(100 * ownTruth, 2)} % of the `
    + 'streams on average')
  printTable(['rate', 'mean %', 'interval covers the long run', 'covers that of its stream'],
    Object.entries(rows).map(([name, [mean, covered, own]]) =>
      [name, fixed(100 * mean!, 2), fixed(covered, 3), fixed(own, 3)]))
  const coverage = rows.weighted[1]!
  const isCovered = coverage >= LEAST_COVERED && coverage <= MOST_COVERED
  return {
    missed: isCovered ? [] : [`coverage of ${fixed(coverage, 3)}, ${LEAST_COVERED} to ${MOST_COVERED} wanted`],
    judged: { 'simulated streams': repetitions, 'collected clips': collected }, results: { truth, collected, rows },
  }
}

function simulate(clips: number, sessions: number, random: () => number): SimulatedClip[] {
  const rates = Array.from({ length: sessions }, () => ERROR_RATE * Math.exp(BETWEEN_SESSIONS * gaussian(random)))
  const [fewest, most] = WORDS
  return Array.from({ length: clips }, () => {
    const session = Math.floor(random() * sessions)
    const rate = Math.min(0.9, rates[session]! * Math.exp(BETWEEN_CLIPS * gaussian(random)))
    const words = fewest + Math.floor(random() * (most - fewest + 1))
    let errors = 0
    for (let word = 0; word < words; word++) errors += Number(random() < rate)
    const expected = (1 - rate) ** words
    const logOdds = Math.log(expected / (1 - expected)) + CORRECTNESS_NOISE * gaussian(random)
    return {
      errors, words, speaker: `session ${session}`, correctness: 1 / (1 + Math.exp(-logOdds)),
      isDrifted: random() < DRIFTED_SHARE, isCorrected: errors > 0 && random() < CORRECTED_SHARE,
    }
  })
}

/** The clip with its probability, or nothing. */
function collect(clip: SimulatedClip, shares: Shares, random: () => number): WeightedClip[] {
  const { correctness, isDrifted, isCorrected, ...counted } = clip
  const report = { correctness, confidence: null, noSpeechReason: null, segments: [], cascade: null }
  const answered = applyingReasons(report as unknown as Report, isDrifted ? ['snr'] : [], DOUBTFUL_BELOW)
  const applying = isCorrected ? inOrder([...answered, 'corrected']) : answered
  if (drawReasons(applying, shares, random).length === 0) return []
  return [{ ...counted, weight: 1 / samplingProbability(applying, shares) }]
}

function plainRate(clips: readonly SimulatedClip[]): number {
  const sum = (part: (clip: SimulatedClip) => number): number => clips.reduce((all, clip) => all + part(clip), 0)
  return sum(({ errors }) => errors) / sum(({ words }) => words)
}

interface Timed { readonly model: string; readonly manifest: string; readonly uploads: number; readonly rounds: number }

async function measureLatency({ model, manifest, uploads: clips, rounds }: Timed): Promise<Outcome> {
  const uploads = await drawUploads(await readClips(manifest), clips)
  const folder = await mkdtemp(path.join(os.tmpdir(), 'earshot-collection-'))
  const keyFile = path.join(folder, 'key')
  await writeFile(keyFile, randomBytes(32).toString('hex'))
  const settings = {
    EARSHOT_COLLECT: `dir:${path.join(folder, 'clips')}`, EARSHOT_COLLECT_KEY_FILE: keyFile,
    EARSHOT_COLLECT_UNIFORM: '1',
  }
  const plain = { model, workers: 1 }
  const servers = [await startServer(plain), await startServer(plain), await startServer({ ...plain, settings })]
  try {
    const [without, again, collected] = await timeInTurns(servers, uploads, rounds)
    return compare({ without: without!, again: again!, collected: collected! }, uploads.length)
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
    await rm(folder, { recursive: true })
  }
}

type Times = Readonly<Record<'without' | 'again' | 'collected', Milliseconds>>
/** Of the same requests in the same order; each round sends every clip once. */
type Milliseconds = readonly number[]

function compare({ without, again, collected }: Times, clips: number): Outcome {
  const row = (what: string, times: Milliseconds) => {
    const ratios = times.map((time, index) => time / without[index]!)
    const ofClips = Array.from({ length: clips }, (_, clip) => ratios.filter((_ratio, index) => index % clips === clip))
    const tail = percentile(times, 0.95)
    return {
      what, median: median(times), tail, tailRatio: tail / percentile(without, 0.95), ratio: median(ratios),
      interval: medianInterval(ofClips),
    }
  }
  const rows = [
    row('without collection', without), row('without, another service', again), row('collecting every clip', collected),
  ]
  printTable(['service', 'median ms', 'p95 ms', 'ratio of p95', 'median of ratios', '95 %'], rows.map((one) => [
    one.what, fixed(one.median), fixed(one.tail), fixed(one.tailRatio, 3), fixed(one.ratio, 3),
    `${fixed(one.interval.low, 3)} to ${fixed(one.interval.high, 3)}`,
  ]))
  console.log(`${without.length} requests of each; a ratio is that of a request to the same one without collection`)
  const { interval } = rows[2]!
  const missed = interval.low > MOST_RATIO
    ? [`at least ${fixed(interval.low, 3)} times as long, at most ${MOST_RATIO} wanted`] : []
  return { missed, judged: { requests: without.length }, results: rows }
}

const ORDERS = [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1], [2, 0, 1], [1, 0, 2]]

/** Milliseconds of each server, in the order of the requests; the first round warms up. */
async function timeInTurns(
  servers: readonly Server[], uploads: readonly Upload[], rounds: number,
): Promise<number[][]> {
  const agent = keepAliveAgent()
  const times = servers.map((): number[] => [])
  const progress = startProgress('uploads', (rounds + 1) * uploads.length)
  for (let round = -1; round < rounds; round++) {
    for (const { body } of uploads) {
      progress.step()
      // Each service comes first, second and last equally often, and before and after each of the others.
      for (const index of ORDERS[(round + ORDERS.length) % ORDERS.length]!) {
        const { status, failure, latencyMs } = await ask(`${servers[index]!.url}/v1/transcriptions`, {
          method: 'POST', body, agent, headers: { 'earshot-collect': 'yes' },
        })
        if (status !== 200) throw new Error(`server ${index} answered ${failure ?? status}`)
        if (round >= 0) times[index]!.push(latencyMs)
      }
    }
  }
  agent.destroy()
  return times
}
