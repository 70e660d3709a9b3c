/**
 * Sessions that the machine sustains in real time with every final in time, what becomes rarer beyond that, and four
 * times as many: those that fit in are served, the others are refused before the upgrade, with a code.
 */
import { LiveClient, UpgradeRefused } from '../../fixtures/kit/live-client.js'
import { withServer, type Server } from '../../fixtures/kit/server.js'
import { sum } from '../../fixtures/kit/statistics.js'
import type { Outcome } from '../harness/bench.js'
import { firstOfEachSource } from '../harness/clips.js'
import { fixed, printTable } from '../harness/table.js'
import type { LiveBench } from './context.js'
import { converse, converseTogether, type Conversation, type Plan } from './conversations.js'
import { postWhole, SAMPLE_RATE, type Recording } from './recordings.js'
import { waitsOf, type Waits } from './waits.js'

const MOST_BEYOND_MS = 300
const STEPS = [10, 20, 30, 40, 60, 80, 120, 160]
/** Steps after the last one that is sustained, to see what becomes rarer. */
const BEYOND = 1
const TIMES_CAPACITY = 4
/** Loopback addresses that the clients of the overload come from: one client gets four fifths at most. */
const ADDRESSES = 8
const OF_SOURCE = 12

interface Row extends Waits { readonly sessions: number; readonly skippedPartials: number }

export async function measure(bench: LiveBench): Promise<Outcome> {
  const { model, workers, clips, seconds, pieceMs } = bench
  const plan: Plan = { seconds, pieceMs, earshot: { endpointing: 'balanced' } }
  let recordings: readonly Recording[] = []
  const rows = await withServer({ model, workers, settings: { EARSHOT_LIVE_SESSIONS: '10000' } }, async (server) => {
    recordings = await postWhole(server, firstOfEachSource(clips, OF_SOURCE), true)
    return climb(server, recordings, plan)
  })
  printSteps(rows)
  const sustained = rows.findLast(isInTime)
  if (sustained === undefined) {
    const missed = [`not even ${rows[0]!.sessions} sessions are in time`]
    return { missed, judged: { steps: rows.length }, results: rows }
  }
  const settings = { EARSHOT_LIVE_SESSIONS: String(sustained.sessions) }
  const overload = await withServer({ model, workers, settings }, (server) =>
    crowd(server, recordings, TIMES_CAPACITY * sustained.sessions, plan))
  printTable(['sessions asked for', 'served', 'refused with 429', 'other refusals', 'finals', 'unfinished'], [[
    overload.asked, overload.served, overload.refused, overload.otherRefusals.join(', ') || 'none', overload.finals,
    overload.unfinished,
  ]])
  return {
    missed: [
      ...overload.otherRefusals.length > 0 ? [`other refusals: ${overload.otherRefusals.join(', ')}`] : [],
      ...overload.unfinished > 0 ? [
        `${overload.unfinished} sessions did not get all their finals (${overload.errors.join(', ') || 'no error'})`,
      ] : [],
    ],
    judged: { steps: rows.length, refusals: overload.refused, finals: overload.finals }, results: { rows, overload },
  }
}

function isInTime({ beyond, finals }: Row): boolean {
  return finals > 0 && beyond.p95 <= MOST_BEYOND_MS
}

async function climb(server: Server, recordings: readonly Recording[], plan: Plan): Promise<Row[]> {
  const rows: Row[] = []
  let late = 0
  for (const sessions of STEPS) {
    const { conversations, skippedPartials } = await converseTogether(server, recordings, sessions, plan)
    rows.push({ sessions, skippedPartials, ...waitsOf(conversations.flatMap(({ turns }) => turns)) })
    if (!isInTime(rows.at(-1)!)) late++
    if (late > BEYOND) break
  }
  return rows
}

interface Crowd {
  readonly asked: number
  readonly served: number
  readonly refused: number
  readonly otherRefusals: readonly string[]
  readonly finals: number
  /** Sessions with an error event, with a turn without a final, or closed by the service. */
  readonly unfinished: number
  /** Codes that sessions were told. */
  readonly errors: readonly string[]
}

async function crowd(server: Server, recordings: readonly Recording[], asked: number, plan: Plan): Promise<Crowd> {
  const answers = await Promise.all(Array.from({ length: asked }, (_, index) => LiveClient.open(server.url, {
    sampleRate: SAMPLE_RATE, earshot: plan.earshot, localAddress: `127.0.0.${2 + index % ADDRESSES}`,
  }).catch(asRefusal)))
  const clients = answers.filter((one) => one instanceof LiveClient)
  const refusals = answers.filter((one) => one instanceof UpgradeRefused)
  const typed = refusals.filter(({ status, code, retryAfter }) =>
    status === 429 && code === 'QUEUE_FULL' && retryAfter !== undefined)
  const conversations = await Promise.all(clients.map((client, index) => converse(client, recordings, index, plan)))
  const turns = conversations.flatMap((one) => one.turns)
  return {
    asked, served: clients.length, refused: typed.length,
    otherRefusals: refusals.filter((one) => !typed.includes(one)).map(({ status, code }) => `${status} ${code}`),
    finals: sum(turns.map(({ utterances }) => utterances.length)),
    unfinished: conversations.filter(isUnfinished).length, errors: conversations.flatMap((one) => one.errors),
  }
}

function isUnfinished({ turns, errors, closeCode }: Conversation): boolean {
  return errors.length > 0 || closeCode !== 1000 || turns.some(({ utterances }) => utterances.length === 0)
}

function asRefusal(thrown: unknown): UpgradeRefused {
  if (thrown instanceof UpgradeRefused) return thrown
  throw thrown
}

function printSteps(rows: readonly Row[]): void {
  const head = [
    'sessions', 'finals', 'beyond the pause p50 ms', 'p95', 'first partial p50 ms', 'p95', 'partials of a session',
    'skipped', 'in time',
  ]
  printTable(head, rows.map((row) => [
    row.sessions, row.finals, fixed(row.beyond.p50, 0), fixed(row.beyond.p95, 0), fixed(row.firstPartial.p50, 0),
    fixed(row.firstPartial.p95, 0), fixed(row.partials / row.sessions), row.skippedPartials,
    isInTime(row) ? 'yes' : 'no',
  ]))
  console.log()
}
