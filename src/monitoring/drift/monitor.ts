/**
 * Watches the clips of one model: counts them in a fast and a slow window, compares the windows with the baseline
 * whenever a sub-window closes, and declares drift when three things hold: the shift has a size that matters, chance
 * would hardly make it, and two evaluations in a row agree. An alarm ends after three that show nothing, or when its
 * window has run empty. A shift has to be in the newer half of its window too: one that is over is no news. And what
 * the fast window has seen come and go, the slow one does not report again before its clips have left it.
 *
 * Memory is fixed at the start: two rings of counters. Nothing but counts is kept.
 */
import { monitoredFeatures, unmonitoredFeatures, type Baseline } from './baseline.js'
import { binCount, binLabels, binOf, type Bins } from './bins.js'
import { FAMILIES, FEATURES, FEATURE_NAMES, type DriftFeature, type FeatureName, type FeatureRow } from './features.js'
import { WINDOWS, type Comparison, type DriftSnapshot, type FeatureState, type WindowName } from './snapshot.js'
import { cliffsDelta, driftProbability, expectedStability, holm, populationStability, smoothedShares, sumOf } from './statistics.js'
import { CountingWindow, type WindowShape } from './window.js'

const HOUR_MS = 3_600_000
export const FAST: WindowShape = { subWindows: 8, clipsEach: 25, maxAgeMs: HOUR_MS }
export const SLOW: WindowShape = { subWindows: 8, clipsEach: 250, maxAgeMs: 24 * HOUR_MS }
const SHAPES: Readonly<Record<WindowName, WindowShape>> = { fast: FAST, slow: SLOW }
/** Below, expected counts are too small for the statistics; nothing is said then. */
export const LEAST_CLIPS_IN_WINDOW: Readonly<Record<WindowName, number>> = { fast: 100, slow: 400 }

/** Over all features of a family, at one evaluation. */
const ALARM_LEVEL = 1e-4
/** Excess of the stability index that is worth somebody's time, or that much of the clips has become unmeasurable, or measurable. */
const LEAST_EXCESS = 0.1
const LEAST_MISSING_CHANGE = 0.05
const EVALUATIONS_TO_RAISE = 2
const CLEAR_LEVEL = 0.01
/** Of the newer half alone, one feature by itself: a shift that goes on is nearly always below the first, one that is over above the second. */
const ONGOING_LEVEL = 0.05
const OVER_LEVEL = 0.2
const EVALUATIONS_TO_CLEAR = 3

/** Persistence of one feature in one window; `muted` for so many evaluations. */
interface Standing { hits: number; quiet: number; alarm: boolean; muted: number }

interface Watched {
  readonly name: FeatureName
  /** Where its value stands in a row. */
  readonly column: number
  readonly bins: Bins
  /** Where its counters begin; the one for missing values is the last of them. */
  readonly firstCell: number
  readonly baseline: readonly number[]
  readonly designEffect: Readonly<Record<WindowName, number>>
  readonly standing: Readonly<Record<WindowName, Standing>>
  comparisons: Record<WindowName, Comparison | null>
  alarmSince: number | null
}

export interface DriftEvents {
  onAlarm?(feature: FeatureName, state: Comparison): void
  onClear?(feature: FeatureName): void
}

export class DriftMonitor {
  readonly baseline: Baseline
  readonly #watched: readonly Watched[]
  readonly #windows: Readonly<Record<WindowName, CountingWindow>>
  readonly #totals: Float64Array
  /** Where the clip at hand falls: one cell for each feature. */
  readonly #cells: Uint16Array
  readonly #now: () => number
  readonly #events: DriftEvents

  constructor(baseline: Baseline, now: () => number = Date.now, events: DriftEvents = {}) {
    this.baseline = baseline
    this.#now = now
    this.#events = events
    let cells = 0
    this.#watched = monitoredFeatures(baseline).map((name) => {
      const { bins: counted, counts, missing, designEffect } = baseline.features[name]!
      const bins = counted as Bins
      const firstCell = cells
      cells += binCount(bins) + 1
      return {
        name, column: FEATURE_NAMES.indexOf(name), bins, firstCell, baseline: [...counts, missing], designEffect,
        standing: { fast: quiet(), slow: quiet() }, comparisons: { fast: null, slow: null }, alarmSince: null,
      }
    })
    this.#cells = new Uint16Array(this.#watched.length)
    this.#windows = { fast: new CountingWindow(cells, FAST, now()), slow: new CountingWindow(cells, SLOW, now()) }
    this.#totals = new Float64Array(cells)
  }

  /** Counts one clip. */
  observe(row: FeatureRow): void {
    const now = this.#now()
    this.#age(now)
    for (let index = 0; index < this.#watched.length; index++) {
      const { column, firstCell, bins } = this.#watched[index]!
      const cell = firstCell + binOf(row[column]!, bins)
      this.#cells[index] = cell
      this.#totals[cell]!++
    }
    for (const name of WINDOWS) {
      if (!this.#windows[name].add(this.#cells, now)) continue
      this.#evaluate(name)
      this.#windows[name].advance(now)
    }
  }

  /** Names of the features with an alarm. */
  get alarms(): FeatureName[] {
    return this.#watched.filter(isAlarmed).map(({ name }) => name)
  }

  /** Clips ever counted, by feature and bin; the last bin is that of missing values. */
  totals(): { readonly feature: FeatureName; readonly counts: Float64Array }[] {
    return this.#watched.map(({ name, firstCell, baseline }) => ({ feature: name, counts: this.#totals.subarray(firstCell, firstCell + baseline.length) }))
  }

  /** As of the last evaluation. */
  snapshot(): DriftSnapshot {
    this.#age(this.#now())
    const features = this.#watched.map(stateOf)
    const excess = ({ windows: { fast, slow } }: FeatureState): number => Math.max(fast?.excess ?? -Infinity, slow?.excess ?? -Infinity)
    return {
      baseline: summarize(this.baseline),
      windows: {
        fast: { clips: this.#windows.fast.clips, minimum: LEAST_CLIPS_IN_WINDOW.fast },
        slow: { clips: this.#windows.slow.clips, minimum: LEAST_CLIPS_IN_WINDOW.slow },
      },
      alarms: features.filter(({ alarm }) => alarm).sort((a, b) => excess(b) - excess(a)).map(({ name }) => name),
      features,
      unmonitored: unmonitoredFeatures(this.baseline),
    }
  }

  #age(now: number): void {
    for (const name of WINDOWS) {
      const window = this.#windows[name]
      for (let step = 0; step < SHAPES[name].subWindows && window.isAged(now); step++) {
        this.#evaluate(name)
        window.advance(now)
      }
    }
  }

  #evaluate(name: WindowName): void {
    const enough = this.#windows[name].clips >= LEAST_CLIPS_IN_WINDOW[name]
    for (const family of FAMILIES) {
      const own = this.#watched.filter((watched) => FEATURES[watched.name].family === family)
      const pValues = enough ? holm(own.map((watched) => this.#probability(watched, name))) : []
      own.forEach((watched, index) => {
        watched.comparisons[name] = enough ? this.#compare(watched, name, pValues[index]!) : null
        this.#judge(watched, name)
      })
    }
  }

  #probability({ firstCell, baseline, designEffect }: Watched, name: WindowName): number {
    const counts = this.#windows[name].counts.subarray(firstCell, firstCell + baseline.length)
    return driftProbability(baseline, [...counts], designEffect[name])
  }

  #recentProbability({ firstCell, baseline, designEffect }: Watched, name: WindowName): number {
    return driftProbability(baseline, this.#windows[name].newerHalf(firstCell, firstCell + baseline.length), designEffect[name])
  }

  #compare({ bins, firstCell, baseline, designEffect }: Watched, name: WindowName, pValue: number): Comparison {
    const all = [...this.#windows[name].counts.subarray(firstCell, firstCell + baseline.length)]
    const [counts, expected] = [all.slice(0, -1), baseline.slice(0, -1)]
    const [n, m] = [sumOf(counts), sumOf(expected)]
    const psi = n === 0 || m === 0 ? 0 : populationStability(expected, counts)
    return {
      clips: sumOf(all), counts, missing: all.at(-1)!, psi, pValue,
      excess: n === 0 || m === 0 ? 0 : psi - expectedStability(counts.length, n, m, designEffect[name]),
      delta: bins.kind === 'numeric' ? cliffsDelta(expected, counts) : null,
    }
  }

  #judge(watched: Watched, name: WindowName): void {
    const was = isAlarmed(watched)
    const standing = watched.standing[name]
    const comparison = watched.comparisons[name]
    if (comparison === null) Object.assign(standing, quiet())
    else {
      const isLarge = this.baseline.calibration.calibrated && comparison.pValue < ALARM_LEVEL && matters(comparison, watched)
      standing.muted = Math.max(0, standing.muted - 1)
      const recent = isLarge || standing.alarm ? this.#recentProbability(watched, name) : 1
      standing.hits = isLarge && recent < ONGOING_LEVEL && standing.muted === 0 ? standing.hits + 1 : 0
      standing.quiet = comparison.pValue > CLEAR_LEVEL || recent > OVER_LEVEL ? standing.quiet + 1 : 0
      if (standing.hits >= EVALUATIONS_TO_RAISE) standing.alarm = true
      if (standing.quiet >= EVALUATIONS_TO_CLEAR) {
        if (standing.alarm && name === 'fast') watched.standing.slow.muted = SLOW.subWindows + 1
        standing.alarm = false
      }
    }
    const is = isAlarmed(watched)
    if (is === was) return
    watched.alarmSince = is ? this.#now() : null
    if (is) this.#events.onAlarm?.(watched.name, comparison!)
    else this.#events.onClear?.(watched.name)
  }
}

function quiet(): Standing {
  return { hits: 0, quiet: 0, alarm: false, muted: 0 }
}

function isAlarmed({ standing }: Watched): boolean {
  return standing.fast.alarm || standing.slow.alarm
}

function matters({ excess, missing, clips }: Comparison, { baseline }: Watched): boolean {
  return excess > LEAST_EXCESS || Math.abs(missing / clips - baseline.at(-1)! / sumOf(baseline)) > LEAST_MISSING_CHANGE
}

function stateOf(watched: Watched): FeatureState {
  const { name, bins, baseline, comparisons, alarmSince } = watched
  const { family, unit, help } = FEATURES[name] as DriftFeature
  const counts = baseline.slice(0, -1)
  return {
    name, family, unit, help,
    bins: binLabels(bins),
    baseline: smoothedShares(counts),
    baselineClips: sumOf(baseline),
    baselineMissing: baseline.at(-1)!,
    windows: { ...comparisons },
    alarm: isAlarmed(watched),
    alarmSince: alarmSince === null ? null : new Date(alarmSince).toISOString(),
  }
}

function summarize({ id, created, model, calibration, source }: Baseline): DriftSnapshot['baseline'] {
  const { clips, sessions, speakers, provenance } = source
  return { id, created, model: model.name, calibrated: calibration.calibrated, uncalibratedBecause: calibration.because, clips, sessions, speakers, provenance }
}
