/**
 * Word error rate per source by the loudness to which every clip is brought, so that this is chosen by words and not
 * by taste. Reported, without a target of its own.
 *
 * Left out with a message where the pipeline cannot be told a loudness.
 */
import type { TranscribeOptions } from '../../src/pipeline.js'
import type { Recognizer } from '../../src/recognizer.js'
import { scoreSource, type ScoredClip, type SourceScore } from '../scoring.js'
import { fixed, printTable } from '../table.js'
import { bySource, recognizeAll } from '../ways.js'
import { hear, HEARS_A_WORD, readSpeech, type AudioBench, type Outcome } from './context.js'
import { writeMono } from './pcm.js'
import { startProgress } from './progress.js'
import { meanPower } from './synthesis.js'

const TARGETS_LUFS = [-32, -28, -24, -22, -20, -18, -16, -14, -12]

interface Row { readonly name: string; readonly sources: readonly SourceScore[] }

export async function measure(bench: AudioBench): Promise<Outcome> {
  if (!await isAdjustable(bench)) {
    console.log('the pipeline has no option `targetLufs`: left out')
    return { missed: [], results: null }
  }
  const ways = [
    { name: 'as it is', recognizer: bench.recognizer, options: { ...bench.options, normalizeVolume: false } },
    ...TARGETS_LUFS.map((lufs) => ({ name: `${lufs} LUFS`, recognizer: bench.recognizer, options: withTarget(bench.options, lufs) })),
  ].filter(({ name }) => bench.rows === undefined || bench.rows.includes(name.split(' ')[0]!))
  const progress = startProgress('target', bench.clips.length)
  const scores = await recognizeAll(bench.clips, ways, bench.shifts ?? 1, progress.step)
  const rows = ways.map(({ name }) => ({ name, sources: perSource(scores[name]!) }))
  printRows(rows)
  return { missed: [], results: rows }
}

function withTarget(options: TranscribeOptions, targetLufs: number): TranscribeOptions {
  return { ...options, targetLufs }
}

/** Whether a recognizer is given other samples when another loudness is asked for. */
async function isAdjustable({ clips, options }: AudioBench): Promise<boolean> {
  const wav = writeMono(await readSpeech(clips[0]!))
  const powerAt = async (lufs: number): Promise<number> => {
    let power = 0
    const listening: Recognizer = { ...HEARS_A_WORD, recognize: (clip, given) => { power = meanPower(clip.waveform.samples); return HEARS_A_WORD.recognize(clip, given) } }
    await hear(wav, { recognizer: listening, options: withTarget(options, lufs) })
    return power
  }
  return await powerAt(-32) !== await powerAt(-24)
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
