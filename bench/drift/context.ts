/** What every table of the drift bench gets, and how its baselines are made. */
import { FORMAT, PIPELINE_VERSION, type CompleteBaseline } from '../../src/monitoring/drift/baseline.js'
import { computeBaseline, sessionsOf, type BaselineClip } from '../../src/monitoring/drift/build-baseline.js'
import type { FeatureRow } from '../../src/monitoring/drift/features.js'
import type { ShiftName } from './shifts.js'
import type { Arrivals, Traffic } from './traffic.js'

export interface DriftBench {
  readonly traffic: Traffic
  /** Share of the streams or runs that a table takes by default. */
  readonly effort: number
  readonly shifts: readonly ShiftName[]
}

/** Clips of a baseline: ten windows, and as large as the slow window. */
const BASELINE_CLIPS = 2_000

export function drawBaselineClips(
  rows: readonly FeatureRow[], arrive: Arrivals, count = BASELINE_CLIPS,
): BaselineClip[] {
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
    pipeline: {
      version: PIPELINE_VERSION, speechDetection: 'both', trimSilence: true, normalizeVolume: true, maxHearings: 3,
      cascadeModel: null,
    },
    source: {
      provenance: 'drawn by the bench', clips: clips.length, sessions: sessionsOf(clips), speakers: null, from: null,
      to: null,
    },
    selfCheck: null, confidenceToWer: null,
    ...computeBaseline(clips, random),
  }
}
