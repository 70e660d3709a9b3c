/**
 * Single words, where a recognizer has no context and the pipeline around it matters most: the model as it comes
 * (plain) against what the service does (full), averaged over shifted starts, because single words are a coin toss
 * between two words more often than sentences are.
 *
 * Targets: full answers fewer than 2 % of the single words with nothing, and has at least 15 % fewer word errors than
 * plain there; no source becomes worse by more than 0.3 points.
 */
import type { Outcome } from '../named-tables.js'
import { scoreSource, type Difference, type SourceScore } from '../scoring.js'
import { fixed, printTable } from '../table.js'
import { bySource, compareWays, plainWay, recognizeAll } from '../ways.js'
import type { AudioBench } from './context.js'
import { startProgress } from './progress.js'

const SINGLE_WORDS = 'speech_commands'
const SHIFTS = 4
const MOST_EMPTY = 0.02
const LEAST_IMPROVEMENT = 0.15
const MOST_POINTS_WORSE = 0.3

interface Row { readonly plain: SourceScore; readonly full: SourceScore; readonly difference: Difference; readonly tries: number }

export async function measure({ clips, recognizer, options, shifts = SHIFTS }: AudioBench): Promise<Outcome> {
  const progress = startProgress('words', clips.length)
  const scores = await recognizeAll(clips, [plainWay(recognizer), { name: 'full', recognizer, options }], shifts, progress.step)
  const full = new Map(bySource(scores.full!))
  const differences = compareWays(scores.plain!, scores.full!)
  const rows = bySource(scores.plain!).map(([source, own], index): Row => ({
    plain: scoreSource(source, own), full: scoreSource(source, full.get(source)!), difference: differences[index]!, tries: own.length,
  }))
  printRows(rows, shifts)
  return { missed: rows.flatMap(missedOf), results: { shifts, rows } }
}

function printRows(rows: readonly Row[], shifts: number): void {
  console.log(`Mean of ${shifts} starts:`)
  printTable(['source', 'plain WER %', 'full WER %', 'points', '95 % interval', 'fewer errors %', 'empty plain %', 'empty full %'], rows.map(({ plain, full, difference, tries }) => [
    plain.source, fixed(plain.wer), fixed(full.wer), fixed(difference.points), `${fixed(difference.interval.low)} to ${fixed(difference.interval.high)}${difference.resampledBy === 'clip' ? ' *' : '  '}`,
    fixed(100 * improvement({ plain, full })), fixed(100 * plain.empty / tries), fixed(100 * full.empty / tries),
  ]))
}

/** Share of plain's errors that full does not make. */
function improvement({ plain, full }: Pick<Row, 'plain' | 'full'>): number {
  return 1 - full.wer / plain.wer
}

function missedOf({ plain, full, difference: { source, points }, tries }: Row): string[] {
  const missed: string[] = []
  if (points > MOST_POINTS_WORSE) missed.push(`${source} is ${fixed(points, 2)} points worse, and at most ${MOST_POINTS_WORSE} are allowed`)
  if (source !== SINGLE_WORDS) return missed
  if (full.empty / tries >= MOST_EMPTY) missed.push(`${full.empty} of ${tries} single words were answered with nothing: ${fixed(100 * full.empty / tries)} %, and under 2 % should be`)
  if (improvement({ plain, full }) < LEAST_IMPROVEMENT) missed.push(`single words have ${fixed(100 * improvement({ plain, full }))} % fewer errors than plain, and 15 % are wanted`)
  return missed
}
