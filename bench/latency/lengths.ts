/**
 * Where the time of a clip goes: by stage and clip length in this process, then the same clips through HTTP and a
 * worker process. Both ways take turns on every clip, so that what HTTP and the process boundary add is the difference
 * of one run.
 *
 * Two figures say what surrounds the work: HTTP total minus in-process total, and, without chance between two runs,
 * HTTP total minus what the worker reports for its own stages. A third way takes its turn as well: bare recognition,
 * the decoded waveform of the same clip straight into the model. The target is a multiple of that.
 */
import { ask, keepAliveAgent } from '../../fixtures/kit/exchange.js'
import { startServer } from '../../fixtures/kit/server.js'
import { median, percentile } from '../../fixtures/kit/statistics.js'
import { decodeAudio } from '../../src/audio/decode.js'
import { resample } from '../../src/audio/signal/resample.js'
import { STAGES, type Report, type Stage } from '../../src/domain/report.js'
import { transcribe } from '../../src/recognition/pipeline.js'
import type { Recognizer } from '../../src/recognition/recognizer.js'
import type { Outcome } from '../harness/bench.js'
import type { Upload } from '../harness/clips.js'
import { recognizeBare, SERVED } from '../harness/recognizers.js'
import { fixed, printTable } from '../harness/table.js'
import { startProgress } from '../harness/progress.js'
import type { LatencyBench } from './context.js'

const LENGTHS_SECONDS = [1, 2, 3, 5, 10, 20, 30]
/** A typical spoken query: its shares are printed, and it is held to the target. */
const QUERY_SECONDS = 3
/** What a client waits over bare recognition of the same clip, median of the runs. */
const MOST_OVER_BARE = 1.3
/** Stages of the model itself, step by step or in one run. */
const MODEL_STAGES: readonly Stage[] = ['encoder', 'decoder', 'model']
/** Stages before a worker begins. */
const OUTER_STAGES: readonly Stage[] = ['receive', 'queue_wait', 'transfer']
const INNER_STAGES = STAGES.filter((stage) => !OUTER_STAGES.includes(stage))

interface Timing { readonly totalMs: number; readonly stagesMs: Readonly<Partial<Record<Stage, number>>> }

/** One clip in the three ways. */
interface Run { readonly inProcess: Timing; readonly http: Timing; readonly bareMs: number }

interface Bucket { readonly seconds: number; readonly runs: readonly Run[] }

export async function measure({ model, tape, recognizer, url, repeat }: LatencyBench): Promise<Outcome> {
  const server = url === undefined ? await startServer({ model, workers: 1 }) : undefined
  const buckets: Bucket[] = []
  const progress = startProgress('lengths', LENGTHS_SECONDS.length)
  for (const seconds of LENGTHS_SECONDS) {
    const uploads = Array.from({ length: repeat }, (_, index) => tape.cut(seconds, index))
    buckets.push({ seconds, runs: await timeAll(uploads, recognizer, `${url ?? server?.url}/v1/transcriptions`) })
    progress.step()
  }
  await server?.stop()
  const query = buckets.find(({ seconds }) => seconds === QUERY_SECONDS)!.runs
  const shares = sharesOf(query)
  printStages('In this process', STAGES, buckets, ({ inProcess }) => inProcess)
  console.log(`\nOf the time of a ${QUERY_SECONDS}-second clip (median of the runs):`)
  printTable(['part', 'share %'], Object.entries(shares).map(([part, share]) => [part, fixed(100 * share, 2)]))
  printStages('\nOver HTTP to one worker', OUTER_STAGES, buckets, ({ http }) => http)
  printMultiples(buckets)
  const overBare = median(query.map((one) => one.http.totalMs / one.bareMs))
  return {
    missed: overBare > MOST_OVER_BARE
      ? [
        `a query takes ${fixed(overBare, 2)} times as long as bare recognition, at most ${MOST_OVER_BARE} wanted`,
      ] : [],
    judged: { 'clips of each length': query.length }, results: { shares, overBare, buckets },
  }
}

async function timeAll(uploads: readonly Upload[], recognizer: Recognizer, url: string): Promise<Run[]> {
  const agent = keepAliveAgent()
  const timeOnce = async (upload: Upload): Promise<Run> => ({
    inProcess: await timeInProcess(upload, recognizer),
    bareMs: await timeBare(upload, recognizer),
    http: await timeOverHttp(upload, url, agent),
  })
  const runs: Run[] = []
  for (const upload of uploads.slice(0, 1)) await timeOnce(upload) // buffers of a new length are allocated once
  for (const upload of uploads) runs.push(await timeOnce(upload))
  agent.destroy()
  return runs
}

async function timeInProcess({ body }: Upload, recognizer: Recognizer): Promise<Timing> {
  const since = performance.now()
  const report = await transcribe(body, recognizer, SERVED)
  return { totalMs: performance.now() - since, stagesMs: inMs(report) }
}

/** The clip is speech throughout, so an empty answer is not allowed, as in the service. */
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

function sumMs({ stagesMs }: Timing, stages: readonly Stage[]): number {
  return stages.reduce((sum, stage) => sum + (stagesMs[stage] ?? 0), 0)
}

/** All that is not work of a worker: connection, body, JSON, queue, crossing there and back. */
function aroundMs(timing: Timing): number {
  return timing.totalMs - sumMs(timing, INNER_STAGES)
}

function cell(values: readonly number[]): string {
  return `${fixed(median(values))} / ${fixed(percentile(values, 0.95))}`
}

function printStages(
  title: string, stages: readonly Stage[], buckets: readonly Bucket[], timingOf: (one: Run) => Timing,
): void {
  const used = stages.filter((stage) =>
    buckets.some(({ runs }) => stage in (runs[0] ? timingOf(runs[0]).stagesMs : {})))
  const row = (name: string, value: (timing: Timing) => number): string[] =>
    [name, ...buckets.map(({ runs }) => cell(runs.map((one) => value(timingOf(one)))))]
  console.log(`${title}, ms, p50 / p95:`)
  printTable(['stage', ...buckets.map(({ seconds }) => `${seconds} s`)], [
    ...used.map((stage) => row(stage, ({ stagesMs }) => stagesMs[stage] ?? 0)),
    row('around the worker\'s own stages', aroundMs),
    row('total', ({ totalMs }) => totalMs),
  ])
}

/** Of the time of one query, medians over its runs. */
function sharesOf(runs: readonly Run[]): Record<string, number> {
  const share = (part: (one: Run) => number): number => median(runs.map(part))
  const stages = STAGES.filter((stage) => runs.some(({ inProcess }) => inProcess.stagesMs[stage] !== undefined))
  return {
    ...Object.fromEntries(stages.map((stage) =>
      [stage, share(({ inProcess }) => (inProcess.stagesMs[stage] ?? 0) / inProcess.totalMs)])),
    'all that is not the model': share(({ inProcess }) => 1 - sumMs(inProcess, MODEL_STAGES) / inProcess.totalMs),
    'transfer and queue_wait, over HTTP': share(({ http }) => sumMs(http, ['transfer', 'queue_wait']) / http.totalMs),
    'HTTP total minus the worker\'s own stages': share(({ http }) => aroundMs(http) / http.totalMs),
    'HTTP total minus in-process total': share(({ http, inProcess }) =>
      (http.totalMs - inProcess.totalMs) / http.totalMs),
  }
}

function printMultiples(buckets: readonly Bucket[]): void {
  console.log(`\nMultiples of the model, p50 / p95 (target: at most ${MOST_OVER_BARE} at ${QUERY_SECONDS} s, p50):`)
  const multiple = (values: readonly number[]): string =>
    `${fixed(median(values), 2)} / ${fixed(percentile(values, 0.95), 2)}`
  printTable([
    'clip', 'bare ms', 'total / bare', 'total / model time of its worker',
  ], buckets.map(({ seconds, runs }) => [
    `${seconds} s`, cell(runs.map(({ bareMs }) => bareMs)),
    multiple(runs.map(({ http, bareMs }) => http.totalMs / bareMs)),
    multiple(runs.map(({ http }) => http.totalMs / sumMs(http, MODEL_STAGES))),
  ]))
}
