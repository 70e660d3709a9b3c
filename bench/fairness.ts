/**
 * A modest client, one short clip per second, beside greedy clients: clips of 60 s from two and from six connections,
 * clips of three lengths from six, and short clips with ten alternatives and a hundred phrases from four. The greedy
 * clients come from the same address as the modest one, and from another: within a client short work goes first,
 * between clients the service is shared.
 *
 * Targets: 95 % of the requests of the modest client are served, and its p95 is at most three times its p95 when alone
 * plus the longest uninterrupted work of a greedy request. `--entry` measures the compiled service of another revision.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, keepAliveAgent } from '../fixtures/kit/exchange.js'
import { withServer, type Server } from '../fixtures/kit/server.js'
import { FAIRNESS } from './declarations/service.js'
import { defineBench } from './harness/bench.js'
import { readClips, type Upload } from './harness/clips.js'
import { makeUpNames } from './harness/made-up-names.js'
import { recordTape, type SpeechTape } from './harness/speech-tape.js'
import { fixed, printTable } from './harness/table.js'
import { generateLoad, type LoadResult } from './load/generator.js'
import { summarizeLoad, type LoadSummary } from './load/summary.js'

const SHORT_SECONDS = 1
const SHORT_CLIPS = 40
const GREEDY_CLIPS = 20
const LEAST_SERVED = 0.95
const MOST_TIMES_ALONE = 3
const OTHER_ADDRESS = '127.0.0.2'
/** Time in which the greedy clients fill the queue. */
const LEAD_MS = 2_000
/** Requests on an idle server from which the longest uninterrupted work is found. */
const MEASURED_ALONE = 3

interface Situation {
  readonly name: string
  readonly connections: number
  readonly query: string
  /** Lengths of the clips, in turns. */
  readonly clipSeconds: readonly number[]
}

const PHRASES = makeUpNames(100, 11).names.map((name) => `phrases=${encodeURIComponent(name)}`).join('&')
const SITUATIONS: readonly Situation[] = [
  { name: '2 x 60 s', connections: 2, query: '', clipSeconds: [60] },
  { name: '6 x 60 s', connections: 6, query: '', clipSeconds: [60] },
  { name: '6 x 60, 25, 10 s', connections: 6, query: '', clipSeconds: [60, 25, 10] },
  { name: '4 x 3 s, nBest=10, 100 phrases', connections: 4, query: `?nBest=10&${PHRASES}`, clipSeconds: [3] },
]

interface Row {
  readonly name: string
  readonly address: 'same' | 'other'
  /** Share of the requests of the modest client. */
  readonly served: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly allowedMs: number
  /** The longest time for which a worker is busy with a greedy request before it may turn to another one. */
  readonly uninterruptedMs: number
  readonly byOutcome: Readonly<Record<string, number>>
  readonly greedyServed: number
  readonly greedyRefused: number
  readonly greedyFailed: number
}

export const run = defineBench(FAIRNESS, async ({ model, clips, workers, seconds, entry }) => {
  const tape = await recordTape(await readClips(clips), 180)
  return withServer({ model, workers, ...entry !== undefined && { entry } }, async (server) => {
    const alone = summarizeLoad(await modestLoad(server, tape, seconds))
    const rows: Row[] = []
    for (const situation of SITUATIONS) {
      const uninterruptedMs = await longestUninterruptedMs(server, situation, tape)
      const allowedMs = MOST_TIMES_ALONE * alone.p95Ms + uninterruptedMs
      for (const address of ['same', 'other'] as const) {
        const figures = await loadTogether(server, situation, tape, seconds, address)
        rows.push({ name: situation.name, address, uninterruptedMs, allowedMs, ...figures })
      }
    }
    print(alone, rows)
    return {
      missed: rows.filter((row) => !isMet(row)).map(({ name, address }) => `${name}, ${address} address`),
      judged: { situations: rows.length, 'requests of the modest client': alone.requests }, results: { alone, rows },
    }
  })
})

function isMet({ served, p95Ms, allowedMs }: Row): boolean {
  return served >= LEAST_SERVED && p95Ms <= allowedMs
}

function print(alone: LoadSummary, rows: readonly Row[]): void {
  console.log(`alone: ${alone.requests} requests, p50 ${fixed(alone.p50Ms, 0)} ms, p95 ${fixed(alone.p95Ms, 0)} ms\n`)
  const head = [
    'greedy', 'address', 'served %', 'p50 ms', 'p95 ms', 'allowed ms', 'uninterrupted ms', 'greedy served',
    'greedy refused', 'met',
  ]
  printTable(head, rows.map((row) => [
    row.name, row.address, fixed(100 * row.served), fixed(row.p50Ms, 0), fixed(row.p95Ms, 0), fixed(row.allowedMs, 0),
    fixed(row.uninterruptedMs, 0), row.greedyServed, row.greedyRefused, isMet(row) ? 'yes' : 'no',
  ]))
}

type Figures = Omit<Row, 'name' | 'address' | 'uninterruptedMs' | 'allowedMs'>

async function loadTogether(
  server: Server, { connections, query, clipSeconds }: Situation, tape: SpeechTape, seconds: number,
  address: Row['address'],
): Promise<Figures> {
  const over = new AbortController()
  const load = generateLoad({
    url: `${server.url}/v1/transcriptions${query}`, uploads: cut(tape, clipSeconds, GREEDY_CLIPS),
    arrivals: { clients: connections }, maxSeconds: seconds + 10, until: over.signal,
    ...address === 'other' && { localAddress: OTHER_ADDRESS },
  })
  await sleep(LEAD_MS)
  const modest = await modestLoad(server, tape, seconds)
  over.abort()
  const { p50Ms, p95Ms, byOutcome } = summarizeLoad(modest)
  const greedy = summarizeLoad(await load)
  return {
    served: modest.answers.filter(({ status }) => status === 200).length / modest.answers.length, p50Ms, p95Ms,
    byOutcome, greedyServed: greedy.requests - greedy.refused - greedy.failed, greedyRefused: greedy.refused,
    greedyFailed: greedy.failed,
  }
}

/** One short clip per second, whether or not the last one was answered. */
function modestLoad(server: Server, tape: SpeechTape, seconds: number): Promise<LoadResult> {
  return generateLoad({
    url: `${server.url}/v1/transcriptions`, uploads: cut(tape, [SHORT_SECONDS], SHORT_CLIPS),
    arrivals: { perSecond: 1 }, maxSeconds: seconds, maxRequests: Math.floor(seconds),
  })
}

interface Cut {
  readonly segments: readonly unknown[]
  readonly decodingPasses?: number
  /** The same in answers of older revisions. */
  readonly hearings?: number
}

/**
 * Time of a greedy request on an idle server, divided by its segments or decoding passes: one of them is not
 * interrupted.
 */
async function longestUninterruptedMs(
  server: Server, { query, clipSeconds }: Situation, tape: SpeechTape,
): Promise<number> {
  const agent = keepAliveAgent()
  const found: number[] = []
  try {
    for (const { body } of cut(tape, clipSeconds, MEASURED_ALONE)) {
      const answer = await ask(`${server.url}/v1/transcriptions${query}`, { method: 'POST', body, agent })
      const { segments, decodingPasses, hearings = 0 } = JSON.parse(answer.body) as Cut
      found.push(answer.latencyMs / Math.max(1, segments.length, decodingPasses ?? hearings))
    }
  } finally {
    agent.destroy()
  }
  return Math.max(...found)
}

function cut(tape: SpeechTape, lengths: readonly number[], many: number): Upload[] {
  return Array.from({ length: many }, (_, index) => tape.cut(lengths[index % lengths.length]!, index))
}
