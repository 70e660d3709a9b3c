/**
 * Word error rate per source by the loudness to which every clip is brought, so that this is chosen by words and not
 * by taste. Reported, without a target of its own.
 */
import type { Outcome } from '../named-tables.js'
import { scoreSource, type ScoredClip, type SourceScore } from '../scoring.js'
import { fixed, printTable } from '../table.js'
import { bySource, recognizeAll } from '../ways.js'
import type { AudioBench } from './context.js'
import { startProgress } from './progress.js'

const TARGETS_LUFS = [-32, -28, -24, -22, -20, -18, -16, -14, -12]

interface Row { readonly name: string; readonly sources: readonly SourceScore[] }

export async function measure(bench: AudioBench): Promise<Outcome> {
  const ways = [
    { name: 'as it is', recognizer: bench.recognizer, options: { ...bench.options, normalizeVolume: false } },
    ...TARGETS_LUFS.map((targetLufs) => ({ name: `${targetLufs} LUFS`, recognizer: bench.recognizer, options: { ...bench.options, targetLufs } })),
  ].filter(({ name }) => bench.rows === undefined || bench.rows.includes(name.split(' ')[0]!))
  const progress = startProgress('target', bench.clips.length)
  const scores = await recognizeAll(bench.clips, ways, bench.shifts ?? 1, progress.step)
  const rows = ways.map(({ name }) => ({ name, sources: perSource(scores[name]!) }))
  printRows(rows)
  return { missed: [], results: rows }
}

function perSource(clips: readonly ScoredClip[]): SourceScore[] {
  return bySource(clips).map(([source, own]) => scoreSource(source, own))
}

function printRows(rows: readonly Row[]): void {
  console.log('WER %, * the lowest of its source:')
  const lowest = rows[0]!.sources.map((_, index) => Math.min(...rows.map(({ sources }) => sources[index]!.wer)))
  printTable(['loudness', ...rows[0]!.sources.map(({ source }) => source)], rows.map(({ name, sources }) => [
    name, ...sources.map(({ wer }, index) => `${fixed(wer)}${wer === lowest[index] ? ' *' : '  '}`),
  ]))
}
