/**
 * Word times of a report beside known boundaries, and what they cost.
 *
 * The clips are made here (times/timed-clips.ts): recordings cut and joined. Only recognized words count, since the
 * time of a wrong word is not the time of the right one. Targets for every kind but the noisy one: a median error of at
 * most 60 ms, and 95 % within 200 ms. `--heads` finds the attention heads of the decoder that follow the words best,
 * for a manifest (research/heads.ts).
 */
import { writeMono } from '../fixtures/kit/pcm.js'
import { groupBy, median, sum } from '../fixtures/kit/statistics.js'
import type { Report } from '../src/domain/report.js'
import { transcribe } from '../src/recognition/pipeline.js'
import type { Recognizer } from '../src/recognition/recognizer.js'
import { TIMES } from './declarations/recognition.js'
import { defineBench } from './harness/bench.js'
import { readClips } from './harness/clips.js'
import { openRecognizer, SERVED } from './harness/recognizers.js'
import { fixed, printTable } from './harness/table.js'
import { chooseHeads } from './research/heads.js'
import { compareBoundaries, scoreBoundaries, type BoundaryErrors, type BoundaryScore } from './times/boundaries.js'
import { gatherClips, SENTENCES, SINGLE_WORDS, type TimedClip } from './times/timed-clips.js'
import { Skipped } from './harness/endings.js'
import { startProgress } from './harness/progress.js'

const MOST_MEDIAN_MS = 60
const LEAST_WITHIN_200 = 0.95
const NO_CLIPS = `no recordings of ${[...SINGLE_WORDS, ...SENTENCES].join(', ')}, whose words or ends can be known: `
  + 'name some with --manifest'

export const run = defineBench(TIMES, async ({ model, manifest, limit, heads }) => {
  const clips = await gatherClips(await readClips(manifest), limit)
  if (clips.length === 0) throw new Skipped(NO_CLIPS)
  if (heads) return { missed: [], judged: { clips: clips.length }, results: { heads: await chooseHeads(model, clips) } }
  const recognizer = await openRecognizer(model)
  const rows: Row[] = []
  const progress = startProgress('clips', clips.length)
  for (const [kind, own] of groupBy(clips, (clip) => clip.kind)) {
    const errors: BoundaryErrors[] = []
    for (const { waveform, words } of own) {
      progress.step()
      const report = await transcribe(writeMono(waveform), recognizer, { ...SERVED, language: 'en', words: true })
      errors.push(compareBoundaries(words, report.segments.flatMap((segment) => segment.words ?? [])))
    }
    rows.push({ kind, clips: own.length, ...scoreBoundaries(errors) })
  }
  printRows(rows)
  const cost = await measureCost(clips, recognizer)
  await recognizer.dispose()
  const missed = rows.filter((row) => !isGoodEnough(row)).map(({ kind, medianMs, within200Share }) =>
    `${kind}: median ${fixed(medianMs, 0)} ms, ${fixed(100 * within200Share)} % within 200 ms`)
  return { missed, judged: { clips: clips.length }, results: { rows, cost } }
})

type Row = BoundaryScore & { readonly kind: string; readonly clips: number }

function isGoodEnough({ kind, medianMs, within200Share }: Row): boolean {
  return kind.endsWith('dB') || (medianMs <= MOST_MEDIAN_MS && within200Share >= LEAST_WITHIN_200)
}

function printRows(rows: readonly Row[]): void {
  const head = [
    'kind', 'clips', 'words', 'recognized', 'boundaries', 'median ms', '95 % below ms', 'within 200 ms %',
    'starts late ms', 'ends late ms',
  ]
  printTable(head, rows.map((row) => [
    row.kind, row.clips, row.words, row.recognized, row.boundaries, fixed(row.medianMs, 0),
    fixed(row.percentile95Ms, 0), fixed(100 * row.within200Share), fixed(row.startBiasMs, 0), fixed(row.endBiasMs, 0),
  ]))
  console.log()
}

/** Time of the same clips without and with times, in turns. */
async function measureCost(clips: readonly TimedClip[], recognizer: Recognizer): Promise<object> {
  const timeOf = async (file: Buffer, words: boolean): Promise<Report['seconds']> =>
    (await transcribe(file, recognizer, { ...SERVED, language: 'en', words, maxDecodingPasses: 1 })).seconds
  const totalMs = (seconds: Report['seconds']): number => 1000 * sum(Object.values(seconds))
  const runs: { withoutMs: number; alignMs: number; ratio: number }[] = []
  for (const [index, { waveform }] of clips.entries()) {
    const [file, isTimedFirst] = [writeMono(waveform), index % 2 === 1]
    const first = await timeOf(file, isTimedFirst)
    const second = await timeOf(file, !isTimedFirst)
    const [without, timed] = isTimedFirst ? [second, first] : [first, second]
    const ratio = totalMs(timed) / totalMs(without)
    runs.push({ withoutMs: totalMs(without), alignMs: 1000 * (timed.align ?? 0), ratio })
  }
  const [withoutMs, alignMs, ratio] = (['withoutMs', 'alignMs', 'ratio'] as const).map((name) =>
    median(runs.map((one) => one[name])))
  printTable(['without times ms', 'alignment alone ms', 'with / without'],
    [[fixed(withoutMs), fixed(alignMs), fixed(ratio, 3)]])
  return { withoutMs, alignMs, ratio }
}
