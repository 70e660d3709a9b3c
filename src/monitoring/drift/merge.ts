/**
 * Merges two baselines with the same bins by adding their counts, such as of several days or replicas. Features that
 * only one of them has are left out.
 */
import { SpeechError } from '../../domain/errors.js'
import type { Baseline, FeatureCounts } from './baseline.js'
import { FEATURE_NAMES } from './features.js'

/** Throws BASELINE_MISMATCH if their models, pipelines or bins differ. */
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
    selfCheck: null, // the checks are of each baseline, not of both together
    confidenceToWer: addBins(first.confidenceToWer, second.confidenceToWer),
  }
}

/** With the larger design effect of both. */
function addFeature(first: FeatureCounts, second: FeatureCounts): FeatureCounts {
  return {
    bins: first.bins,
    counts: first.counts.map((count, bin) => count + (second.counts[bin] ?? NaN)),
    missing: first.missing + second.missing,
    designEffect: {
      fast: Math.max(first.designEffect.fast, second.designEffect.fast),
      slow: Math.max(first.designEffect.slow, second.designEffect.slow),
    },
  }
}

function addSources(first: Baseline['source'], second: Baseline['source']): Baseline['source'] {
  const add = (a: number | null, b: number | null): number | null => a === null || b === null ? null : a + b
  const earlier = (a: string | null, b: string | null): string | null => a === null || b === null ? null : a < b ? a : b
  const later = (a: string | null, b: string | null): string | null => a === null || b === null ? null : a < b ? b : a
  return {
    provenance: `${first.provenance}; ${second.provenance}`,
    clips: first.clips + second.clips,
    sessions: add(first.sessions, second.sessions),
    speakers: add(first.speakers, second.speakers),
    from: earlier(first.from, second.from),
    to: later(first.to, second.to),
  }
}

function addBins(first: Baseline['confidenceToWer'], second: Baseline['confidenceToWer']): Baseline['confidenceToWer'] {
  if (first === null || second === null || first.length !== second.length) return null
  const pairs = first.flatMap((bin, index) => {
    const other = second[index]
    return other?.upTo === bin.upTo ? [{ bin, other }] : []
  })
  if (pairs.length !== first.length) return null
  return pairs.map(({ bin: { upTo, words, errors }, other }) =>
    ({ upTo, words: words + other.words, errors: errors + other.errors }))
}

function requireSame(what: string, first: unknown, second: unknown): void {
  if (JSON.stringify(first) === JSON.stringify(second)) return
  throw new SpeechError('BASELINE_MISMATCH', `their ${what} differ; make the second with --bins FIRST`)
}
