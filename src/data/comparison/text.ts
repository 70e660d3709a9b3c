/** A comparison as text for the terminal. Minus signs and letters as in the page, so that both read alike. */
import { counted } from '../report/counted.js'
import { signed, table } from '../report/plain-text.js'
import type { Comparison } from './compare.js'
import type { Cost } from './cost.js'
import type { Difference, Rate } from './difference.js'
import type { Interval } from '../statistics/bootstrap.js'
import type { Pair } from './pairs.js'
import type { Slice } from './slices.js'

/** Of p after correction: marks a slice. */
const LEVEL = 0.05

export function comparisonText(comparison: Comparison): string {
  const { names, all, slices, disagreements } = comparison
  return [
    `A  ${names.a}\nB  ${names.b}`,
    ...comparison.isSame ? ['A and B are the same configuration.'] : [],
    verdictText(comparison),
    table(HEAD, [['all clips', ...cellsOf(all)]]),
    blocksText(all),
    ...slices.length === 0 ? [] : [table(SLICE_HEAD, slices.map(sliceCells))],
    NOTE,
    ...hitsText(comparison),
    costText(comparison),
    ...disagreements.length === 0 ? [] : ['Clips to listen to', ...disagreements.map(disagreementText)],
  ].join('\n\n')
}

export const HEAD = [
  '', 'clips', 'words', 'WER A %', 'WER B %', 'B − A', '95 % interval', 'A wins', 'B wins', 'MAPSSWE p',
]

export const SLICE_HEAD = ['slice', ...HEAD.slice(1), 'p corrected']

export const NOTE = `B − A in points. * drawn by clip: fewer than six speakers, so the interval says nothing about
other voices. Corrected: p for all slices together (Holm); below ${LEVEL}, the slice differs.`

export function verdictText({ verdict: { verdict, because, clipsNeeded }, leftOut }: Comparison): string {
  return [
    `${verdict === 'undecided' ? 'Undecided' : `B is ${verdict}`}: ${because}.`,
    ...clipsNeeded === null ? [] : [`About ${clipsNeeded} more clips, by as many more speakers, would decide it four `
      + 'times out of five if the difference stays as it is.'],
    ...leftOut === 0 ? [] : [`${leftOut} clips could not be processed and are left out.`],
  ].join('\n')
}

/** Why an interval may be wide although there are many clips. */
export function blocksText({ drawnBy, effectiveBlocks: effective, speakers }: Difference): string {
  const what = drawnBy === 'speaker' ? 'speakers' : 'clips'
  return `Intervals drawn by ${drawnBy}. ${counted(speakers, 'known speaker')}; effective number of ${what}, by their `
    + `errors: ${effective.toFixed(1)}.`
}

/** In the order of the head, without the first column. */
export function cellsOf({ clips, words, wer, points, interval, drawnBy, wins, matchedPairs }: Difference): string[] {
  const rate = ({ percent }: Rate): string => percent.toFixed(1)
  return [
    String(clips), String(words), rate(wer.a), rate(wer.b), signed(points),
    intervalText(interval, drawnBy), String(wins.a), String(wins.b), probability(matchedPairs.p),
  ]
}

/** In the order of the head of slices. */
export function sliceCells(slice: Slice): string[] {
  return [`${slice.kind}: ${slice.name}`, ...cellsOf(slice), probability(slice.correctedP)]
}

function intervalText({ low, high }: Interval, drawnBy: Difference['drawnBy']): string {
  if (Number.isNaN(low)) return 'unknown'
  return `${signed(low)} to ${signed(high)}${drawnBy === 'clip' ? ' *' : ''}`
}

function probability(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3)
}

function hitsText({ hits }: Comparison): string[] {
  return hits === null ? [] : [`Search hits\n${table(HIT_HEAD, hitRows(hits))}\n${hitNote(hits)}`]
}

export const HIT_HEAD = ['', 'A', 'B', 'B − A', '95 % interval']

/** In the order of the head. */
export function hitRows({ figures, drawnBy }: NonNullable<Comparison['hits']>): string[][] {
  return figures.map(({ name, percent, points, interval }) => [
    `${name}, %`, percent.a.toFixed(1), percent.b.toFixed(1), signed(points), intervalText(interval, drawnBy),
  ])
}

export function hitNote({ clips, unexpected, test: { onlyA, onlyB, p } }: NonNullable<Comparison['hits']>): string {
  const of = unexpected === 0 ? '' : `, ${unexpected} of them without an expected entry`
  return `Of ${clips} clips with a known answer${of}. Only A is right on ${onlyA}, only B on ${onlyB}; `
    + `McNemar p ${p < 0.001 ? '< 0.001' : `= ${p.toFixed(3)}`}.`
}

export const NO_TIMES = 'No times: they are compared only where one run recognized clips with both, in turns'

function costText({ cost }: Comparison): string {
  if (cost === null) {
    return `${NO_TIMES} (--no-cache).`
  }
  return table(COST_HEAD, costRows(cost)) + `\n${costNote(cost)}`
}

export function costNote({ latency: { clips }, wallRatioInterval: { low, high } }: Cost): string {
  const interval = Number.isNaN(low) ? 'unknown' : `${low.toFixed(2)} to ${high.toFixed(2)}`
  return `Of ${counted(clips, 'clip')}; 95 % interval of the ratio of all wall-clock time: ${interval}.`
}

export const COST_HEAD = ['', 'A', 'B', 'B / A']

/** In the order of the head. */
export function costRows({ work, latency }: Cost): string[][] {
  const { secondsPerAudioSecond: cost, ratio } = work
  const what = work.measure === 'processor' ? 'processor' : 'wall-clock'
  const milliseconds = (seconds: number): string => `${(1000 * seconds).toFixed(0)} ms`
  return [
    [`${what} seconds for a second of audio`, cost.a.toFixed(4), cost.b.toFixed(4), ratio.toFixed(2)],
    ['time of a clip, median', milliseconds(latency.medianSeconds.a), milliseconds(latency.medianSeconds.b),
      latency.medianRatio.toFixed(2)],
    ['time of a clip, 95th percentile', milliseconds(latency.p95Seconds.a), milliseconds(latency.p95Seconds.b),
      latency.p95Ratio.toFixed(2)],
  ]
}

function disagreementText({ file, text, errors, transcripts }: Pair): string {
  return [
    `${file}`, `  said  ${text}`, `  A     ${transcripts.a || '(no words)'}  [${errors.a}]`,
    `  B     ${transcripts.b || '(no words)'}  [${errors.b}]`,
  ].join('\n')
}
