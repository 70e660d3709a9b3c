/**
 * Lists of phrases that nobody says, and one whose phrases begin as what is said does: the transcript must not suffer.
 * Against no list, clip by clip; time as a multiple of it. Phrases are made of words of the model's own vocabulary.
 */
import type { Outcome } from '../named-tables.js'
import { compareSource, scoreSource } from '../scoring.js'
import { SERVED } from '../served.js'
import { median } from '../statistics.js'
import { fixed, megabytes, printTable } from '../table.js'
import { bySource, recognizeAll } from '../ways.js'
import { openList, type SearchBench } from './context.js'
import { madePhrases, madeWords } from './made-phrases.js'

/** Points of word error rate that a list may cost. */
const TOLERATED_POINTS = 0.3

export async function measure(bench: SearchBench): Promise<Outcome> {
  const lists = Object.entries(madeLists(bench)).map(([name, phrases]) => ({ name, phrases: phrases.length, ...openList(phrases, bench) }))
  printTable(['list', 'phrases', 'nodes', 'MB', 'compiled in ms'], lists.map(({ name, phrases, nodes, bytes, compileMs }) => [name, phrases, nodes, megabytes(bytes), fixed(compileMs, 0)]))
  console.log()
  const ways = [
    { name: 'none', recognizer: bench.recognizer, options: SERVED },
    ...lists.map(({ name, wishes }) => ({ name, recognizer: bench.recognizer, options: { ...SERVED, ...wishes(1) } })),
  ]
  const scores = await recognizeAll(bench.clips, ways, 1)
  const plain = new Map(bySource(scores.none!))
  const missed: string[] = []
  const rows = lists.flatMap(({ name }) => bySource(scores[name]!).map(([source, own]) => {
    const { points, interval } = compareSource(source, plain.get(source)!, own)
    if (points > TOLERATED_POINTS) missed.push(`${source}, ${name}: ${fixed(points)} points, at most ${TOLERATED_POINTS} wanted`)
    const time = median(own.map(({ latencyMs }) => latencyMs)) / median(plain.get(source)!.map(({ latencyMs }) => latencyMs))
    return [source, name, fixed(scoreSource(source, plain.get(source)!).wer), fixed(scoreSource(source, own).wer), `${fixed(points)} (${fixed(interval.low)} to ${fixed(interval.high)})`, fixed(time, 2)]
  }))
  printTable(['source', 'list', 'WER % without', 'with', 'points (95 %)', 'time'], rows)
  return { missed, results: { rows } }
}

function madeLists({ clips }: SearchBench): Record<string, string[]> {
  const word = madeWords()
  const beginnings = clips.flatMap(({ text }) => {
    const said = text.toLowerCase().replace(/[^a-z ]/g, '').split(' ').filter((one) => one !== '')
    return said.length < 3 ? [] : [1, 2].map((count) => [...said.slice(0, count), word(), word()].join(' '))
  })
  return { thousand: madePhrases(1_000), 'ten thousand': madePhrases(10_000), 'same beginnings': [...new Set(beginnings)] }
}
