/** A monitored feature with what is known of it: its baseline, its comparisons, and its alarm. */
import { binLabels, type Bins } from './bins.js'
import { greatestChange } from './evidence.js'
import { FEATURES, type FeatureName } from './features.js'
import type { Shift } from './likely-causes.js'
import { WINDOWS, type Comparison, type FeatureState, type WindowName } from './snapshot.js'
import { smoothedShares, sumOf } from './statistics.js'

/** State of one feature in one window. Counts are evaluations: in a row with and without a finding, and still muted. */
export interface Standing { hits: number; quiet: number; alarm: boolean; muted: number }

export interface Watched {
  readonly name: FeatureName
  /** Index of its value in a row. */
  readonly column: number
  readonly bins: Bins
  /** Index of its first counter; the last of its counters is that of missing values. */
  readonly firstCell: number
  readonly baseline: readonly number[]
  readonly designEffect: Readonly<Record<WindowName, number>>
  readonly standing: Readonly<Record<WindowName, Standing>>
  comparisons: Record<WindowName, Comparison | null>
  alarmSince: number | null
  /** When the oldest clip of the window came that raised the alarm. */
  alarmFrom: number | null
}

export function isAlarmed({ standing }: Watched): boolean {
  return standing.fast.alarm || standing.slow.alarm
}

export function stateOf(watched: Watched): FeatureState {
  const { name, bins, baseline, comparisons, alarmSince, alarmFrom } = watched
  const { family, unit, help } = FEATURES[name]
  const counts = baseline.slice(0, -1)
  return {
    name, family, unit, help,
    bins: binLabels(bins),
    baseline: smoothedShares(counts),
    baselineClips: sumOf(baseline),
    baselineMissing: baseline.at(-1)!,
    windows: { ...comparisons },
    alarm: isAlarmed(watched),
    alarmSince: asInstant(alarmSince),
    alarmFrom: asInstant(alarmFrom),
  }
}

/** The alarm of a feature, by the window with the larger excess; none without an alarm or a comparison. */
export function shiftOf({ name, bins, baseline, comparisons, standing, alarmSince, alarmFrom }: Watched): Shift[] {
  const compared = WINDOWS.flatMap((window) => standing[window].alarm ? comparisons[window] ?? [] : [])
  return compared.sort((a, b) => b.excess - a.excess).slice(0, 1).map(({ counts, missing, excess, delta }) => ({
    feature: name, excess, delta, since: alarmSince, from: alarmFrom,
    evidence: { feature: name, unit: FEATURES[name].unit, ...greatestChange(bins, baseline, [...counts, missing]) },
  }))
}

function asInstant(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString()
}
