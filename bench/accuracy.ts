/**
 * Word error rate per source, never pooled, with the speed it was bought with.
 *
 * In this process and over the same pipeline as in a worker. `--compare` runs the model as it comes (plain) and our
 * whole pipeline (full) one after the other on every clip, so that a slow minute of the machine hits both.
 * `--shifts N` recognizes every clip N times, each a little later begun (see shifted-start.ts).
 */
import { readFile, writeFile } from 'node:fs/promises'
import { transcribe, type TranscribeOptions } from '../src/pipeline.js'
import type { Recognizer } from '../src/recognizer.js'
import { defaultManifest, limitPerSource, readClips, type SpeechClip } from './clips.js'
import { beginRun } from './machine.js'
import { countOption, parseOptions } from './options.js'
import { allowSilence, DEFAULT_MODEL, openRecognizer, SERVED } from './recognizers.js'
import type { RunBench } from './run.js'
import { compareSource, scoreClip, scoreSource, type Difference, type ScoredClip, type SourceScore } from './scoring.js'
import { withShiftedStart } from './shifted-start.js'
import { groupBy } from './statistics.js'
import { fixed, printTable } from './table.js'
import { totalErrors } from './word-errors.js'

/** One way of recognizing: options of the pipeline and a recognizer. */
interface Way { readonly name: 'plain' | 'full'; readonly recognizer: Recognizer; readonly options: TranscribeOptions }

type Scores = Readonly<Record<string, readonly ScoredClip[]>>

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
  const plain: Way = { name: 'plain', recognizer: allowSilence(recognizer), options: { ...SERVED, normalizeVolume: false, trimSilence: false } }
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

async function recognizeAll(clips: readonly SpeechClip[], ways: readonly Way[], shifts: number): Promise<Scores> {
  const scores: Record<string, ScoredClip[]> = Object.fromEntries(ways.map(({ name }) => [name, []]))
  // The first run of a graph allocates and is slow; no clip should pay for it.
  for (const way of ways) await recognizeOne(clips[0]!, 0, way)
  for (const [index, clip] of clips.entries()) {
    const order = index % 2 === 0 ? ways : ways.toReversed()
    for (let shift = 0; shift < shifts; shift++) {
      for (const way of order) scores[way.name]!.push(await recognizeOne(clip, shift, way))
    }
  }
  return scores
}

async function recognizeOne(clip: SpeechClip, shift: number, { recognizer, options }: Way): Promise<ScoredClip> {
  const bytes = withShiftedStart(await readFile(clip.file), shift)
  const since = performance.now()
  const { text, input } = await transcribe(bytes, recognizer, options)
  return scoreClip(clip, text, input.audioSeconds, performance.now() - since)
}

function bySource(clips: readonly ScoredClip[]): [string, ScoredClip[]][] {
  return [...groupBy(clips, ({ clip }) => clip.source)]
}

function compareWays(plain: readonly ScoredClip[], full: readonly ScoredClip[]): Difference[] {
  const after = new Map(bySource(full))
  return bySource(plain).map(([source, own]) => compareSource(source, own, after.get(source)!))
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
