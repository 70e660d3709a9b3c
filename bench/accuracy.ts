/**
 * Word error rate by source, never pooled, and the speed of the same run.
 *
 * In this process, over the same pipeline as in a worker. `--compare` runs the model as it comes (plain) and the whole
 * pipeline (full) in turns on every clip, so that a slow minute of the machine affects both. `--shifts N` recognizes
 * every clip N times, each time from a slightly later start (see shifted-start.ts). `--matrices` forces how the
 * compiled graph multiplies; `half` is emulated, so that words of an accelerator can be counted without one.
 */
import { writeFile } from 'node:fs/promises'
import { totalErrors } from '../src/domain/scoring/word-errors.js'
import { ACCURACY } from './declarations/recognition.js'
import { defineBench } from './harness/bench.js'
import { readClips } from './harness/clips.js'
import { openRecognizer, SERVED } from './harness/recognizers.js'
import { intervalCell, scoreSource, type Difference, type ScoredClip, type SourceScore } from './harness/scoring.js'
import { fixed, printTable } from './harness/table.js'
import { bySource, compareWays, plainWay, recognizeAll, type Way } from './harness/ways.js'

export const run = defineBench(ACCURACY, async (given) => {
  const clips = await readClips(given.manifest, given.limit)
  const recognizer = await openRecognizer(given.model, { matrices: given.matrices })
  const plain = plainWay(recognizer)
  const options = { ...SERVED, normalizeVolume: !given['no-normalize'], trimSilence: !given['no-trim'] }
  const full: Way = { name: 'full', recognizer, options }
  const ways = given.compare ? [plain, full] : [given.plain ? plain : full]
  const scores = await recognizeAll(clips, ways, given.shifts)
  await recognizer.dispose()
  const summary = scores.map((own, index) => ({
    way: ways[index]!.name, sources: bySource(own).map(([source, scored]) => scoreSource(source, scored)),
  }))
  for (const { way, sources } of summary) printScores(way, sources)
  const [first = [], last = first] = scores
  const differences = given.compare ? compareWays(first, last) : []
  if (given.compare) printDifferences(differences)
  printWorst(last, given.worst)
  if (given.errors !== undefined) await writeErrors(given.errors, last)
  return { missed: [], judged: { clips: clips.length }, results: { summary, differences } }
})

function printScores(way: string, sources: readonly SourceScore[]): void {
  const errors = ['subst.', 'del.', 'ins.']
  const head = [way, 'clips', 'speakers', 'words', 'WER %', '95 % interval', ...errors, 'empty', 'median ms', 'RTF']
  printTable(head, sources.map((score) => [
    score.source, score.clips, score.speakers, score.words, fixed(score.wer), intervalCell(score), score.substitutions,
    score.deletions, score.insertions, score.empty, fixed(score.medianMs, 0), fixed(score.realTimeFactor, 3),
  ]))
  console.log()
}

function printDifferences(differences: readonly Difference[]): void {
  printTable(['full − plain', 'WER points', '95 % interval'], differences.map((difference) =>
    [difference.source, fixed(difference.points), intervalCell(difference)]))
  console.log('* drawn by clip: one speaker, so the interval says nothing about other voices')
}

function printWorst(clips: readonly ScoredClip[], many: number): void {
  for (const scored of clips.toSorted((a, b) => totalErrors(b) - totalErrors(a)).slice(0, many)) {
    console.log(`\n${totalErrors(scored)} errors in ${scored.clip.file}`)
    console.log(`  reference   ${scored.reference}\n  recognized  ${scored.hypothesis}`)
  }
}

/** One line of JSON for each clip with an error. */
async function writeErrors(file: string, clips: readonly ScoredClip[]): Promise<void> {
  const wrong = clips.filter((scored) => totalErrors(scored) > 0)
  const lines = wrong.map(({ clip, reference, hypothesis, edits }) => JSON.stringify({
    file: clip.file, source: clip.source, speaker: clip.speaker, reference, hypothesis,
    edits: edits.filter(({ kind }) => kind !== 'match'),
  }))
  await writeFile(file, `${lines.join('\n')}\n`)
}
