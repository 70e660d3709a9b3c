/**
 * When words are said: the times of a report against speech with known boundaries, and what they cost.
 *
 * The clips are made here, see times/timed-clips.ts: recordings cut and joined, and synthesizers that say when they
 * say what. Only words that were recognized are counted, since the time of a wrong word is no time of the right one.
 * Required of every kind but the noisy one: a median error of at most 60 ms, and 95 % within 200 ms.
 * `--heads` finds the heads of the decoder that follow the words best, for a manifest.
 */
import { transcribe } from '../src/recognition/pipeline.js'
import type { Recognizer } from '../src/recognition/recognizer.js'
import type { Report } from '../src/domain/report.js'
import { writeMono } from './audio/pcm.js'
import { defaultManifest, readClips } from './clips.js'
import { beginRun } from './machine.js'
import { countOption, parseOptions } from './options.js'
import { DEFAULT_MODEL, openRecognizer } from './recognizers.js'
import type { RunBench } from './run.js'
import { SERVED } from './served.js'
import { groupBy, median } from './statistics.js'
import { fixed, megabytes, printTable } from './table.js'
import { compareBoundaries, scoreBoundaries, type BoundaryErrors, type BoundaryScore } from './times/boundaries.js'
import { chooseHeads } from './times/heads.js'
import { gatherClips, type TimedClip } from './times/timed-clips.js'

const MOST_MEDIAN_MS = 60
const LEAST_WITHIN_200 = 0.95

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    model: { type: 'string', default: DEFAULT_MODEL }, manifest: { type: 'string', default: defaultManifest() },
    limit: { type: 'string' }, heads: { type: 'boolean', default: false },
  })
  const limit = countOption('limit', given.limit, 48)
  const clips = await gatherClips(await readClips(given.manifest), limit)
  const bench = await beginRun('times', { ...given, limit, clips: clips.length })
  if (given.heads) {
    await bench.save({ heads: await chooseHeads(given.model, clips) })
    return true
  }
  const recognizer = await openRecognizer(given.model)
  const heard = await hearAll(clips, recognizer)
  const rows = [...groupBy(heard, ({ kind }) => kind)].map(([kind, own]) => ({ kind, clips: own.length, ...scoreBoundaries(own.map(({ errors }) => errors)) }))
  printRows(rows)
  const cost = await measureCost(clips, recognizer)
  await recognizer.dispose()
  await bench.save({ rows, cost })
  return rows.every(isGoodEnough)
}

interface HeardClip { readonly kind: string; readonly errors: BoundaryErrors }

async function hearAll(clips: readonly TimedClip[], recognizer: Recognizer): Promise<HeardClip[]> {
  const heard: HeardClip[] = []
  for (const { kind, waveform, words } of clips) {
    const report = await transcribe(writeMono(waveform), recognizer, { ...SERVED, language: 'en', words: true })
    heard.push({ kind, errors: compareBoundaries(words, report.segments.flatMap((segment) => segment.words ?? [])) })
  }
  return heard
}

type Row = BoundaryScore & { readonly kind: string; readonly clips: number }

function isGoodEnough({ kind, medianMs, within200Share }: Row): boolean {
  return kind.endsWith('dB') || (medianMs <= MOST_MEDIAN_MS && within200Share >= LEAST_WITHIN_200)
}

function printRows(rows: readonly Row[]): void {
  printTable(['kind', 'clips', 'words', 'recognized', 'boundaries', 'median ms', '95 % below ms', 'within 200 ms %', 'starts late ms', 'ends late ms', ''], rows.map((row) => [
    row.kind, row.clips, row.words, row.recognized, row.boundaries, fixed(row.medianMs, 0), fixed(row.percentile95Ms, 0), fixed(100 * row.within200Share),
    fixed(row.startBiasMs, 0), fixed(row.endBiasMs, 0), isGoodEnough(row) ? '' : '!',
  ]))
  console.log()
}

/** Time of the same clips without and with times, in turns, and what the graph takes once it is opened. */
async function measureCost(clips: readonly TimedClip[], used: Recognizer): Promise<object> {
  const files = clips.map(({ waveform }) => writeMono(waveform))
  const secondsOf = ({ seconds }: Report): number => 1000 * Object.values(seconds).reduce((sum, one) => sum + one, 0)
  const without: number[] = []
  const alone: number[] = []
  const ratios: number[] = []
  for (const [index, file] of files.entries()) {
    const reports: Report[] = []
    for (const words of index % 2 === 0 ? [false, true] : [true, false]) reports[Number(words)] = await transcribe(file, used, { ...SERVED, language: 'en', words, maxDecodingPasses: 1 })
    without.push(secondsOf(reports[0]!))
    alone.push(1000 * (reports[1]!.seconds.align ?? 0))
    ratios.push(secondsOf(reports[1]!) / secondsOf(reports[0]!))
  }
  const graphBytes = await measureMemory(used.name, files[0]!)
  const seconds = median(clips.map(({ waveform }) => waveform.samples.length / waveform.sampleRate))
  printTable(['clips of median s', 'without times ms', 'alignment alone ms', 'with / without', 'memory MB'], [[fixed(seconds), fixed(median(without)), fixed(median(alone)), fixed(median(ratios), 3), megabytes(graphBytes)]])
  return { seconds, withoutMs: median(without), alignMs: median(alone), ratio: median(ratios), graphBytes }
}

/** What a process holds more of after the first clip with times than after the first without. */
async function measureMemory(model: string, file: Buffer): Promise<number> {
  const recognizer = await openRecognizer(model)
  const residentAfter = async (words: boolean): Promise<number> => {
    await transcribe(file, recognizer, { ...SERVED, language: 'en', words })
    return process.memoryUsage.rss()
  }
  const before = await residentAfter(false)
  const after = await residentAfter(true)
  await recognizer.dispose()
  return Math.max(0, after - before)
}
