/**
 * A modest client, one short clip per second, beside greedy ones: clips of 60 s from two and from six connections, and
 * short clips with ten alternatives and a hundred phrases from four. Greedy clients come from the same address as the
 * modest one, and from another: within a client short work goes first, between clients the service is shared.
 *
 * Required: the modest client is served in 95 % of its requests, and its p95 is at most three times its p95 when alone
 * plus one piece of long work. `--entry` measures the compiled service of another revision.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, keepAliveAgent } from './exchange.js'
import { defaultManifest, readClips, type Upload } from './clips.js'
import { generateLoad, type LoadResult } from './load-generator.js'
import { summarizeLoad } from './load-summary.js'
import { beginRun } from './machine.js'
import { makeUpNames } from './made-up-names.js'
import { countOption, numberOption, parseOptions } from './options.js'
import { DEFAULT_MODEL } from './recognizers.js'
import type { RunBench } from './run.js'
import { startServer, type Server } from './server.js'
import { recordTape, type SpeechTape } from './speech-tape.js'
import { fixed, printTable } from './table.js'

const SHORT_SECONDS = 1
const LONG_SECONDS = 60
const SHORT_CLIPS = 40
const LEAST_SERVED = 0.95
const MOST_TIMES_ALONE = 3
const OTHER_ADDRESS = '127.0.0.2'
/** Time in which the greedy clients fill the queue. */
const LEAD_MS = 2_000

interface Situation {
  readonly name: string
  readonly connections: number
  readonly query: string
  readonly clipSeconds: number
}

const PHRASES = makeUpNames(100, 11).names.map((name) => `phrases=${encodeURIComponent(name)}`).join('&')
const SITUATIONS: readonly Situation[] = [
  { name: '2 x 60 s', connections: 2, query: '', clipSeconds: LONG_SECONDS },
  { name: '6 x 60 s', connections: 6, query: '', clipSeconds: LONG_SECONDS },
  { name: '4 x 3 s, nBest=10, 100 phrases', connections: 4, query: `?nBest=10&${PHRASES}`, clipSeconds: 3 },
]

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    model: { type: 'string', default: DEFAULT_MODEL }, clips: { type: 'string', default: defaultManifest() }, workers: { type: 'string', default: '0' },
    seconds: { type: 'string', default: '40' }, entry: { type: 'string' },
  })
  const seconds = numberOption('seconds', given.seconds, 40, 5)
  const tape = await recordTape(await readClips(given.clips), 180)
  const bench = await beginRun('fairness', given)
  const server = await startServer({ model: given.model, workers: countOption('workers', given.workers, 0, 0), ...given.entry !== undefined && { entry: given.entry } })
  const rows = []
  try {
    const alone = summarizeLoad(await modestLoad(server, tape, seconds))
    for (const situation of SITUATIONS) {
      const pieceMs = await longestPieceMs(server, situation, tape)
      for (const localAddress of [undefined, OTHER_ADDRESS]) rows.push(await measure(server, situation, tape, seconds, localAddress, alone.p95Ms, pieceMs))
    }
    console.log(`alone: ${alone.requests} requests, p50 ${fixed(alone.p50Ms, 0)} ms, p95 ${fixed(alone.p95Ms, 0)} ms\n`)
    printTable(['greedy', 'address', 'served %', 'p50 ms', 'p95 ms', 'allowed ms', 'piece ms', 'greedy served', 'greedy refused', 'met'], rows.map((row) => [
      row.name, row.address, fixed(100 * row.served), fixed(row.p50Ms, 0), fixed(row.p95Ms, 0), fixed(row.allowedMs, 0), fixed(row.pieceMs, 0), row.greedyServed, row.greedyRefused, row.isMet ? 'yes' : 'no',
    ]))
    await bench.save({ alone, rows })
  } finally {
    await server.stop()
  }
  return rows.every(({ isMet }) => isMet)
}

async function measure(server: Server, { name, connections, query, clipSeconds }: Situation, tape: SpeechTape, seconds: number, localAddress: string | undefined, aloneP95Ms: number, pieceMs: number) {
  const over = new AbortController()
  const greedy = generateLoad({
    url: `${server.url}/v1/transcriptions${query}`, uploads: cut(tape, clipSeconds, 20), arrivals: { clients: connections },
    maxSeconds: seconds + 10, maxRequests: 100_000, until: over.signal, ...localAddress !== undefined && { localAddress },
  })
  await sleep(LEAD_MS)
  const modest = await modestLoad(server, tape, seconds)
  over.abort()
  const summary = summarizeLoad(modest)
  const greedySummary = summarizeLoad(await greedy)
  const served = modest.answers.filter(({ status }) => status === 200).length / modest.answers.length
  const allowedMs = MOST_TIMES_ALONE * aloneP95Ms + pieceMs
  return {
    name, address: localAddress === undefined ? 'same' : 'other', served, p50Ms: summary.p50Ms, p95Ms: summary.p95Ms, allowedMs, pieceMs,
    byOutcome: summary.byOutcome, greedyServed: greedySummary.requests - greedySummary.refused - greedySummary.failed, greedyRefused: greedySummary.refused, greedyFailed: greedySummary.failed,
    isMet: served >= LEAST_SERVED && summary.p95Ms <= allowedMs,
  }
}

/** One short clip per second, whether or not the last one was answered. */
function modestLoad(server: Server, tape: SpeechTape, seconds: number): Promise<LoadResult> {
  return generateLoad({ url: `${server.url}/v1/transcriptions`, uploads: cut(tape, SHORT_SECONDS, SHORT_CLIPS), arrivals: { perSecond: 1 }, maxSeconds: seconds, maxRequests: Math.floor(seconds) })
}

/** Work of a greedy request on an idle server, divided by its segments: within a piece no other request runs. */
async function longestPieceMs(server: Server, { query, clipSeconds }: Situation, tape: SpeechTape): Promise<number> {
  const agent = keepAliveAgent()
  const pieces: number[] = []
  for (const { body } of cut(tape, clipSeconds, 3)) {
    const answer = await ask(`${server.url}/v1/transcriptions${query}`, { method: 'POST', body, agent })
    const { segments, hearings } = JSON.parse(answer.body) as { segments: readonly unknown[]; hearings: number }
    pieces.push(answer.latencyMs / Math.max(1, segments.length, hearings))
  }
  agent.destroy()
  return Math.max(...pieces)
}

function cut(tape: SpeechTape, seconds: number, count: number): Upload[] {
  return Array.from({ length: count }, (_, index) => tape.cut(seconds, index))
}
