/**
 * Made-up clips for the tests of drift: rows of features, every number drawn from its own normal law unless a test says
 * otherwise.
 */
import type { CompleteBaseline } from '../../../src/monitoring/drift/baseline.js'
import { FORMAT, PIPELINE_VERSION } from '../../../src/monitoring/drift/baseline.js'
import { computeBaseline, type BaselineClip } from '../../../src/monitoring/drift/build-baseline.js'
import {
  FEATURES, FEATURE_NAMES, type FeatureName, type FeatureRow, type FeatureValue,
} from '../../../src/monitoring/drift/features.js'
import { seededRandom } from '../../../fixtures/kit/statistics.js'

export function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** A clip in which nothing is special; `changes` replaces or moves single features. */
export function drawRow(
  random: () => number, changes: Partial<Record<FeatureName, (ordinary: FeatureValue) => FeatureValue>> = {},
): FeatureRow {
  return FEATURE_NAMES.map((name) => {
    const { binning } = FEATURES[name]
    const ordinary = binning.kind === 'quantiles' ? gaussian(random)
      : binning.kind === 'edges' ? (random() < 0.9 ? 0 : 2)
        : binning.categories[random() < 0.8 ? 0 : 1]!
    return changes[name]?.(ordinary) ?? ordinary
  })
}

/** Independent clips, one session each, in the order of time. */
export function drawClips(count: number, random: () => number): BaselineClip[] {
  return Array.from({ length: count }, (_, index) =>
    ({ row: drawRow(random), session: `session ${index}`, time: index * 1000 }))
}

export function baselineOf(clips: readonly BaselineClip[], random: () => number = seededRandom(1)): CompleteBaseline {
  return {
    format: FORMAT, id: 'made-up', created: '2026-11-01T00:00:00.000Z',
    model: { name: 'moonshine-tiny-en', digest: 'abc' },
    pipeline: {
      version: PIPELINE_VERSION, speechDetection: 'both', trimSilence: true, normalizeVolume: true, maxHearings: 3,
      cascadeModel: null,
    },
    source: {
      provenance: 'made up', clips: clips.length, sessions: clips.length, speakers: null, from: null, to: null,
    },
    selfCheck: null,
    confidenceToWer: null,
    ...computeBaseline(clips, random),
  }
}
