/**
 * Word error rate per source after changes that leave the words alone (variants.ts), beside the untouched clip.
 *
 * Target: no source more than one point worse, in every row that has a target. Where two words are about as likely,
 * greedy decoding chooses by chance, so small sources move: row `later`, which drops 2.5 ms and nothing else, shows by
 * how much, and `~` marks a miss whose paired 95 % interval reaches zero. `--shifts N` averages over starts.
 */
import type { Outcome } from '../harness/bench.js'
import { scoreClip, scoreSource, type Difference, type ScoredClip } from '../harness/scoring.js'
import { withShiftedStart } from '../harness/shifted-start.js'
import { fixed, printTable } from '../harness/table.js'
import { bySource, compareWays } from '../harness/ways.js'
import { transcribeWav, pickRows, readSpeech, type AudioBench } from './context.js'
import { hasFfmpeg } from '../harness/ffmpeg.js'
import { readPcm } from '../../fixtures/kit/pcm.js'
import { startProgress } from '../harness/progress.js'
import { ORIGINAL, variants, type Variant } from './variants.js'

const MOST_POINTS_WORSE = 1

interface SourceCell extends Difference { readonly wer: number }
interface Row { readonly variant: Variant; readonly cells: readonly SourceCell[]; readonly changed: number }

export async function measure(bench: AudioBench): Promise<Outcome> {
  if (!hasFfmpeg()) console.log('ffmpeg is not there: no rows of other sample rates\n')
  const runs = [ORIGINAL, ...pickRows(variants(), bench.rows)].map((variant) => ({
    variant, scores: [] as ScoredClip[],
  }))
  const progress = startProgress('invariance', bench.clips.length * bench.shifts * runs.length)
  for (const clip of bench.clips) {
    const speech = await readSpeech(clip)
    for (let shift = 0; shift < bench.shifts; shift++) {
      const shifted = shift === 0 ? speech : readPcm(withShiftedStart(ORIGINAL.make(speech), shift))
      for (const { variant, scores } of runs) {
        const since = performance.now()
        const { text, input } = await transcribeWav(variant.make(shifted), bench)
        scores.push(scoreClip(clip, text, input.audioSeconds, performance.now() - since))
        progress.step()
      }
    }
  }
  const [original = []] = runs.map(({ scores }) => scores)
  const rows = runs.map(({ variant, scores }) => compareRow(variant, original, scores))
  printRows(rows)
  return {
    missed: rows.flatMap(missedOf), judged: { clips: bench.clips.length, rows: rows.length },
    results: rows.map(({ variant: { name, target }, cells, changed }) => ({
      name, target: target ?? null, changed, cells,
    })),
  }
}

function compareRow(variant: Variant, original: readonly ScoredClip[], own: readonly ScoredClip[]): Row {
  const scored = new Map(bySource(own))
  const cells = compareWays(original, own).map((difference) =>
    ({ ...difference, wer: scoreSource(difference.source, scored.get(difference.source) ?? []).wer }))
  const changed = own.filter(({ hypothesis }, index) => hypothesis !== original[index]?.hypothesis).length / own.length
  return { variant, cells, changed }
}

function printRows(rows: readonly Row[]): void {
  console.log(
    'WER % (points to the original; ! more than one worse, ~ which may be chance), and clips with other words:',
  )
  printTable(['row', ...rows.slice(0, 1).flatMap(({ cells }) =>
    cells.map(({ source }) => source)), 'changed %', 'target'], rows.map((row) => [
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
  return cells.filter(isWorse).map((cell) =>
    `${variant.name}, ${cell.source}: ${fixed(cell.points)} points worse${mayBeChance(cell) ? ', may be chance' : ''}`)
}
