/**
 * A catalogue by its size: reading it, its index, what goes to the recognition processes, and ranking, which comes
 * after every recognition. Names are made up, of few syllables: what sounds alike is frequent, which is the hard case.
 * No model is run.
 */
import { serialize } from 'node:v8'
import { makeCatalogue } from '../src/search/catalogue/catalogue.js'
import { parseCatalogue } from '../src/search/catalogue/parse.js'
import { DEFAULT_THRESHOLD, rank } from '../src/search/ranking/ranking.js'
import { bytesInUse } from './heap.js'
import { beginRun } from './machine.js'
import { asCsv, makeUpNames } from './made-up-names.js'
import { countOption, parseOptions } from './options.js'
import type { RunBench } from './run.js'
import { fixed, printTable } from './table.js'

const SIZES = [100, 10_000, 100_000]
const READINGS = [1, 5]
/** A ranking that takes longer would be felt. */
const MOST_MEDIAN_MS = 25

export const run: RunBench = async (args) => {
  const given = parseOptions(args, { repeat: { type: 'string', default: '300' } })
  const repeat = countOption('repeat', given.repeat, 300)
  const bench = await beginRun('catalogue', given)
  const rows = []
  for (const size of SIZES) rows.push(await measure(size, repeat))
  printTable(['entries', 'read s', 'index and spellings s', 'of which held ms', 'index MB', 'spellings MB', 'to send ms', ...READINGS.flatMap((n) => [`${n} reading${n === 1 ? '' : 's'} µs`, '95 %'])], rows.map((row) => [
    String(row.size), fixed(row.readSeconds, 2), fixed(row.makeSeconds, 2), fixed(row.longestTurnMs, 0), fixed(row.indexMegabytes), fixed(row.listMegabytes), fixed(row.sendMs, 0),
    ...row.rankings.flatMap(({ medianMs, p95Ms }) => [fixed(medianMs * 1000, 0), fixed(p95Ms * 1000, 0)]),
  ]))
  await bench.save({ rows })
  return rows.every(({ rankings }) => rankings.every(({ medianMs }) => medianMs < MOST_MEDIAN_MS))
}

async function measure(size: number, repeat: number) {
  const { names, word } = makeUpNames(size, size)
  const [entries, readSeconds] = await timed(() => parseCatalogue(asCsv(names), 'csv'))
  const bytesBefore = bytesInUse()
  const turns = watchTurns()
  const [{ catalogue, list }, makeSeconds] = await timed(() => makeCatalogue('bench', 1, entries))
  const longestTurnMs = turns()
  const bytesOfBoth = bytesInUse() - bytesBefore
  const since = performance.now()
  const listBytes = serialize(list).byteLength
  const sendMs = performance.now() - since
  const rankings = READINGS.map((readings) => rankingTimes(names, word, readings, repeat, (alternatives) => rank(alternatives, [], catalogue, { limit: 5, threshold: DEFAULT_THRESHOLD })))
  return { size, readSeconds, makeSeconds, longestTurnMs, indexMegabytes: (bytesOfBoth - listBytes) / 1e6, listMegabytes: listBytes / 1e6, sendMs, rankings }
}

type Readings = Parameters<typeof rank>[0]

/** The first reading is a name, the others have a vowel and a word wrong. */
function rankingTimes(names: readonly string[], word: () => string, readings: number, repeat: number, ask: (readings: Readings) => unknown): { medianMs: number; p95Ms: number } {
  const times = Array.from({ length: repeat }, (_, round) => {
    const name = names[(round * 997) % names.length]!
    const alternatives = Array.from({ length: readings }, (__, index) => ({ text: index === 0 ? name : `${name.replace(/[aeiou]/, 'u')} ${word()}`, confidence: 0.9, logProbability: -1 - index, phrases: [] }))
    const since = performance.now()
    ask(alternatives)
    return performance.now() - since
  }).sort((a, b) => a - b)
  return { medianMs: times[Math.floor(repeat / 2)]!, p95Ms: times[Math.floor(repeat * 0.95)]! }
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const since = performance.now()
  const made = await work()
  return [made, (performance.now() - since) / 1000]
}

/** Answers, when called, for how long others had to wait at most. */
function watchTurns(): () => number {
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }, 1)
  return () => {
    clearInterval(timer)
    return longest
  }
}
