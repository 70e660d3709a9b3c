/**
 * A made-up snapshot of drift for the tests of the API and of the page: every feature of the table, among them an
 * alarm, a category that has changed, one that is often missing, and one with too few clips. And an hour of traffic.
 */
import { FEATURE_NAMES, FEATURES, type DriftFeature, type FeatureName } from '../../../src/monitoring/drift/features.js'
import { CAUSES } from '../../../src/monitoring/drift/causes.js'
import type { LikelyCause } from '../../../src/monitoring/drift/likely-causes.js'
import type { Comparison, DriftSnapshot, FeatureState } from '../../../src/monitoring/drift/snapshot.js'
import { RecentTraffic } from '../../../src/monitoring/metrics/recent.js'
import { REPORT } from './fake-service.js'

const BINS = 10
const BASELINE_CLIPS = 12_400

export const ALARM_SINCE = '2026-05-03T10:32:00.000Z'
export const ALARM_FROM = '2026-05-03T10:11:00.000Z'

/** Values move towards the first bin for a negative shift, towards the last for a positive one. */
const SHIFTS: Partial<Record<FeatureName, number>> = {
  loudness: -0.6,
  noise_floor: 0.1,
  snr: -0.35,
  confidence: -0.2,
  duration: 0.08,
}
const TOO_FEW: readonly FeatureName[] = ['syllable_rate']
const MISSING: Partial<Record<FeatureName, number>> = { noise_floor: 31, snr: 34 }

export function madeUpSnapshot(change: Partial<DriftSnapshot> = {}): DriftSnapshot {
  return {
    baseline: {
      id: 'may-2026',
      created: '2026-04-20T08:00:00.000Z',
      model: 'moonshine-tiny-en',
      calibrated: true,
      uncalibratedBecause: null,
      clips: BASELINE_CLIPS,
      sessions: 3100,
      speakers: null,
      provenance: 'requests of the week from 13 April, looked at',
    },
    windows: { fast: { clips: 240, minimum: 100 }, slow: { clips: 640, minimum: 1000 } },
    alarms: ['codec', 'loudness'],
    causes: madeUpCauses(),
    features: FEATURE_NAMES.map((name, index) => madeUpFeature(name, index)),
    unmonitored: [],
    ...change,
  }
}

/** Two causes that have nothing to do with each other. */
export function madeUpCauses(): LikelyCause[] {
  const made = (name: 'codec' | 'level', feature: string, excess: number, range: string, unit: string): LikelyCause => {
    const { title, help, advice } = CAUSES[name]
    return {
      name, title, help, advice, signs: [feature], effects: [], excess, since: ALARM_SINCE, from: ALARM_FROM,
      evidence: [{ feature, range, unit, before: 0.0004, now: 0.7 }],
    }
  }
  return [made('codec', 'codec', 6.2, 'opus', ''), made('level', 'loudness', 2.1, 'below −31.2', 'LUFS')]
}

function madeUpFeature(name: FeatureName, index: number): FeatureState {
  const { family, unit, help, binning }: DriftFeature = FEATURES[name]
  const alarm = name === 'loudness' || name === 'codec'
  const bins =
    binning.kind === 'categories'
      ? [...binning.categories, 'other']
      : binning.kind === 'edges'
        ? rangesOf(binning.edges)
        : rangesOf(Array.from({ length: BINS - 1 }, (_, edge) => edgeOf(unit, edge)))
  const baseline = binning.kind === 'quantiles' ? bins.map(() => 1 / bins.length) : skewed(bins.length)
  return {
    name, family, unit, help, bins, baseline, baselineClips: BASELINE_CLIPS, baselineMissing: (MISSING[name] ?? 0) * 12,
    windows: { fast: TOO_FEW.includes(name) ? null : comparison(name, baseline, index), slow: null },
    alarm, alarmSince: alarm ? ALARM_SINCE : null, alarmFrom: alarm ? ALARM_FROM : null,
  }
}

function edgeOf(unit: string, edge: number): number {
  if (unit === 'LUFS' || unit === 'dBFS') return -36 + 2.4 * edge
  return unit === 'Hz' ? 900 + 640 * edge : 0.4 + 0.35 * edge
}

function rangesOf(edges: readonly number[]): string[] {
  const shown = edges.map((edge) => String(Number(edge.toPrecision(3))).replace('-', '−'))
  return [
    `below ${shown[0]!}`,
    ...shown.slice(1).map((edge, index) => `${shown[index]!} to ${edge}`),
    `${shown.at(-1)!} and more`,
  ]
}

/** Most in the first, hardly anything in the last, as categories and shares of a defect are. */
function skewed(bins: number): number[] {
  const weights = Array.from({ length: bins }, (_, index) => 0.08 ** Math.min(index, 3))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}

function comparison(name: FeatureName, baseline: readonly number[], seed: number): Comparison {
  const clips = 240
  const missing = MISSING[name] ?? 0
  const shift = SHIFTS[name] ?? 0
  const shares =
    name === 'codec'
      ? moved(baseline)
      : baseline.map(
          (share, bin) =>
            share *
            Math.exp((shift * 2 * (bin - (baseline.length - 1) / 2)) / 2) *
            (1 + 0.12 * Math.sin(7 * bin + seed)),
        )
  const sum = shares.reduce((total, share) => total + share, 0)
  const counts = shares.map((share) => Math.round((clips - missing) * share / sum))
  counts[0]! += clips - missing - counts.reduce((total, count) => total + count, 0)
  const psi = counts.reduce(
    (total, count, bin) =>
      total +
      ((count + 0.5) / (clips - missing + 1) - baseline[bin]!) *
        Math.log((count + 0.5) / (clips - missing + 1) / baseline[bin]!),
    0,
  )
  const excess = psi - (baseline.length - 1) * (1 / clips + 1 / BASELINE_CLIPS)
  return {
    clips,
    counts,
    missing,
    psi,
    excess,
    pValue: excess > 0.1 ? 1e-6 : 0.4,
    delta: FEATURES[name].binning.kind === 'categories' ? null : Math.tanh(shift * 1.5),
  }
}

/** The fourth category takes over. */
function moved(baseline: readonly number[]): number[] {
  return baseline.map((share, index) => index === 3 ? 0.7 : share * 0.3)
}

/** Waves of requests until now, with a pause, a slow quarter of an hour, and refusals and errors in it. */
export function madeUpTraffic(): RecentTraffic {
  const startMs = Date.now() - 59 * 60_000
  let minute = 0
  const recent = new RecentTraffic(() => startMs + minute * 60_000)
  for (; minute < 60; minute++) {
    const slow = minute > 30 && minute < 45
    const requests = minute > 8 && minute < 13 ? 0 : Math.round(40 + 25 * Math.sin(minute / 6) + (slow ? 30 : 0))
    for (let request = 0; request < requests; request++) {
      const waited = slow ? 0.04 + 0.002 * request : 0.0005
      const model = 0.035 + 0.02 * Math.sin(request) ** 2
      const seconds = {
        receive: 0.1,
        queue_wait: waited,
        transfer: 0.0012,
        audio_decode: 0.0015,
        measure: 0.002,
        resample: 0.0008,
        features: 0.003,
        detect: 0.004,
        trim: 0.0002,
        normalize: 0.0002,
        model,
        postprocess: 0.0003,
      }
      recent.answered(
        { ...REPORT, input: { ...REPORT.input, audioSeconds: 1.5 + (request % 3) }, seconds },
        waited + model + 0.014,
      )
    }
    for (let refused = 0; slow && refused < minute % 5; refused++) recent.ended('rejected')
    if (minute % 11 === 0) recent.ended('error')
    if (minute % 7 === 0) recent.ended('cancelled')
  }
  minute = 59
  return recent
}
