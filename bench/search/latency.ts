/**
 * Clips of three seconds with catalogues of a thousand and a hundred thousand entries, against the same clips without
 * one, one after the other on every clip. As a transcription is asked for, and as a search is, which wants five
 * readings. Names are of words that are said, so that phrases are begun all the time; ranking is measured by
 * `bench -- catalogue`.
 */
import type { TranscribeOptions } from '../../src/recognition/options.js'
import { transcribe } from '../../src/recognition/pipeline.js'
import { bytesInUse } from '../heap.js'
import type { Outcome } from '../named-tables.js'
import { SERVED } from '../served.js'
import { recordTape } from '../speech-tape.js'
import { median } from '../statistics.js'
import { fixed, megabytes, printTable } from '../table.js'
import { openList, type OpenedList, type SearchBench } from './context.js'
import { madePhrases } from './made-phrases.js'

const SECONDS = 3
const CLIPS = 40
const ROUNDS = 3
const READINGS = 5
/** Entries, and how many times as long a transcription may take. */
const SIZES = [{ entries: 1_000, most: 1.25 }, { entries: 100_000, most: 1.5 }]

export async function measure(bench: SearchBench): Promise<Outcome> {
  const tape = await recordTape(bench.clips)
  const clips = Array.from({ length: CLIPS }, (_, index) => tape.cut(SECONDS, index).body)
  // Tables that are made once, for the first list of all.
  openList(madePhrases(100), bench)
  const lists = SIZES.map(({ entries, most }) => ({ entries, most, ...openMeasured(madePhrases(entries), bench) }))
  const ways: [string, TranscribeOptions][] = [
    ['none', SERVED],
    ...lists.flatMap(({ entries, wishes }): [string, TranscribeOptions][] => [[`${entries}`, { ...SERVED, ...wishes(1) }], [`${entries}, search`, { ...SERVED, ...wishes(READINGS) }]]),
  ]
  const times = await timeAll(clips, ways, bench)
  const ratio = (way: string): number => median(times.get(way)!) / median(times.get('none')!)
  const missed = lists.filter(({ entries, most }) => ratio(`${entries}`) > most).map(({ entries, most }) => `${entries} entries take ${fixed(ratio(`${entries}`), 2)} times as long, at most ${most} wanted`)
  const rows = lists.map(({ entries, nodes, bytes, heldBytes, compileMs }) => [entries, nodes, megabytes(bytes), megabytes(heldBytes), fixed(compileMs / 1000, 2), fixed(median(times.get(`${entries}`)!), 0), fixed(ratio(`${entries}`), 2), fixed(ratio(`${entries}, search`), 2)])
  console.log(`without a catalogue: ${fixed(median(times.get('none')!), 0)} ms, median of ${CLIPS} clips of ${SECONDS} s, ${ROUNDS} times each\n`)
  printTable(['entries', 'nodes', 'trie MB', 'held in all MB', 'spelled and compiled in s', 'ms', 'times as long', 'with five readings'], rows)
  return { missed, results: { rows, times: Object.fromEntries(times) } }
}

function openMeasured(names: readonly string[], bench: SearchBench): OpenedList & { readonly heldBytes: number } {
  const before = bytesInUse()
  const list = openList(names, bench)
  return { ...list, heldBytes: bytesInUse() - before }
}

async function timeAll(clips: readonly Uint8Array[], ways: readonly [string, TranscribeOptions][], { recognizer }: SearchBench): Promise<Map<string, number[]>> {
  const times = new Map(ways.map(([name]) => [name, [] as number[]]))
  for (const [, options] of ways) await transcribe(clips[0]!, recognizer, options)
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, clip] of clips.entries()) {
      for (const [name, options] of (index + round) % 2 === 0 ? ways : ways.toReversed()) {
        const since = performance.now()
        await transcribe(clip, recognizer, options)
        times.get(name)!.push(performance.now() - since)
      }
    }
  }
  return times
}
