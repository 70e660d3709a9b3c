/**
 * Where the time of a clip goes: per stage and clip length in this process, then the same clips through HTTP and a
 * worker process. Both ways take turns on every clip, so that what HTTP and the process boundary add is the
 * difference of one run and not of two hours. This process takes the low priority of a worker, or on a busy machine
 * the difference would be one of rank.
 *
 * Two figures say what surrounds the work: HTTP total minus in-process total, and, free of chance between the two
 * runs, HTTP total minus what the worker itself reports for its stages. A third way takes its turn as well: bare
 * recognition, the decoded waveform of the same clip straight into the model. What a client waits is told as a
 * multiple of it, and that is what is required.
 */
import os from 'node:os'
import { decodeAudio } from '../src/audio/decode.js'
import { resample } from '../src/audio/signal/resample.js'
import { transcribe } from '../src/recognition/pipeline.js'
import type { Recognizer } from '../src/recognition/recognizer.js'
import { STAGES, type Report, type Stage } from '../src/domain/report.js'
import { defaultManifest, readClips, type Upload } from './clips.js'
import { ask, keepAliveAgent } from './exchange.js'
import { beginRun } from './machine.js'
import { countOption, parseOptions } from './options.js'
import { DEFAULT_MODEL, openRecognizer, recognizeBare } from './recognizers.js'
import type { RunBench } from './run.js'
import { SERVED } from './served.js'
import { startServer } from './server.js'
import { recordTape } from './speech-tape.js'
import { median, percentile } from './statistics.js'
import { fixed, printTable } from './table.js'

const LENGTHS_SECONDS = [1, 2, 3, 5, 10, 20, 30]
/** The length whose shares are spelled out: a typical spoken query. */
const QUERY_SECONDS = 3
/** Required of a query: what a client waits over bare recognition of the same clip, median of the runs. */
const MOST_OVER_BARE = 1.3
/** Stages of the model itself, stepped through or in one run; the front end and what surrounds it is the rest. */
const MODEL_STAGES: readonly Stage[] = ['encoder', 'decoder', 'model']
/** Stages before a worker begins. */
const OUTER_STAGES: readonly Stage[] = ['receive', 'queue_wait', 'transfer']

interface Timing { readonly totalMs: number; readonly stagesMs: Readonly<Partial<Record<Stage, number>>> }
interface Bucket { readonly seconds: number; readonly inProcess: readonly Timing[]; readonly http: readonly Timing[]; readonly bareMs: readonly number[] }

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    model: { type: 'string', default: DEFAULT_MODEL }, manifest: { type: 'string', default: defaultManifest() },
    url: { type: 'string' }, repeat: { type: 'string', default: '20' },
  })
  const repeat = countOption('repeat', given.repeat, 20)
  const tape = await recordTape(await readClips(given.manifest))
  const bench = await beginRun('latency', given)
  os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL)
  const recognizer = await openRecognizer(given.model)
  const server = given.url === undefined ? await startServer({ model: given.model, workers: 1 }) : undefined
  const url = `${given.url ?? server!.url}/v1/transcriptions`
  const buckets: Bucket[] = []
  for (const seconds of LENGTHS_SECONDS) {
    const uploads = Array.from({ length: repeat }, (_, index) => tape.cut(seconds, index))
    buckets.push(await measureBucket(seconds, uploads, recognizer, url))
  }
  await server?.stop()
  await recognizer.dispose()
  printStages(buckets)
  const query = buckets.find(({ seconds }) => seconds === QUERY_SECONDS)!
  const shares = queryShares(query)
  printShares(shares)
  printBoundary(buckets)
  printOverBare(buckets)
  await bench.save({ shares, buckets: buckets.map(summarizeBucket) })
  return median(overBare(query)) <= MOST_OVER_BARE
}

async function measureBucket(seconds: number, uploads: readonly Upload[], recognizer: Recognizer, url: string): Promise<Bucket> {
  const agent = keepAliveAgent()
  const inProcess: Timing[] = []
  const http: Timing[] = []
  const bareMs: number[] = []
  const here = (upload: Upload): Promise<Timing> => timeInProcess(upload, recognizer)
  const there = async (upload: Upload): Promise<Timing> => timeOverHttp(upload, url, agent)
  await here(uploads[0]!) // buffers of a new length are allocated once
  await there(uploads[0]!)
  for (const upload of uploads) {
    inProcess.push(await here(upload))
    bareMs.push(await timeBare(upload, recognizer))
    http.push(await there(upload))
  }
  agent.destroy()
  return { seconds, inProcess, http, bareMs }
}

async function timeInProcess({ body }: Upload, recognizer: Recognizer): Promise<Timing> {
  const since = performance.now()
  const report = await transcribe(body, recognizer, SERVED)
  return { totalMs: performance.now() - since, stagesMs: inMs(report) }
}

/** Somebody speaks all the time, so that the model may not get away with "nothing": the served way does not let it either. */
async function timeBare({ body }: Upload, recognizer: Recognizer): Promise<number> {
  const { waveform } = await decodeAudio(body, { maxSeconds: SERVED.maxAudioSeconds })
  const resampled = resample(waveform, recognizer.sampleRate)
  const since = performance.now()
  await recognizeBare(recognizer, resampled, { language: SERVED.language, expectSpeech: true })
  return performance.now() - since
}

async function timeOverHttp({ body }: Upload, url: string, agent: ReturnType<typeof keepAliveAgent>): Promise<Timing> {
  const { status, failure, body: answer, latencyMs } = await ask(url, { method: 'POST', body, agent })
  if (status !== 200) throw new Error(`${url} answered ${failure ?? status}: ${answer.slice(0, 300)}`)
  return { totalMs: latencyMs, stagesMs: inMs(JSON.parse(answer) as Report) }
}

function inMs({ seconds }: Pick<Report, 'seconds'>): Timing['stagesMs'] {
  return Object.fromEntries(Object.entries(seconds).map(([stage, value]) => [stage, value * 1000]))
}

const stageMs = (timings: readonly Timing[], stage: Stage): number[] => timings.map(({ stagesMs }) => stagesMs[stage] ?? 0)
const sumMs = ({ stagesMs }: Timing, stages: readonly Stage[]): number => stages.reduce((sum, stage) => sum + (stagesMs[stage] ?? 0), 0)
/** All that is not work of a worker: connection, body, JSON, queue, crossing there and back. */
const aroundMs = (timing: Timing): number => timing.totalMs - sumMs(timing, STAGES.filter((stage) => !OUTER_STAGES.includes(stage)))
const totalMs = (timings: readonly Timing[]): number[] => timings.map((timing) => timing.totalMs)
const cell = (values: readonly number[]): string => `${fixed(median(values))} / ${fixed(percentile(values, 0.95))}`

function printStages(buckets: readonly Bucket[]): void {
  const stages = STAGES.filter((stage) => buckets.some(({ inProcess }) => inProcess.some(({ stagesMs }) => stagesMs[stage] !== undefined)))
  console.log('In this process, ms, p50 / p95:')
  printTable(['stage', ...buckets.map(({ seconds }) => `${seconds} s`)], [
    ...stages.map((stage) => [stage, ...buckets.map(({ inProcess }) => cell(stageMs(inProcess, stage)))]),
    ['total', ...buckets.map(({ inProcess }) => cell(totalMs(inProcess)))],
  ])
}

interface Shares { readonly besideModel: number; readonly byStage: Readonly<Record<string, number>>; readonly transfer: number; readonly around: number; readonly boundary: number }

/** Shares of one query's time: medians over its runs. */
function queryShares({ inProcess, http }: Bucket): Shares {
  const share = (timings: readonly Timing[], part: (timing: Timing) => number): number => median(timings.map((timing) => part(timing) / timing.totalMs))
  const stages = STAGES.filter((stage) => inProcess[0]!.stagesMs[stage] !== undefined)
  return {
    besideModel: share(inProcess, (timing) => timing.totalMs - sumMs(timing, MODEL_STAGES)),
    byStage: Object.fromEntries(stages.map((stage) => [stage, share(inProcess, ({ stagesMs }) => stagesMs[stage] ?? 0)])),
    transfer: share(http, (timing) => sumMs(timing, ['transfer', 'queue_wait'])),
    around: share(http, aroundMs),
    boundary: (median(totalMs(http)) - median(totalMs(inProcess))) / median(totalMs(http)),
  }
}

function printShares({ besideModel, byStage, transfer, around, boundary }: Shares): void {
  const percent = (share: number): string => `${fixed(100 * share, 2)} %`
  console.log(`\nOf the time of a ${QUERY_SECONDS}-second clip (median of the runs):`)
  printTable(['part', 'share'], [
    ...Object.entries(byStage).map(([stage, share]) => [stage, percent(share)]),
    ['all that is not the model', percent(besideModel)],
    ['transfer and queue_wait, over HTTP', percent(transfer)],
    ['HTTP total minus the worker\'s own stages', percent(around)],
    ['HTTP total minus in-process total', percent(boundary)],
  ])
}

function printBoundary(buckets: readonly Bucket[]): void {
  console.log('\nOver HTTP to one worker, ms, p50 / p95 (around: total minus the worker\'s own stages):')
  printTable(['clip', ...OUTER_STAGES, 'around', 'total', 'in-process'], buckets.map(({ seconds, http, inProcess }) => [
    `${seconds} s`, ...OUTER_STAGES.map((stage) => cell(stageMs(http, stage))), cell(http.map(aroundMs)), cell(totalMs(http)), cell(totalMs(inProcess)),
  ]))
}

/** A client's wait over bare recognition of the same clip. */
function overBare({ http, bareMs }: Bucket): number[] {
  return http.map((timing, index) => timing.totalMs / bareMs[index]!)
}

/** A client's wait over what its own worker spent in the model, every hearing counted: free of chance between two runs. */
function overOwn({ http }: Bucket): number[] {
  return http.map((timing) => timing.totalMs / sumMs(timing, MODEL_STAGES))
}

function printOverBare(buckets: readonly Bucket[]): void {
  console.log(`\nOver HTTP as a multiple of the model, p50 / p95 (required: at most ${MOST_OVER_BARE} times bare recognition at ${QUERY_SECONDS} s, p50):`)
  const multiple = (values: readonly number[]): string => `${fixed(median(values), 2)} / ${fixed(percentile(values, 0.95), 2)}`
  printTable(['clip', 'HTTP total ms', 'bare ms', 'total / bare', 'total / model time of its worker'], buckets.map((bucket) => [
    `${bucket.seconds} s`, cell(totalMs(bucket.http)), cell(bucket.bareMs), multiple(overBare(bucket)), multiple(overOwn(bucket)),
  ]))
}

function summarizeBucket(bucket: Bucket): Record<string, unknown> {
  const { seconds, inProcess, http, bareMs } = bucket
  const figures = (values: readonly number[]): object => ({ p50Ms: median(values), p95Ms: percentile(values, 0.95) })
  const summarize = (timings: readonly Timing[]): object => ({
    total: figures(totalMs(timings)),
    ...Object.fromEntries(STAGES.map((stage) => [stage, figures(stageMs(timings, stage))])),
  })
  return { seconds, inProcess: summarize(inProcess), http: summarize(http), bare: figures(bareMs), overBare: median(overBare(bucket)), overOwn: median(overOwn(bucket)) }
}
