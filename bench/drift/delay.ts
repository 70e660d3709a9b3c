/**
 * How soon a shift is noticed, and which features are named. Counted are clips after the onset (onset.ts) until the
 * first alarm. The baseline, the clips before and those after are the same utterances, so the shift is the only
 * difference.
 *
 * A name is right when one of the features that the shift must move is among those with the strongest excess at that
 * moment, three of the input family and three of the output family, which alarm apart. The controls change nothing that
 * could be heard or measured, except that FLAC is another codec.
 */
import type { FeatureName } from '../../src/monitoring/drift/features.js'
import { hasFfmpeg } from '../harness/ffmpeg.js'
import type { Outcome } from '../harness/bench.js'
import { percentile, seededRandom, sum } from '../../fixtures/kit/statistics.js'
import { fixed, printTable } from '../harness/table.js'
import type { DriftBench } from './context.js'
import { firstNamed, MOST_CLIPS, namesWithShares, watchOnset, type OnsetRun } from './onset.js'
import { SHIFTS, type Shift, type ShiftName } from './shifts.js'
import { WAYS, type Way } from './traffic.js'

export interface Expected {
  readonly shift: ShiftName
  /** Most clips after the onset, median; `nothing`: no alarm at all; undefined: reported only. */
  readonly wanted: number | 'nothing' | undefined
  readonly right: readonly FeatureName[]
  /** Of the clips; the others stay as they are. */
  readonly share?: number
}

/** More syllables and more tokens in a second, and a voice that is a smaller one's. */
const FASTER: readonly FeatureName[] = [
  'syllable_rate', 'tokens_per_second', 'words_per_second', 'mfcc_1', 'mfcc_2', 'mfcc_3', 'mfcc_4', 'centroid',
  'low_frequencies', 'duration',
]

export const EXPECTED: readonly Expected[] = [
  { shift: 'gain-12', wanted: 100, right: ['loudness', 'peak', 'noise_floor'] },
  { shift: 'gain-6', wanted: 200, right: ['loudness', 'peak', 'noise_floor'] },
  { shift: 'over-gain', wanted: 100, right: ['clip_ratio', 'peak', 'loudness'] },
  { shift: 'telephone', wanted: 100, right: [
    'bandwidth', 'low_frequencies', 'mfcc_1', 'mfcc_2', 'mfcc_3', 'mfcc_4', 'flatness',
  ] },
  { shift: 'babble', wanted: 100, right: ['snr', 'noise_floor', 'leading_silence', 'trailing_silence'] },
  { shift: 'speed-1.2', wanted: 200, right: FASTER },
  { shift: 'speed-2', wanted: 100, right: FASTER },
  { shift: 'reverberation', wanted: 200, right: ['speech_ratio', 'syllable_rate', 'trailing_silence', 'flatness'] },
  {
    shift: 'nobody', wanted: 200,
    right: ['empty', 'speech_ratio', 'leading_silence', 'trailing_silence', 'transcript_words'], share: 0.2,
  },
  { shift: 'late-stop', wanted: undefined, right: ['trailing_silence', 'duration', 'speech_ratio'] },
  { shift: 'mu-law', wanted: undefined, right: [] },
  { shift: 'wav-24', wanted: 'nothing', right: [] },
  { shift: 'flac', wanted: undefined, right: ['codec'] },
]

/** Whole sessions, the first of the traffic: both the clean and the changed clips. */
export const SHIFTED_UTTERANCES = 300
const RUNS = 40
const NAMED = 3

interface Row extends Expected { readonly way: Way; readonly runs: readonly OnsetRun[] }

export async function measure({ traffic, effort, shifts }: DriftBench): Promise<Outcome> {
  const clean = await traffic.rows('clean', SHIFTED_UTTERANCES)
  const runs = Math.max(1, Math.round(RUNS * effort))
  const asked = EXPECTED.filter(({ shift }) => shifts.includes(shift))
  const results: Row[] = []
  for (const expected of asked) {
    if ((SHIFTS[expected.shift] as Shift).needsFfmpeg && !hasFfmpeg()) {
      console.log(`${expected.shift} is left out: there is no ffmpeg`)
      continue
    }
    const changed = await traffic.rows(expected.shift, SHIFTED_UTTERANCES)
    for (const way of WAYS) {
      const watch = (_: unknown, run: number): OnsetRun =>
        watchOnset(clean, changed, { way, share: expected.share ?? 1, random: seededRandom(5_000 + run) })
      results.push({ ...expected, way, runs: Array.from({ length: runs }, watch) })
    }
  }
  print(results)
  const judged = { shifts: results.length, 'runs of each': runs }
  return {
    missed: results.flatMap(missedBy), judged, results: results.map((row) => ({ ...summarize(row), runs: row.runs })),
  }
}

function summarize({ shift, way, runs, right, wanted }: Row) {
  const named = runs.filter(({ alarms }) => alarms.length > 0).map((run) => firstNamed(run, NAMED))
  const delays = runs.map(({ alarms }) => alarms[0]?.after ?? Infinity)
  return {
    shift, way, wanted,
    median: percentile(delays, 0.5), p90: percentile(delays, 0.9),
    missed: runs.length - named.length,
    rightlyNamed: named.length === 0 ? null : named.filter((names) =>
      names.some((name) => right.includes(name))).length / named.length,
    named: namesWithShares(named, NAMED),
    falseBefore: sum(runs.map(({ before }) => before)),
  }
}

function print(results: readonly Row[]): void {
  console.log(
    'clips after the onset until an alarm; named: the most frequent features, with their share of the runs, %:',
  )
  printTable([
    'shift', 'clips', 'wanted', 'median', '90 %', 'none in 1000', 'rightly named %', 'false before', 'named',
  ], results.map((row) => {
    const { shift, way, wanted, median, p90, missed, rightlyNamed, falseBefore, named } = summarize(row)
    return [
      SHIFTS[shift].says, way, way === 'independent' ? wanted ?? '' : '', fixed(median, 0), fixed(p90, 0), missed,
      rightlyNamed === null ? '-' : fixed(100 * rightlyNamed, 0), falseBefore, named,
    ]
  }))
}

/** Targets are those of independent clips; sessions tell less, and how much longer they take is told beside it. */
function missedBy(row: Row): string[] {
  const { shift, way, wanted, median, missed, rightlyNamed } = summarize(row)
  const says = `${SHIFTS[shift].says}, ${way}`
  if (wanted === 'nothing') return missed < 0.95 * row.runs.length ? [
    `${says}: ${row.runs.length - missed} of ${row.runs.length} runs had an alarm, and nothing had changed`,
  ] : []
  if (wanted === undefined || way !== 'independent') return []
  return [
    ...median > wanted ? [`${says}: noticed after ${fixed(median, 0)} clips (median), wanted at most ${wanted}`] : [],
    ...missed > 0 ? [`${says}: ${missed} of ${row.runs.length} runs had no alarm within ${MOST_CLIPS} clips`] : [],
    ...rightlyNamed !== null && rightlyNamed < 0.95 ? [
      `${says}: rightly named in ${fixed(100 * rightlyNamed, 0)} % of the runs`,
    ] : [],
  ]
}
