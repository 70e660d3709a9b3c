/**
 * Word error rate per source, never pooled, with the speed it was bought with.
 *
 * In this process and over the same pipeline as in a worker. `--compare` runs the model as it comes (plain) and our
 * whole pipeline (full) one after the other on every clip, so that a slow minute of the machine hits both.
 * `--shifts N` recognizes every clip N times, each a little later begun (see shifted-start.ts).
 */
import { writeFile } from 'node:fs/promises'
import { defaultManifest, limitPerSource, readClips } from './clips.js'
import { beginRun } from './machine.js'
import { countOption, parseOptions } from './options.js'
import { DEFAULT_MODEL, openRecognizer } from './recognizers.js'
import type { RunBench } from './run.js'
import { scoreSource, type Difference, type ScoredClip, type SourceScore } from './scoring.js'
import { SERVED } from './served.js'
import { fixed, printTable } from './table.js'
import { bySource, compareWays, plainWay, recognizeAll, type Way } from './ways.js'
import { totalErrors } from '../src/domain/scoring/word-errors.js'

export const run: RunBench = async (args) => {
  const given = parseOptions(args, {
    model: { type: 'string', default: DEFAULT_MODEL },
    manifest: { type: 'string', default: defaultManifest() },
    limit: { type: 'string' }, shifts: { type: 'string' }, worst: { type: 'string' }, errors: { type: 'string' },
    plain: { type: 'boolean', default: false }, compare: { type: 'boolean', default: false },
    'no-normalize': { type: 'boolean', default: false }, 'no-trim': { type: 'boolean', default: false },
  })
  const limit = countOption('limit', given.limit, Number.MAX_SAFE_INTEGER)
  const shifts = countOption('shifts', given.shifts, 1)
  const worst = countOption('worst', given.worst, 0, 0)
  const clips = limitPerSource(await readClips(given.manifest), limit)
  const bench = await beginRun('accuracy', { ...given, clips: clips.length })
  const recognizer = await openRecognizer(given.model)
  const plain = plainWay(recognizer)
  const full: Way = { name: 'full', recognizer, options: { ...SERVED, normalizeVolume: !given['no-normalize'], trimSilence: !given['no-trim'] } }
  const ways = given.compare ? [plain, full] : [given.plain ? plain : full]

  const scores = await recognizeAll(clips, ways, shifts)
  await recognizer.dispose()
  const summary = ways.map(({ name }) => ({ way: name, sources: bySource(scores[name]!).map(([source, own]) => scoreSource(source, own)) }))
  for (const { way, sources } of summary) printScores(way, sources)
  const differences = given.compare ? compareWays(scores.plain!, scores.full!) : []
  if (given.compare) printDifferences(differences)
  const last = scores[ways.at(-1)!.name]!
  printWorst(last, worst)
  if (given.errors !== undefined) await writeErrors(given.errors, last)
  await bench.save({ summary, differences })
  return true
}

function printScores(way: string, sources: readonly SourceScore[]): void {
  const head = [way, 'clips', 'speakers', 'words', 'WER %', '95 % interval', 'subst.', 'del.', 'ins.', 'empty', 'median ms', 'RTF']
  printTable(head, sources.map((score) => [
    score.source, score.clips, score.speakers, score.words, fixed(score.wer), interval(score), score.substitutions, score.deletions,
    score.insertions, score.empty, fixed(score.medianMs, 0), fixed(score.realTimeFactor, 3),
  ]))
  console.log()
}

function printDifferences(differences: readonly Difference[]): void {
  printTable(['full − plain', 'WER points', '95 % interval'], differences.map((difference) => [difference.source, fixed(difference.points), interval(difference)]))
  console.log('* drawn by clip: a single speaker, so it says nothing about other voices')
}

function interval({ interval: { low, high }, resampledBy }: Pick<SourceScore, 'interval' | 'resampledBy'>): string {
  return `${fixed(low)} to ${fixed(high)}${resampledBy === 'clip' ? ' *' : '  '}`
}

function printWorst(clips: readonly ScoredClip[], count: number): void {
  const ranked = clips.toSorted((a, b) => totalErrors(b) - totalErrors(a)).slice(0, count)
  for (const scored of ranked) console.log(`\n${totalErrors(scored)} errors in ${scored.clip.file}\n  said   ${scored.reference}\n  heard  ${scored.hypothesis}`)
}

/** One line per clip with an error, for reading and for other tools. */
async function writeErrors(file: string, clips: readonly ScoredClip[]): Promise<void> {
  const lines = clips.filter((scored) => totalErrors(scored) > 0).map(({ clip, reference, hypothesis, edits }) => JSON.stringify({
    file: clip.file, source: clip.source, speaker: clip.speaker, reference, hypothesis,
    edits: edits.filter(({ kind }) => kind !== 'match'),
  }))
  await writeFile(file, `${lines.join('\n')}\n`)
}
