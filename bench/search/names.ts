/**
 * Rare names in a sentence, by several synthesizers: those that are misspelled without a catalogue, against the same
 * with all names as a catalogue, and with the names among a thousand others. Errors of the name's own words and of the
 * words before it are counted apart. Names that were right before must stay so.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { bootstrapInterval } from '../bootstrap.js'
import type { Outcome } from '../named-tables.js'
import { UsageError } from '../options.js'
import type { ScoredClip } from '../scoring.js'
import { SERVED } from '../served.js'
import { groupBy, sum } from '../statistics.js'
import { fixed, printTable } from '../table.js'
import { bySource, recognizeAll } from '../ways.js'
import { openList, type SearchBench } from './context.js'
import { madePhrases } from './made-phrases.js'
import { RARE_NAMES, speakNames, type NameClip } from './rare-names.js'

/** Share of the errors on misspelled names that must be gone, and how many names there must be at least. */
const WANTED_LESS = 50
const WANTED_NAMES = 60
/** Points of word error rate that other words may lose. */
const TOLERATED_POINTS = 0.3
const OTHERS = 1_000

export async function measure(bench: SearchBench): Promise<Outcome> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'earshot-names-'))
  try {
    const clips = await speakNames(folder)
    if (clips.length === 0) throw new UsageError('the table "names" needs flite or espeak-ng')
    return await compare(clips, bench)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function compare(clips: readonly NameClip[], bench: SearchBench): Promise<Outcome> {
  const lists = { names: RARE_NAMES, 'names among others': [...RARE_NAMES, ...madePhrases(OTHERS)] }
  const ways = [
    { name: 'none', recognizer: bench.recognizer, options: SERVED },
    ...Object.entries(lists).map(([name, phrases]) => ({ name, recognizer: bench.recognizer, options: { ...SERVED, ...openList(phrases, bench).wishes(1) } })),
  ]
  const scores = await recognizeAll(clips, ways, 1)
  const missed: string[] = []
  const rows = Object.keys(lists).flatMap((list) => {
    const pairs = scores.none!.map((before, index): Pair => ({ name: (before.clip as NameClip).name, before: errorsOf(before), after: errorsOf(scores[list]![index]!), voice: before.clip.speaker }))
    const misspelled = pairs.filter(({ before }) => before.name > 0)
    const names = new Set(misspelled.map(({ name }) => name)).size
    const { less, low, high } = reduction(misspelled)
    if (less < WANTED_LESS) missed.push(`${list}: ${fixed(less)} % fewer errors on misspelled names, wanted ${WANTED_LESS}`)
    if (names < WANTED_NAMES) missed.push(`${names} names were misspelled, wanted ${WANTED_NAMES}`)
    return [...groupBy(pairs, ({ voice }) => voice), ['all', pairs] as const].map(([voice, own]) => {
      const wrong = own.filter(({ before }) => before.name > 0)
      const right = own.filter(({ before }) => before.name === 0)
      const others = 100 * sum(own.map(({ before, after }) => after.other - before.other)) / sum(own.map(({ before }) => before.otherWords))
      if (voice === 'all' && others > TOLERATED_POINTS) missed.push(`${list}: other words ${fixed(others)} points worse`)
      return [list, voice, own.length, wrong.length, sum(wrong.map(({ before }) => before.name)), sum(wrong.map(({ after }) => after.name)), voice === 'all' ? `${fixed(less)} (${fixed(low)} to ${fixed(high)})` : fixed(reduction(wrong).less), right.filter(({ after }) => after.name > 0).length, fixed(others)]
    })
  })
  printTable(['list', 'voice', 'clips', 'misspelled', 'errors on them', 'with the list', 'fewer % (95 %, by name)', 'right ones lost', 'other words, points'], rows)
  const examples = scores.none!.map((one, index) => [one.clip.speaker, one.reference, one.hypothesis, scores.names![index]!.hypothesis])
  return { missed, results: { rows, sources: bySource(scores.none!).map(([source]) => source), examples } }
}

interface Errors { readonly name: number; readonly other: number; readonly otherWords: number }
interface Pair { readonly name: string; readonly voice: string; readonly before: Errors; readonly after: Errors }

/** The name stands at the end: what is inserted after the words before it is an error of the name. */
function errorsOf({ clip, edits }: ScoredClip): Errors {
  const { carrier } = clip as NameClip
  let at = 0
  let [name, other] = [0, 0]
  for (const { kind, reference } of edits) {
    if (kind !== 'match' && at >= carrier) name++
    else if (kind !== 'match') other++
    if (reference !== null) at++
  }
  return { name, other, otherWords: carrier }
}

function reduction(pairs: readonly Pair[]): { less: number; low: number; high: number } {
  const less = ([before, after]: readonly number[]): number => 100 * (before! - after!) / before!
  const groups = [...groupBy(pairs, ({ name }) => name).values()].map((own) => [sum(own.map(({ before }) => before.name)), sum(own.map(({ after }) => after.name))])
  return { less: less([sum(pairs.map(({ before }) => before.name)), sum(pairs.map(({ after }) => after.name))]), ...bootstrapInterval(groups, less) }
}
