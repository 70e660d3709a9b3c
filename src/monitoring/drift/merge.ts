/** Two baselines with the same bins → one, by adding what was counted: days, or replicas, that were recorded apart. What only one of them has is left out. */
import { SpeechError } from '../../domain/errors.js'
import type { Baseline, FeatureCounts } from './baseline.js'
import { FEATURE_NAMES } from './features.js'

/** Throws BASELINE_MISMATCH where they are of another model or pipeline, or where bins differ. */
export function mergeBaselines(first: Baseline, second: Baseline, id: string, created: string): Baseline {
  requireSame('model', first.model, second.model)
  requireSame('pipeline', first.pipeline, second.pipeline)
  const features: Baseline['features'] = Object.fromEntries(FEATURE_NAMES.flatMap((name): [string, FeatureCounts][] => {
    const [own, other] = [first.features[name], second.features[name]]
    if (own === undefined || other === undefined) return []
    requireSame(`bins of ${name}`, own.bins, other.bins)
    return [[name, addFeature(own, other)]]
  }))
  const [a, b] = [first.calibration, second.calibration]
  return {
    ...first, id, created, features,
    source: addSources(first.source, second.source),
    calibration: {
      calibrated: a.calibrated && b.calibrated,
      because: a.because ?? b.because,
      method: a.method === b.method ? a.method : `${a.method}; ${b.method}`,
      windows: { fast: a.windows.fast + b.windows.fast, slow: a.windows.slow + b.windows.slow },
    },
    selfCheck: null, // it was made for each of them, not for both
    confidenceToWer: addBins(first.confidenceToWer, second.confidenceToWer),
  }
}

/** The larger design effect: windows will vary as those of either did. */
function addFeature(first: FeatureCounts, second: FeatureCounts): FeatureCounts {
  return {
    bins: first.bins,
    counts: first.counts.map((count, bin) => count + second.counts[bin]!),
    missing: first.missing + second.missing,
    designEffect: { fast: Math.max(first.designEffect.fast, second.designEffect.fast), slow: Math.max(first.designEffect.slow, second.designEffect.slow) },
  }
}

function addSources(first: Baseline['source'], second: Baseline['source']): Baseline['source'] {
  const add = (a: number | null, b: number | null): number | null => a === null || b === null ? null : a + b
  const edge = (a: string | null, b: string | null, later: boolean): string | null => a === null || b === null ? null : a < b === later ? b : a
  return {
    provenance: `${first.provenance}; ${second.provenance}`,
    clips: first.clips + second.clips,
    sessions: add(first.sessions, second.sessions),
    speakers: add(first.speakers, second.speakers),
    from: edge(first.from, second.from, false),
    to: edge(first.to, second.to, true),
  }
}

function addBins(first: Baseline['confidenceToWer'], second: Baseline['confidenceToWer']): Baseline['confidenceToWer'] {
  if (first === null || second === null || first.length !== second.length || first.some(({ upTo }, index) => upTo !== second[index]!.upTo)) return null
  return first.map(({ upTo, words, errors }, index) => ({ upTo, words: words + second[index]!.words, errors: errors + second[index]!.errors }))
}

function requireSame(what: string, first: unknown, second: unknown): void {
  if (JSON.stringify(first) !== JSON.stringify(second)) throw new SpeechError('BASELINE_MISMATCH', `their ${what} differ; make the second with --bins FIRST`)
}
