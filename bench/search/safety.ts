/**
 * Lists of phrases that are not said, and one whose phrases begin with the first words of what is said: the transcript
 * must not get worse. Paired with no list, clip by clip; time as a multiple of it. Phrases are made of words of the
 * model's own vocabulary; names of one word have endings besides ("leafed"), and none is said in any clip.
 */
import { normalizeEnglish } from '../../src/domain/scoring/normalize-english.js'
import type { Outcome } from '../harness/bench.js'
import { compareSource, intervalCell, scoreSource } from '../harness/scoring.js'
import { median } from '../../fixtures/kit/statistics.js'
import { fixed, printTable } from '../harness/table.js'
import { bySource, recognizeAll } from '../harness/ways.js'
import { biasedBy, type SearchBench } from './context.js'
import { madeNames, madeWords } from './made-phrases.js'

/** Points of word error rate that a list may cost. */
const TOLERATED_POINTS = 0.3
const SIZES = [1_000, 10_000]
/** Of names that are a single word. */
const SHARES = [0, 0.16, 1]

export async function measure(bench: SearchBench): Promise<Outcome> {
  const lists = Object.entries(madeLists(bench)).map(([name, phrases]) => ({ name, biased: biasedBy(phrases, bench) }))
  const ways = [bench.options, ...lists.map(({ biased }) => ({ ...bench.options, ...biased(1) }))]
    .map((options) => ({ name: '', recognizer: bench.recognizers[0], options }))
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
  return { missed, judged: { clips: bench.clips.length }, results: { rows } }
}

function madeLists({ clips }: SearchBench): Record<string, string[]> {
  const word = madeWords()
  const beginnings = clips.flatMap(({ text }) => {
    const said = text.toLowerCase().replace(/[^a-z ]/g, '').split(' ').filter((one) => one !== '')
    return said.length < 3 ? [] : [1, 2].map((count) => [...said.slice(0, count), word(), word()].join(' '))
  })
  const said = new Set(clips.flatMap(({ text }) => normalizeEnglish(text)))
  const made = SHARES.flatMap((share) => SIZES.map((size) =>
    [`${size.toLocaleString('en')}, ${100 * share} % single words`, madeNames(size, share, said)] as const))
  return { ...Object.fromEntries(made), 'same beginnings': [...new Set(beginnings)] }
}
