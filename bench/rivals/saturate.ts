/**
 * All cores at work: audio seconds per core-second. Ours goes through HTTP, as it is served, with two clients for
 * every worker; rivals are as many processes that work through the same list with nothing around them. Everybody
 * takes turns on parts of the list, and only one works at a time. Each has worked through the whole list once before:
 * a service runs for weeks, and V8 compiles in the first dozens of requests.
 *
 * The clients of our service run on the same cores, so what they cost is taken from it; CPU time is that of the
 * server and its workers alone.
 */
import { readFile } from 'node:fs/promises'
import os from 'node:os'
import type { SpeechClip } from '../harness/clips.js'
import { ask, keepAliveAgent } from '../../fixtures/kit/exchange.js'
import type { Outcome } from '../harness/bench.js'
import { cpuSecondsOf } from '../harness/processes.js'
import { scoreClip, scoreSource, type ScoredClip, type SourceScore } from '../harness/scoring.js'
import { startServer } from '../../fixtures/kit/server.js'
import { groupBy, median, percentile, seededRandom, sum } from '../../fixtures/kit/statistics.js'
import { fixed, printTable } from '../harness/table.js'
import { SAMPLE_RATE, type Setup } from './adapter.js'
import { OURS, startContender, startContenders, type ContenderName } from './contender.js'
import { readWaveform, rotated } from './turns.js'

/** Parts of the list, between which contenders change. */
const PARTS = 4
const CLIENTS_PER_WORKER = 2
/** Required: ours over the best rival's. */
const LEAST_ADVANTAGE = 3

interface Item { readonly clip: SpeechClip; readonly samples: Float32Array; readonly body: Buffer }

/** Something that takes clips on several lanes at once, one on each. */
interface Side {
  readonly name: string
  readonly says: string
  readonly isOurs: boolean
  readonly lanes: readonly ((item: Item) => Promise<string>)[]
  /** CPU seconds spent so far by all that answers. */
  cpuSeconds(): number
  stop(): Promise<void>
}

interface Throughput {
  readonly name: string
  readonly says: string
  readonly isOurs: boolean
  readonly clips: number
  readonly audioSeconds: number
  readonly audioPerCoreSecond: number
  readonly audioPerCpuSecond: number
  /** As one that waits for an answer sees it. */
  readonly medianMs: number
  readonly p95Ms: number
  readonly sources: readonly SourceScore[]
}

export async function saturate(
  clips: readonly SpeechClip[], names: readonly ContenderName[], setup: Omit<Setup, 'adapter'>,
  workers = os.availableParallelism(),
): Promise<Outcome> {
  const items = await Promise.all(shuffled(clips).map(async (clip) =>
    ({ clip, samples: await readWaveform(clip), body: await readFile(clip.file) })))
  const sides = [await openService(setup, workers), ...await openProcesses(names, setup, workers)]
  for (const side of sides) await workThrough(items, side)
  const runs = sides.map((side) => ({ side, run: { scored: [], elapsedSeconds: 0, cpuSeconds: 0 } }))
  for (let part = 0; part < PARTS; part++) {
    const own = items.filter((_, index) => index % PARTS === part)
    for (const { side, run } of rotated(runs, part)) add(run, await workThrough(own, side))
  }
  for (const side of sides) await side.stop()
  const throughputs = runs.map(({ side, run }) => throughputOf(side, run, workers))
  return { missed: printThroughputs(throughputs), judged: { clips: clips.length }, results: throughputs }
}

/** Two tables: speed, and the words of the same run. Says whether ours is far enough ahead. */
function printThroughputs(entrants: readonly Throughput[]): string[] {
  const rivals = entrants.filter(({ isOurs }) => !isOurs)
  const best = Math.max(...rivals.map(({ audioPerCoreSecond }) => audioPerCoreSecond))
  const head = [
    'contender', 'what answers', 'clips', 'audio s per core-second', 'per CPU second', 'of best rival', 'median ms',
    'p95 ms',
  ]
  printTable(head, entrants.map((own) => [
    own.name, own.says, own.clips, fixed(own.audioPerCoreSecond), fixed(own.audioPerCpuSecond),
    fixed(own.audioPerCoreSecond / best, 2), fixed(own.medianMs, 0), fixed(own.p95Ms, 0),
  ]))
  console.log('\nWord error rate, %:')
  const sources = new Set(entrants.flatMap((own) => own.sources.map(({ source }) => source)))
  printTable(['source', ...entrants.map(({ name }) => name)], [...sources].map((source) =>
    [source, ...entrants.map((own) => fixed(own.sources.find((score) => score.source === source)?.wer))]))
  const advantage = Math.max(...entrants.slice(0, 1).map((own) => own.audioPerCoreSecond)) / best
  return rivals.length === 0 || advantage >= LEAST_ADVANTAGE
    ? [] : [`${fixed(advantage, 2)} times the best rival, ${LEAST_ADVANTAGE} wanted`]
}

interface Run { scored: ScoredClip[]; elapsedSeconds: number; cpuSeconds: number }

function add(run: Run, more: Run): void {
  run.scored.push(...more.scored)
  run.elapsedSeconds += more.elapsedSeconds
  run.cpuSeconds += more.cpuSeconds
}

/** Longest first, so that no lane is left with a long one at the end. */
async function workThrough(items: readonly Item[], { lanes, cpuSeconds }: Side): Promise<Run> {
  const waiting = items.toSorted((one, other) => one.samples.length - other.samples.length)
  const scored: ScoredClip[] = []
  const cpuBefore = cpuSeconds()
  const since = performance.now()
  await Promise.all(lanes.map(async (lane) => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
      const asked = performance.now()
      const text = await lane(item)
      scored.push(scoreClip(item.clip, text, item.samples.length / SAMPLE_RATE, performance.now() - asked))
    }
  }))
  return { scored, elapsedSeconds: (performance.now() - since) / 1000, cpuSeconds: cpuSeconds() - cpuBefore }
}

async function openService({ model, engine }: Pick<Setup, 'model' | 'engine'>, workers: number): Promise<Side> {
  const server = await startServer({ model, workers, settings: { EARSHOT_ENGINE: engine } })
  const agent = keepAliveAgent()
  const url = `${server.url}/v1/transcriptions?language=en`
  const lane = async ({ body }: Item): Promise<string> => {
    const { status, failure, body: answer } = await ask(url, { method: 'POST', body, agent })
    if (status !== 200) throw new Error(`the service answered ${failure ?? status}: ${answer.slice(0, 300)}`)
    return (JSON.parse(answer) as { text: string }).text
  }
  return {
    name: 'earshot service',
    says: `${engine}, ${workers} workers, over HTTP`,
    isOurs: true,
    lanes: Array.from({ length: workers * CLIENTS_PER_WORKER }, () => lane),
    cpuSeconds: () => sum(Object.values(cpuSecondsOf(server.processId))),
    async stop() {
      agent.destroy()
      await server.stop()
    },
  }
}

async function openProcesses(
  names: readonly ContenderName[], setup: Omit<Setup, 'adapter'>, workers: number,
): Promise<Side[]> {
  const sides: Side[] = []
  for (const first of await startContenders(names, setup)) {
    const contenders = [first]
    while (contenders.length < workers) contenders.push(await startContender(first.name, setup))
    let spentMs = 0
    sides.push({
      name: first.name,
      says: `${first.says}, ${workers} processes`,
      isOurs: OURS.includes(first.name),
      lanes: contenders.map(({ recognize }) => async ({ samples }) => {
        const { text, cpuMs } = await recognize(samples)
        spentMs += cpuMs
        return text
      }),
      cpuSeconds: () => spentMs / 1000,
      async stop() { for (const contender of contenders) contender.stop() },
    })
  }
  return sides
}

function throughputOf(
  { name, says, isOurs }: Side, { scored, elapsedSeconds, cpuSeconds }: Run, workers: number,
): Throughput {
  const audioSeconds = sum(scored.map((clip) => clip.audioSeconds))
  const waits = scored.map(({ latencyMs }) => latencyMs)
  return {
    name, says, isOurs, audioSeconds, clips: scored.length,
    audioPerCoreSecond: audioSeconds / (elapsedSeconds * workers), audioPerCpuSecond: audioSeconds / cpuSeconds,
    medianMs: median(waits), p95Ms: percentile(waits, 0.95),
    sources: [...groupBy(scored, ({ clip }) => clip.source)].map(([source, own]) => scoreSource(source, own)),
  }
}

/** The same order in every run: a part of the list should have something of every source. */
function shuffled<T>(values: readonly T[]): T[] {
  const random = seededRandom(11)
  return values.map((value) =>
    ({ value, place: random() })).sort((one, other) => one.place - other.place).map(({ value }) => value)
}
