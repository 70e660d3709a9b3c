/**
 * How often shown words change: of each partial result, the stable words and the others beside the final at the same
 * places, in real time. A stable word may never change; a user sees the others in a fainter colour.
 */
import type { ToldUtterance } from '../../fixtures/kit/live-client.js'
import { withServer } from '../../fixtures/kit/server.js'
import { groupBy, sum } from '../../fixtures/kit/statistics.js'
import type { Outcome } from '../harness/bench.js'
import { firstOfEachSource } from '../harness/clips.js'
import { fixed, printTable } from '../harness/table.js'
import type { LiveBench } from './context.js'
import { converseTogether } from './conversations.js'
import { postWhole } from './recordings.js'

const SESSIONS = 8
const OF_SOURCE = 30

export interface Changes {
  readonly partials: number
  readonly unstable: number
  readonly unstableChanged: number
  /** Stable words, counted once in an utterance: those of its last partial result. */
  readonly stable: number
  readonly stableChanged: number
  readonly finalWords: number
}

export function measure({ model, workers, clips, seconds, pieceMs }: LiveBench): Promise<Outcome> {
  return withServer({ model, workers }, async (server) => {
    const recordings = await postWhole(server, firstOfEachSource(clips, OF_SOURCE), true)
    const plan = { seconds, pieceMs, earshot: { endpointing: 'balanced' as const } }
    const { conversations } = await converseTogether(server, recordings, SESSIONS, plan)
    const turns = conversations.flatMap((one) => one.turns)
    const rows = [...groupBy(turns, ({ part }) => part.recording.clip.source), ['all', turns] as const].map(
      ([source, own]) => ({ source, ...changesOf(own.flatMap(({ utterances }) => utterances)) }))
    print(rows)
    const all = rows.at(-1)!
    return {
      missed: all.stableChanged > 0 ? [`${all.stableChanged} of ${all.stable} stable words changed`] : [],
      judged: { turns: turns.length, 'stable words': all.stable }, results: rows,
    }
  })
}

/** Without case and punctuation, which a final may add. */
export function changesOf(utterances: readonly ToldUtterance[]): Changes {
  const counted = utterances.filter(({ final }) => final !== undefined && final.text !== '').map((utterance) => {
    const words = wordsOf(utterance.final!.text)
    const shown = utterance.partials.map(({ stable, unstable }) =>
      ({ stable: wordsOf(stable), unstable: wordsOf(unstable) }))
    const unstable = shown.flatMap((one) => one.unstable.map((word, at) => word === words[one.stable.length + at]))
    const stable = (shown.at(-1)?.stable ?? []).map((word, at) => word === words[at])
    return { words, shown, unstable, stable }
  })
  const changed = (values: readonly boolean[]): number => values.filter((isKept) => !isKept).length
  return {
    partials: sum(counted.map(({ shown }) => shown.length)),
    unstable: sum(counted.map(({ unstable }) => unstable.length)),
    unstableChanged: sum(counted.map(({ unstable }) => changed(unstable))),
    stable: sum(counted.map(({ stable }) => stable.length)),
    stableChanged: sum(counted.map(({ stable }) => changed(stable))),
    finalWords: sum(counted.map(({ words }) => words.length)),
  }
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '').map((word) => word.toLowerCase().replace(/[^\p{L}\p{N}']/gu, ''))
}

function print(rows: readonly (Changes & { readonly source: string })[]): void {
  const head = [
    'source', 'partials', 'unstable words', 'changed %', 'stable words', 'changed', 'of the final stable before it %',
  ]
  printTable(head, rows.map(({ source, partials, unstable, unstableChanged, stable, stableChanged, finalWords }) => [
    source, partials, unstable, fixed(100 * unstableChanged / unstable), stable, stableChanged,
    fixed(100 * stable / finalWords),
  ]))
}
