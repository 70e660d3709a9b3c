/**
 * Rare names in a sentence, by several synthesizers: those that are misspelled without a catalogue, and the same with
 * all names as a catalogue, and with the names among a thousand others. Errors in the name and in the words before it
 * are counted apart. Names that were right before must stay right.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { bootstrapInterval } from '../../fixtures/kit/bootstrap.js'
import type { Outcome } from '../harness/bench.js'
import { UsageError } from '../harness/options.js'
import type { ScoredClip } from '../harness/scoring.js'
import { SERVED } from '../harness/recognizers.js'
import { groupBy, sum } from '../../fixtures/kit/statistics.js'
import { fixed, printTable } from '../harness/table.js'
import { recognizeAll } from '../harness/ways.js'
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
  const options = [
    SERVED, ...Object.values(lists).map((phrases) => ({ ...SERVED, ...openList(phrases, bench).wishes(1) })),
  ]
  const ways = options.map((own) => ({ name: '', recognizer: bench.recognizer, options: own }))
  const [none = [], ...scores] = await recognizeAll(clips, ways, 1)
  const missed: string[] = []
  const rows = Object.keys(lists).flatMap((list, index) => {
    const after = scores[index] ?? []
    const pairs = none.map((before, at): Pair => ({
      name: (before.clip as NameClip).name, voice: before.clip.speaker, before: errorsOf(before),
      after: errorsOf(after[at]!),
    }))
    const voices = [...groupBy(pairs, ({ voice }) => voice)].map(([voice, own]) => compareVoice(list, voice, own))
    const all = compareVoice(list, 'all', pairs)
    missed.push(...missedOf(all))
    return [...voices, all]
  })
  const head = [
    'list', 'voice', 'clips', 'misspelled', 'errors on them', 'with the list', 'fewer % (95 %, by name)',
    'right ones lost',
    'other words, points',
  ]
  printTable(head, rows.map((row) => [
    row.list, row.voice, row.clips, row.wrong, row.errors, row.errorsAfter,
    `${fixed(row.less)} (${fixed(row.interval.low)} to ${fixed(row.interval.high)})`, row.lost, fixed(row.others),
  ]))
  return { missed, results: { rows } }
}

function compareVoice(list: string, voice: string, pairs: readonly Pair[]) {
  const wrong = pairs.filter(({ before }) => before.name > 0)
  const errors = (own: readonly Pair[]): [number, number] =>
    [sum(own.map(({ before }) => before.name)), sum(own.map(({ after }) => after.name))]
  const less = ([before = NaN, after = NaN]: readonly number[]): number => 100 * (before - after) / before
  const byName = [...groupBy(wrong, ({ name }) => name).values()].map(errors)
  const [before, after] = errors(wrong)
  return {
    list, voice, clips: pairs.length, wrong: wrong.length, names: byName.length, errors: before, errorsAfter: after,
    less: less([before, after]), interval: bootstrapInterval(byName, less),
    lost: pairs.filter((pair) => pair.before.name === 0 && pair.after.name > 0).length,
    others: 100 * sum(pairs.map((pair) =>
      pair.after.other - pair.before.other)) / sum(pairs.map((pair) => pair.before.otherWords)),
  }
}

function missedOf({ list, less, names, others }: ReturnType<typeof compareVoice>): string[] {
  return [
    ...less < WANTED_LESS ? [`${list}: ${fixed(less)} % fewer errors on misspelled names, ${WANTED_LESS} wanted`] : [],
    ...names < WANTED_NAMES ? [`${list}: ${names} names were misspelled, ${WANTED_NAMES} wanted`] : [],
    ...others > TOLERATED_POINTS ? [`${list}: other words ${fixed(others)} points worse`] : [],
  ]
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
