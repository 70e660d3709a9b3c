/**
 * A modest client, one short clip per second, beside greedy ones: clips of 60 s from two and from six connections,
 * clips of three lengths from six, and short clips with ten alternatives and a hundred phrases from four. Greedy clients
 * come from the same address as the modest one, and from another: within a client short work goes first, between
 * clients the service is shared.
 *
 * Required: the modest client is served in 95 % of its requests, and its p95 is at most three times its p95 when alone
 * plus the longest uninterrupted work of a greedy request. `--entry` measures the compiled service of another revision.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, keepAliveAgent } from './exchange.js'
import { defaultManifest, readClips, type Upload } from './clips.js'
import { generateLoad, type LoadResult } from './load-generator.js'
import { summarizeLoad, type LoadSummary } from './load-summary.js'
import { beginRun } from './machine.js'
import { makeUpNames } from './made-up-names.js'
import { countOption, numberOption, parseOptions } from './options.js'
import { DEFAULT_MODEL } from './recognizers.js'
import type { RunBench } from './run.js'
import { startServer, type Server } from './server.js'
import { recordTape, type SpeechTape } from './speech-tape.js'
import { fixed, printTable } from './table.js'

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

/** What the greedy clients do. */
interface Situation {
  readonly name: string
  readonly connections: number
  readonly query: string
  /** Lengths of the clips, which take turns. */
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
  /** Share of the modest client's requests. */
  readonly served: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly allowedMs: number
  /** The longest that a worker is busy with a greedy request before it may turn to another one. */
  readonly uninterruptedMs: number
  readonly byOutcome: Readonly<Record<string, number>>
  readonly greedyServed: number
  readonly greedyRefused: number
  readonly greedyFailed: number
  readonly isMet: boolean
}

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    model: { type: 'string', default: DEFAULT_MODEL },
    clips: { type: 'string', default: defaultManifest() },
    workers: { type: 'string', default: '0' },
    seconds: { type: 'string', default: '40' },
    entry: { type: 'string' },
  })
  const seconds = numberOption('seconds', given.seconds, 40, 5)
  const tape = await recordTape(await readClips(given.clips), 180)
  const bench = await beginRun('fairness', given)
  const workers = countOption('workers', given.workers, 0, 0)
  const server = await startServer({
    model: given.model, workers, ...given.entry !== undefined && { entry: given.entry },
  })
  const rows: Row[] = []
  try {
    const alone = summarizeLoad(await modestLoad(server, tape, seconds))
    for (const situation of SITUATIONS) {
      const uninterruptedMs = await longestUninterruptedMs(server, situation, tape)
      const allowedMs = MOST_TIMES_ALONE * alone.p95Ms + uninterruptedMs
      for (const address of ['same', 'other'] as const) {
        const load = await loadTogether(server, situation, tape, seconds, address)
        rows.push({ name: situation.name, address, uninterruptedMs, allowedMs, ...judged(load, allowedMs) })
      }
    }
    print(alone, rows)
    await bench.save({ alone, rows })
  } finally {
    await server.stop()
  }
  return rows.every(({ isMet }) => isMet)
}

function print(alone: LoadSummary, rows: readonly Row[]): void {
  console.log(`alone: ${alone.requests} requests, p50 ${fixed(alone.p50Ms, 0)} ms, p95 ${fixed(alone.p95Ms, 0)} ms\n`)
  const head = [
    'greedy', 'address', 'served %', 'p50 ms', 'p95 ms', 'allowed ms', 'uninterrupted ms', 'greedy served',
    'greedy refused', 'met',
  ]
  printTable(head, rows.map((row) => [
    row.name, row.address, fixed(100 * row.served), fixed(row.p50Ms, 0), fixed(row.p95Ms, 0), fixed(row.allowedMs, 0),
    fixed(row.uninterruptedMs, 0), row.greedyServed, row.greedyRefused, row.isMet ? 'yes' : 'no',
  ]))
}

interface Together {
  readonly modest: LoadResult
  readonly greedy: LoadResult
}

async function loadTogether(
  server: Server, { connections, query, clipSeconds }: Situation, tape: SpeechTape, seconds: number,
  address: Row['address'],
): Promise<Together> {
  const over = new AbortController()
  const greedy = generateLoad({
    url: `${server.url}/v1/transcriptions${query}`,
    uploads: cut(tape, clipSeconds, GREEDY_CLIPS),
    arrivals: { clients: connections },
    maxSeconds: seconds + 10,
    maxRequests: 100_000,
    until: over.signal,
    ...address === 'other' && { localAddress: OTHER_ADDRESS },
  })
  await sleep(LEAD_MS)
  const modest = await modestLoad(server, tape, seconds)
  over.abort()
  return { modest, greedy: await greedy }
}

type Judged = Omit<Row, 'name' | 'address' | 'uninterruptedMs' | 'allowedMs'>

function judged({ modest, greedy }: Together, allowedMs: number): Judged {
  const { p50Ms, p95Ms, byOutcome } = summarizeLoad(modest)
  const { requests, refused, failed } = summarizeLoad(greedy)
  const served = modest.answers.filter(({ status }) => status === 200).length / modest.answers.length
  return {
    served, p50Ms, p95Ms, byOutcome,
    greedyServed: requests - refused - failed,
    greedyRefused: refused,
    greedyFailed: failed,
    isMet: served >= LEAST_SERVED && p95Ms <= allowedMs,
  }
}

/** One short clip per second, whether or not the last one was answered. */
function modestLoad(server: Server, tape: SpeechTape, seconds: number): Promise<LoadResult> {
  return generateLoad({
    url: `${server.url}/v1/transcriptions`,
    uploads: cut(tape, [SHORT_SECONDS], SHORT_CLIPS),
    arrivals: { perSecond: 1 },
    maxSeconds: seconds,
    maxRequests: Math.floor(seconds),
  })
}

/** Time of a greedy request on an idle server, divided by its segments or decodes: within one no other request runs. */
async function longestUninterruptedMs(
  server: Server, { query, clipSeconds }: Situation, tape: SpeechTape,
): Promise<number> {
  const agent = keepAliveAgent()
  const found: number[] = []
  try {
    for (const { body } of cut(tape, clipSeconds, MEASURED_ALONE)) {
      const answer = await ask(`${server.url}/v1/transcriptions${query}`, { method: 'POST', body, agent })
      const { segments, hearings } = JSON.parse(answer.body) as { segments: readonly unknown[]; hearings: number }
      found.push(answer.latencyMs / Math.max(1, segments.length, hearings))
    }
  } finally {
    agent.destroy()
  }
  return Math.max(...found)
}

function cut(tape: SpeechTape, lengths: readonly number[], count: number): Upload[] {
  return Array.from({ length: count }, (_, index) => tape.cut(lengths[index % lengths.length]!, index))
}
