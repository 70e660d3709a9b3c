/**
 * Clips of three seconds with catalogues of a thousand and a hundred thousand entries, and the same clips without one,
 * in turns on every clip: with the options of a transcription, and with those of a search, which asks for alternatives.
 * Names consist of words that are said, so that many phrases are begun.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { TranscribeOptions } from '../../src/recognition/options.js'
import { transcribe } from '../../src/recognition/pipeline.js'
import type { Outcome } from '../harness/bench.js'
import { SERVED } from '../harness/recognizers.js'
import { recordTape } from '../harness/speech-tape.js'
import { median } from '../../fixtures/kit/statistics.js'
import { fixed, megabytes, printTable } from '../harness/table.js'
import { openList, type SearchBench } from './context.js'
import { madePhrases } from './made-phrases.js'

const SECONDS = 3
const CLIPS = 40
const ROUNDS = 3
const ALTERNATIVES = 5
/** Entries, and how many times as long a transcription may take. */
const SIZES = [{ entries: 1_000, most: 1.25 }, { entries: 100_000, most: 1.5 }]

interface Way {
  readonly options: TranscribeOptions
  readonly times: number[]
}

export async function measure(bench: SearchBench): Promise<Outcome> {
  const tape = await recordTape(bench.clips)
  const clips = Array.from({ length: CLIPS }, (_, index) => tape.cut(SECONDS, index).body)
  openList(madePhrases(100), bench) // tables that are made once, for the first list
  const none: Way = { options: SERVED, times: [] }
  const lists = SIZES.map(({ entries, most }) => {
    const before = bytesInUse()
    const { wishes, ...list } = openList(madePhrases(entries), bench)
    const way = (nBest: number): Way => ({ options: { ...SERVED, ...wishes(nBest) }, times: [] })
    return { entries, most, ...list, heldBytes: bytesInUse() - before, plain: way(1), search: way(ALTERNATIVES) }
  })
  await timeAll(clips, [none, ...lists.flatMap(({ plain, search }) => [plain, search])], bench)
  const ratio = ({ times }: Way): number => median(times) / median(none.times)
  console.log(`without a catalogue: ${fixed(median(none.times), 0)} ms, median of ${CLIPS} clips of ${SECONDS} s, ` +
    `${ROUNDS} times each\n`)
  const head = [
    'entries', 'nodes', 'trie MB', 'held in all MB', 'spelled and compiled in s', 'ms', 'times as long',
    `with ${ALTERNATIVES} alternatives`,
  ]
  printTable(head, lists.map(({ entries, nodes, bytes, heldBytes, compileMs, plain, search }) => [
    entries, nodes, megabytes(bytes), megabytes(heldBytes), fixed(compileMs / 1000, 2), fixed(median(plain.times), 0),
    fixed(ratio(plain), 2), fixed(ratio(search), 2),
  ]))
  const slow = lists.filter(({ plain, most }) => ratio(plain) > most)
  const missed = slow.map(({ entries, plain, most }) =>
    `${entries} entries take ${fixed(ratio(plain), 2)} times as long, at most ${most} wanted`)
  return { missed, results: { none: none.times, lists } }
}

async function timeAll(clips: readonly Uint8Array[], ways: readonly Way[], { recognizer }: SearchBench): Promise<void> {
  for (const { options } of ways) for (const clip of clips.slice(0, 1)) await transcribe(clip, recognizer, options)
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, clip] of clips.entries()) {
      for (const { options, times } of (index + round) % 2 === 0 ? ways : ways.toReversed()) {
        const since = performance.now()
        await transcribe(clip, recognizer, options)
        times.push(performance.now() - since)
      }
    }
  }
}

/** Objects and array buffers of this process after a garbage collection. */
function bytesInUse(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
