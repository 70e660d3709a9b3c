/** Clips of all contenders → the rows that are printed and written: by source and length, and by length alone. */
import { scoreSource, type SourceScore } from '../harness/scoring.js'
import { median, percentile } from '../../fixtures/kit/statistics.js'
import { fixed, type Cell } from '../harness/table.js'
import { compareTimes, repeatsItself, type Ratio, type RivalClip, type Verdict } from './ratios.js'
import type { Results } from './turns.js'

const SHORT_SECONDS = 5
export const LENGTHS = [`up to ${SHORT_SECONDS} s`, `over ${SHORT_SECONDS} s`] as const

export interface RivalRow extends SourceScore {
  readonly length: string
  readonly contender: string
  /** Transcripts that fell into a loop. */
  readonly loops: number
  readonly p95Ms: number
  readonly medianCpuMs: number
  /** To the contender that all are measured against; null when it did not take part. */
  readonly ratio: Ratio | null
  readonly cpuRatio: Ratio | null
}

/** A row for each contender in each group; `sourceOf` says what is a group beside the length. */
export function rivalRows(results: Results, against: string, sourceOf: (clip: RivalClip) => string): RivalRow[] {
  const sources = new Set([...results.values()].flat().map(sourceOf))
  return [...sources].flatMap((source) => LENGTHS.flatMap((length) => {
    const ofGroup = (clips: readonly RivalClip[] = []): RivalClip[] =>
      clips.filter((clip) => sourceOf(clip) === source && lengthOf(clip) === length)
    const base = ofGroup(results.get(against))
    return [...results].flatMap(([contender, all]) => {
      const clips = ofGroup(all)
      return clips.length === 0 ? [] : [rowOf({ source, length, contender }, clips, base)]
    })
  }))
}

function rowOf(
  group: Pick<RivalRow, 'source' | 'length' | 'contender'>, clips: readonly RivalClip[], base: readonly RivalClip[],
): RivalRow {
  return {
    ...scoreSource(group.source, clips), ...group,
    loops: clips.filter(repeatsItself).length,
    p95Ms: percentile(clips.map(({ latencyMs }) => latencyMs), 0.95),
    medianCpuMs: median(clips.map(({ cpuMs }) => cpuMs)),
    ratio: base.length === 0 ? null : compareTimes(clips, base, 'latencyMs'),
    cpuRatio: base.length === 0 ? null : compareTimes(clips, base, 'cpuMs'),
  }
}

export function lengthOf({ audioSeconds }: RivalClip): string {
  return audioSeconds <= SHORT_SECONDS ? LENGTHS[0] : LENGTHS[1]
}

export const sourceHead = [
  'source, length', 'contender', 'clips', 'words', 'WER %', '95 %', 'empty', 'loops', 'median ms', 'p95 ms', 'RTF',
  'ratio', 'quartiles', '95 %',
]

export function sourceCells(rows: readonly RivalRow[]): Cell[][] {
  return rows.map((row) => [
    `${row.source}, ${row.length}`, row.contender, row.clips, row.words, fixed(row.wer),
    `${fixed(row.interval.low)} to ${fixed(row.interval.high)}`,
    row.empty, row.loops, fixed(row.medianMs), fixed(row.p95Ms), fixed(row.realTimeFactor, 4), ...ratioCells(row.ratio),
  ])
}

export const lengthHead = [
  'length', 'contender', 'clips', 'median ms', 'p95 ms', 'RTF', 'ratio', 'quartiles', '95 %', 'CPU ms', 'CPU ratio',
  'quartiles', '95 %',
]

/** Over all sources; without a word error rate, which is never pooled. */
export function lengthCells(rows: readonly RivalRow[]): Cell[][] {
  return rows.map((row) => [
    row.length, row.contender, row.clips, fixed(row.medianMs), fixed(row.p95Ms), fixed(row.realTimeFactor, 4),
    ...ratioCells(row.ratio), fixed(row.medianCpuMs), ...ratioCells(row.cpuRatio),
  ])
}

export const verdictHead = ['required of earshot', 'clips', 'at most', 'ratio', '95 %', 'CPU ratio', 'met']

export function verdictCells(verdicts: readonly Verdict[]): Cell[][] {
  return verdicts.map(({ against, overSeconds, upToSeconds, atMost, ratio, cpuRatio, isMet }) => [
    `time of ${against}, over ${overSeconds} up to ${upToSeconds} s`,
    ratio.pairs, fixed(atMost, 2), fixed(ratio.median, 3),
    `${fixed(ratio.interval.low, 3)} to ${fixed(ratio.interval.high, 3)}`, fixed(cpuRatio.median, 3),
    isMet ? 'yes' : 'no',
  ])
}

function ratioCells(ratio: Ratio | null): Cell[] {
  if (ratio === null) return ['-', '-', '-']
  const { low, high } = ratio.interval
  return [
    fixed(ratio.median, 3), `${fixed(ratio.lowQuartile, 3)} to ${fixed(ratio.highQuartile, 3)}`,
    `${fixed(low, 3)} to ${fixed(high, 3)}`,
  ]
}
