/**
 * Lists of phrases that are not said, and one whose phrases begin with the first words of what is said: the transcript
 * must not get worse. Paired with no list, clip by clip; time as a multiple of it. Phrases are made of words of the
 * model's own vocabulary.
 */
import type { Outcome } from '../harness/bench.js'
import { compareSource, intervalCell, scoreSource } from '../harness/scoring.js'
import { SERVED } from '../harness/recognizers.js'
import { median } from '../../fixtures/kit/statistics.js'
import { fixed, printTable } from '../harness/table.js'
import { bySource, recognizeAll } from '../harness/ways.js'
import { biasedBy, type SearchBench } from './context.js'
import { madePhrases, madeWords } from './made-phrases.js'

/** Points of word error rate that a list may cost. */
const TOLERATED_POINTS = 0.3

export async function measure(bench: SearchBench): Promise<Outcome> {
  const lists = Object.entries(madeLists(bench)).map(([name, phrases]) => ({ name, biased: biasedBy(phrases, bench) }))
  const ways = [SERVED, ...lists.map(({ biased }) => ({ ...SERVED, ...biased(1) }))]
    .map((options) => ({ name: '', recognizer: bench.recognizer, options }))
  const [none = [], ...scores] = await recognizeAll(bench.clips, ways, 1)
  const plain = new Map(bySource(none))
  const rows = lists.flatMap(({ name }, index) => bySource(scores[index] ?? []).map(([source, own]) => {
    const before = plain.get(source) ?? []
    const times = [own, before].map((scored) => median(scored.map(({ latencyMs }) => latencyMs))) as [number, number]
    const wer = { before: scoreSource(source, before).wer, after: scoreSource(source, own).wer }
    return { name, ...compareSource(source, before, own), wer, time: times[0] / times[1] }
  }))
  printTable(['source', 'list', 'WER % without', 'with', 'points', '95 %', 'time'], rows.map((row) => [
    row.source, row.name, fixed(row.wer.before), fixed(row.wer.after), fixed(row.points), intervalCell(row),
    fixed(row.time, 2),
  ]))
  const missed = rows.filter(({ points }) => points > TOLERATED_POINTS)
    .map(({ source, name, points }) =>
      `${source}, ${name}: ${fixed(points)} points, at most ${TOLERATED_POINTS} wanted`)
  return { missed, results: { rows } }
}

function madeLists({ clips }: SearchBench): Record<string, string[]> {
  const word = madeWords()
  const beginnings = clips.flatMap(({ text }) => {
    const said = text.toLowerCase().replace(/[^a-z ]/g, '').split(' ').filter((one) => one !== '')
    return said.length < 3 ? [] : [1, 2].map((count) => [...said.slice(0, count), word(), word()].join(' '))
  })
  return {
    thousand: madePhrases(1_000), 'ten thousand': madePhrases(10_000), 'same beginnings': [...new Set(beginnings)],
  }
}
