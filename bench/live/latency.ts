/**
 * How long users wait for the final and for the first words, by profile and number of sessions, in real time.
 *
 * The pause stands apart: the service waits for it on purpose. What recognition and the machine add is measured from
 * the sample at which the session decided that the utterance is over.
 */
import { withServer } from '../../fixtures/kit/server.js'
import { sum } from '../../fixtures/kit/statistics.js'
import type { Outcome } from '../harness/bench.js'
import { firstOfEachSource } from '../harness/clips.js'
import { startProgress } from '../harness/progress.js'
import { fixed, printTable } from '../harness/table.js'
import type { LiveBench, Profile } from './context.js'
import { converseTogether } from './conversations.js'
import { postWhole } from './recordings.js'
import { waitsOf, type Waits } from './waits.js'

const JUDGED = { profile: 'balanced', sessions: 10 }
const MOST_FINAL_MS = 600
const MOST_BEYOND_MS = 60
const MOST_FIRST_PARTIAL_MS = 500
/** Of each source: enough for all sessions to say different things. */
const OF_SOURCE = 12

interface Row extends Waits {
  readonly profile: Profile
  readonly sessions: number
  /** Partial results that each session got in a second. */
  readonly partialsPerSecond: number
  readonly skippedPartials: number
}

export function measure({ model, workers, clips, profiles, sessions, seconds, pieceMs }: LiveBench): Promise<Outcome> {
  const settings = { EARSHOT_LIVE_SESSIONS: '10000' }
  return withServer({ model, workers, settings }, async (server) => {
    const recordings = await postWhole(server, firstOfEachSource(clips, OF_SOURCE), true)
    const rows: Row[] = []
    const progress = startProgress('rows', profiles.length * sessions.length)
    for (const many of sessions) {
      for (const profile of profiles) {
        const plan = { seconds, pieceMs, earshot: { endpointing: profile } }
        const { conversations, skippedPartials } = await converseTogether(server, recordings, many, plan)
        const turns = conversations.flatMap((one) => one.turns)
        const waits = waitsOf(turns)
        const spoken = sum(conversations.map((one) => one.turns.at(-1)?.part.span.endSeconds ?? 0))
        rows.push({ profile, sessions: many, ...waits, partialsPerSecond: waits.partials / spoken, skippedPartials })
        progress.step()
      }
    }
    print(rows)
    return {
      missed: rows.flatMap(missedBy), results: rows,
      judged: { rows: rows.length, finals: Math.min(...rows.map(({ finals }) => finals)) },
    }
  })
}

function missedBy({ profile, sessions, final, beyond, firstPartial }: Row): string[] {
  if (profile !== JUDGED.profile || sessions !== JUDGED.sessions) return []
  const over = (what: string, value: number, most: number): string[] =>
    value <= most ? [] : [`${what}: p50 ${fixed(value, 0)} ms, ${most} ms allowed`]
  return [
    ...over('final', final.p50, MOST_FINAL_MS), ...over('beyond the pause', beyond.p50, MOST_BEYOND_MS),
    ...over('first partial', firstPartial.p50, MOST_FIRST_PARTIAL_MS),
  ]
}

function print(rows: readonly Row[]): void {
  const head = [
    'profile', 'sessions', 'finals', 'others', 'final p50 ms', 'p95', 'pause p50 ms', 'p95', 'beyond p50 ms', 'p95',
    'first partial p50 ms', 'p95', 'partials/s', 'skipped',
  ]
  printTable(head, rows.map(({ profile, sessions, finals, others, final, pause, beyond, firstPartial, ...row }) => [
    profile, sessions, finals, others,
    ...[final, pause, beyond, firstPartial].flatMap(({ p50, p95 }) => [fixed(p50, 0), fixed(p95, 0)]),
    fixed(row.partialsPerSecond, 2), row.skippedPartials,
  ]))
}
