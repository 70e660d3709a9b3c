/**
 * Word error rate per source after changes that leave the words alone (variants.ts), against the untouched clip.
 *
 * Target: no source more than one point worse, in every row that has one. Greedy decoding falls to either side where
 * two words are about as likely, so small sources move by chance: row `later`, which drops 2.5 ms and nothing else,
 * shows by how much, and `~` marks a miss whose paired 95 % interval reaches zero. `--shifts N` averages over starts.
 */
import type { Outcome } from '../named-tables.js'
import { compareSource, scoreClip, scoreSource, type Difference, type ScoredClip } from '../scoring.js'
import { withShiftedStart } from '../shifted-start.js'
import { groupBy } from '../statistics.js'
import { fixed, printTable } from '../table.js'
import type { SpeechClip } from '../clips.js'
import { hear, pickRows, readSpeech, type AudioBench } from './context.js'
import { hasFfmpeg } from './ffmpeg.js'
import { readPcm } from './pcm.js'
import { startProgress } from './progress.js'
import { ORIGINAL, variants, type Variant } from './variants.js'

const MOST_POINTS_WORSE = 1

interface SourceCell extends Difference { readonly wer: number }
interface Row { readonly variant: Variant; readonly cells: readonly SourceCell[]; readonly changed: number }

export async function measure(bench: AudioBench): Promise<Outcome> {
  if (!hasFfmpeg()) console.log('ffmpeg is not there: no rows of other sample rates\n')
  const chosen = [ORIGINAL, ...pickRows(variants(), bench.rows)]
  const scores = await recognizeAll(chosen, bench)
  const original = scores.get(ORIGINAL.name)!
  const rows = chosen.map((variant) => compareRow(variant, original, scores.get(variant.name)!))
  printRows(rows)
  return {
    missed: rows.flatMap(missedOf),
    results: rows.map(({ variant: { name, target }, cells, changed }) => ({ name, target: target ?? null, changed, cells })),
  }
}

async function recognizeAll(chosen: readonly Variant[], bench: AudioBench): Promise<Map<string, ScoredClip[]>> {
  const shifts = bench.shifts ?? 1
  const scores = new Map(chosen.map(({ name }): [string, ScoredClip[]] => [name, []]))
  const progress = startProgress('invariance', bench.clips.length * shifts * chosen.length)
  for (const clip of bench.clips) {
    const speech = await readSpeech(clip)
    for (let shift = 0; shift < shifts; shift++) {
      const begun = shift === 0 ? speech : readPcm(withShiftedStart(ORIGINAL.make(speech), shift))
      for (const variant of chosen) {
        scores.get(variant.name)!.push(await recognizeOne(clip, variant.make(begun), bench))
        progress.step()
      }
    }
  }
  return scores
}

async function recognizeOne(clip: SpeechClip, wav: Buffer, bench: AudioBench): Promise<ScoredClip> {
  const since = performance.now()
  const { text, input } = await hear(wav, bench)
  return scoreClip(clip, text, input.audioSeconds, performance.now() - since)
}

function compareRow(variant: Variant, original: readonly ScoredClip[], own: readonly ScoredClip[]): Row {
  const before = groupBy(original, ({ clip }) => clip.source)
  const cells = [...groupBy(own, ({ clip }) => clip.source)].map(([source, scored]) => ({ wer: scoreSource(source, scored).wer, ...compareSource(source, before.get(source)!, scored) }))
  const changed = own.filter(({ hypothesis }, index) => hypothesis !== original[index]!.hypothesis).length / own.length
  return { variant, cells, changed }
}

function printRows(rows: readonly Row[]): void {
  console.log('WER % (points to the original; ! more than one worse, ~ which may be chance), and clips with other words:')
  printTable(['row', ...rows[0]!.cells.map(({ source }) => source), 'changed %', 'target'], rows.map((row) => [
    row.variant.name,
    ...row.cells.map((cell) => `${fixed(cell.wer)} ${row.variant === ORIGINAL ? '       ' : pointsOf(cell)}`),
    fixed(100 * row.changed),
    row.variant.target === undefined ? '' : isMissed(row) ? 'missed' : 'met',
  ]))
}

function pointsOf(cell: SourceCell): string {
  const mark = !isWorse(cell) ? ' ' : mayBeChance(cell) ? '~' : '!'
  return `(${cell.points < 0 ? '' : '+'}${fixed(cell.points)})${mark}`.padStart(8)
}

function isWorse({ points }: SourceCell): boolean {
  return points > MOST_POINTS_WORSE + 1e-9
}

function mayBeChance({ interval }: SourceCell): boolean {
  return interval.low <= 0
}

function isMissed({ variant, cells }: Row): boolean {
  return variant.target !== undefined && cells.some(isWorse)
}

function missedOf({ variant, cells }: Row): string[] {
  if (variant.target === undefined) return []
  return cells.filter(isWorse).map((cell) => `${variant.name}, ${cell.source}: ${fixed(cell.points)} points worse (95 % ${fixed(cell.interval.low)} to ${fixed(cell.interval.high)})${mayBeChance(cell) ? ', may be chance' : ''}`)
}
