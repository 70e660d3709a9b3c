/** What every table of the drift bench is given, and how baselines and the counts of windows are made for it. */
import type { CompleteBaseline } from '../../src/monitoring/drift/baseline.js'
import { FORMAT, PIPELINE_VERSION } from '../../src/monitoring/drift/baseline.js'
import { binCount, binOf, type Bins } from '../../src/monitoring/drift/bins.js'
import { computeBaseline, sessionsOf, type BaselineClip } from '../../src/monitoring/drift/build-baseline.js'
import { FEATURES, FEATURE_NAMES, type DriftFeature, type FeatureName, type FeatureRow } from '../../src/monitoring/drift/features.js'
import type { SpeechClip } from '../clips.js'
import type { Arrivals, Traffic } from './traffic.js'

export interface DriftBench {
  readonly clips: readonly SpeechClip[]
  readonly model: string
  readonly traffic: Traffic
  /** Windows, streams or runs of a kind: how often chance is asked, as a part of what the table takes by itself. */
  readonly effort: number
  /** Only these shifts; undefined: all. */
  readonly shifts: readonly string[] | undefined
}

/** Clips of a baseline: ten windows, and as large as the slow window. */
export const BASELINE_CLIPS = 2_000

/** Features whose bins are equally full in the baseline: the laws are exact for them, the others have rare bins. */
export const EVEN_FEATURES: ReadonlySet<FeatureName> = new Set(FEATURE_NAMES.filter((name) => (FEATURES[name] as DriftFeature).binning.kind === 'quantiles'))

export function drawBaselineClips(rows: readonly FeatureRow[], arrive: Arrivals, count = BASELINE_CLIPS): BaselineClip[] {
  return Array.from({ length: count }, (_, time) => {
    const { utterance, session } = arrive()
    return { row: rows[utterance]!, session: String(session), time }
  })
}

/** As the baseline tool computes it, for a monitor in this process. */
export function baselineOf(clips: readonly BaselineClip[], random: () => number): CompleteBaseline {
  return {
    format: FORMAT, id: 'bench', created: new Date(0).toISOString(),
    model: { name: 'bench', digest: 'none' },
    pipeline: { version: PIPELINE_VERSION, speechDetection: 'both', trimSilence: true, normalizeVolume: true, maxHearings: 3, cascadeModel: null },
    source: { provenance: 'drawn by the bench', clips: clips.length, sessions: sessionsOf(clips), speakers: null, from: null, to: null },
    selfCheck: null, confidenceToWer: null,
    ...computeBaseline(clips, random),
  }
}

export function binsOf({ features }: CompleteBaseline): Record<FeatureName, Bins> {
  const pairs = FEATURE_NAMES.map((name): [FeatureName, Bins] => [name, features[name].bins as Bins])
  return Object.fromEntries(pairs) as Record<FeatureName, Bins>
}

/** Bins of a clip by feature; the number of bins stands for a missing value. Shape [features]. */
export function cellsOf(rows: readonly FeatureRow[], bins: Readonly<Record<FeatureName, Bins>>): Uint8Array[] {
  return rows.map((row) => Uint8Array.from(FEATURE_NAMES, (name, index) => binOf(row[index]!, bins[name])))
}

/** Counts by feature and bin, the last of each for missing values. */
export function countCells(cells: Iterable<Uint8Array>, bins: Readonly<Record<FeatureName, Bins>>): number[][] {
  const counts = FEATURE_NAMES.map((name) => new Array<number>(binCount(bins[name]) + 1).fill(0))
  for (const cell of cells) counts.forEach((own, feature) => { own[cell[feature]!]!++ })
  return counts
}
