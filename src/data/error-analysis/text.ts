/** The analysis as short tables for the terminal; the page and the JSON have everything. */
import { counted } from '../report/counted.js'
import { signed, table } from '../report/plain-text.js'
import type { Interval } from '../statistics/bootstrap.js'
import { sum } from '../statistics/sum.js'
import type { Analysis } from './analyze.js'
import type { Calibration } from './calibration.js'
import { GAINS, type Priority } from './priorities.js'
import type { Rate } from './rate.js'
import type { Confusion, WordCount } from './words.js'

/** Words and pairs in a line. */
const MOST_WORDS = 12
const MOST_SLICES_OF_CALIBRATION = 5

export function analysisText(analysis: Analysis, most: number): string {
  const { slices, found, causes, words, oracle, calibration, priorities } = analysis
  const worst = slices.filter(({ isSmall }) => !isSmall).sort((one, other) => other.percent - one.percent)
  return [
    summaryOf(analysis).join('\n'),
    `What to work on: gain in points of the word error rate, with 95 % interval; ${priorities.length} rows in all\n`
      + table(PRIORITY_HEAD, priorities.slice(0, most).map(priorityCells)),
    PRIORITY_NOTE,
    `Causes of ${sum(causes, ({ places }) => places)} places with errors; the first test that holds\n`
      + table(CAUSE_HEAD, causes.map((one) => [one.cause, ...causeCells(one)])),
    ...variantLines(analysis),
    found.length === 0
      ? 'Slices found by the tool: none that differs by more than chance'
      : `Slices found by the tool\n${table(['slice', ...RATE_HEAD, 'p'], found.map((one) =>
        [one.name, ...rateCells(one), one.p.toFixed(3)]))}`,
    `Slices with the highest word error rates, of ${slices.length}\n`
      + table(['slice', ...RATE_HEAD], worst.slice(0, most).map((one) =>
        [`${one.kind}: ${one.name}`, ...rateCells(one)])),
    `Words by kind\n${table(['kind', ...RATE_HEAD], words.kinds.map((one) => [one.kind, ...rateCells(one)]))}`,
    wordLines(analysis).join('\n'),
    `Oracle of the n-best list: ${oracle.rates.map(({ n, percent }) => `${n}: ${percent.toFixed(1)} %`).join(', ')}`
      + `${oracle.withoutList === 0 ? '' : `; ${oracle.withoutList} wrong clips have no list`}`,
    calibrationText(calibration),
  ].filter((part) => part !== '').join('\n\n')
}

export function summaryOf({ names, all, reference, leftOut, isWeighted }: Analysis): string[] {
  const of = ({ percent, interval }: Rate): string => `${percent.toFixed(1)} % (${intervalText(interval)})`
  return [
    `${names.manifest} by ${names.model}: ${counted(all.clips, 'clip')}, `
    + `${counted(all.speakers, 'speaker')}, ${all.words} words, `
      + `${all.errors} errors; word error rate ${of(all)}`,
    ...reference === null ? [] : [`reference ${names.reference}: ${of(reference)} on ${reference.clips} clips`],
    ...isWeighted ? ['Rates are weighted by the inverse of the sampling probability.'] : [],
    ...leftOut === 0 ? [] : [`${leftOut} clips could not be processed and are left out.`],
    `Intervals are drawn by ${all.drawnBy}; * drawn by clip, with fewer than six speakers; `
      + '° too small for conclusions.',
  ]
}

export const PRIORITY_HEAD = [
  '', 'gain', '95 % interval', 'WER %', 'reference %', 'clips', '% clips', '% words', 'gain is',
]

const PRIORITY_NOTE = `Parts overlap, so gains do not add up. ${
  Object.entries(GAINS).map(([name, says]) => `${name}: ${says}`).join('. ')}.`

export function priorityCells(one: Priority): string[] {
  const { kind, name, clips, shareOfClips, shareOfWords, current, reference, gain, interval, gainKind, isSmall } = one
  return [
    `${kind}: ${name}${isSmall ? ' °' : ''}`, signed(gain), signedInterval(interval), number(current),
    reference === null ? '' : number(reference), String(clips), percent(shareOfClips), percent(shareOfWords), gainKind,
  ]
}

export const RATE_HEAD = ['clips', 'speakers', 'words', 'WER %', '95 % interval']

export function rateCells(rate: Rate): string[] {
  const { clips, speakers, words, percent: rated, interval, drawnBy, isSmall } = rate
  return [
    String(clips), String(speakers), String(words), number(rated),
    `${intervalText(interval)}${drawnBy === 'clip' ? ' *' : ''}${isSmall ? ' °' : ''}`,
  ]
}

export const CAUSE_HEAD = ['cause', 'places', 'clips', 'errors', '% of errors', 'holds too']

export function causeCells(
  { places, clips, errors, shareOfErrors, also }: Analysis['causes'][number],
): string[] {
  return [String(places), String(clips), String(errors), percent(shareOfErrors), String(also)]
}

/** How often one changed setting repairs and breaks. */
export function variantLines({ variants }: Analysis): string[] {
  return variants.map(({ variant, wrongClips, errorsBefore, errorsAfter, rightClips, broken, newErrors }) =>
    `With ${variant}: ${errorsAfter} instead of ${errorsBefore} errors in the ${wrongClips} wrong clips; `
    + `${broken} of ${rightClips} right clips become wrong, with ${newErrors} errors.`)
}

export function wordLines({ words }: Analysis): string[] {
  const { substitutions, deletions, insertions, confusions, homophones, neverRight, neverRightWords } = words
  const pairs = (some: readonly Confusion[]): string => some.slice(0, MOST_WORDS)
    .map(({ said, heard, count }) => `${said} → ${heard}${count > 1 ? ` (${count})` : ''}`).join(', ')
  const counts = (some: readonly WordCount[]): string => some.slice(0, MOST_WORDS)
    .map(({ word, errors, count }) => `${word} (${errors} of ${count})`).join(', ')
  return [
    `${substitutions} substitutions, ${deletions} deletions, ${insertions} insertions`,
    `Confused: ${pairs(confusions) || 'no words'}`,
    `Sound the same: ${pairs(homophones) || 'no words'}`,
    `Never right, of ${neverRightWords} such words: ${counts(neverRight) || 'none that is said twice'}`,
  ]
}

export const CALIBRATION_HEAD = ['', 'clips', 'right %', 'mean %', 'error %', 'by chance %', 'Brier', 'AUROC']

export function calibrationCells(one: Calibration): string[] {
  const { name, clips, shareRight, meanCorrectness, error, errorByChance, brier, auroc } = one
  return [
    name, String(clips), percent(shareRight), percent(meanCorrectness), percent(error), percent(errorByChance),
    brier.toFixed(3), auroc === null ? '' : auroc.toFixed(3),
  ]
}

function calibrationText([all, ...slices]: readonly Calibration[]): string {
  if (all === undefined) return 'Calibration: too few clips with a correctness'
  const rows = [all, ...slices.slice(0, MOST_SLICES_OF_CALIBRATION)]
  return `Calibration of correctness, and the slices where it is worst beyond chance\n${
    table(CALIBRATION_HEAD, rows.map(calibrationCells))}`
}

function intervalText({ low, high }: Interval): string {
  return Number.isNaN(low) ? 'unknown' : `${number(low)} to ${number(high)}`
}

function signedInterval({ low, high }: Interval): string {
  return Number.isNaN(low) ? 'unknown' : `${signed(low)} to ${signed(high)}`
}

function percent(share: number): string {
  return number(100 * share)
}

function number(value: number): string {
  return Number.isNaN(value) ? '' : value.toFixed(1)
}
