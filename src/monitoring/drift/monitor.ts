/**
 * Monitors the clips of one model: counts them in a fast and a slow window, and compares a window with the baseline
 * whenever one of its sub-windows closes. Drift is declared if the shift is large enough to matter, significant, and
 * found by two evaluations in a row. An alarm ends after three evaluations without a finding, or when its window is
 * empty. A shift must also be present in the newer half of its window, so that one that has ended raises no alarm.
 * After the fast window has raised and ended an alarm, the slow one does not raise it again until those clips have left
 * it.
 *
 * Memory is fixed at the start: two rings of counters. Only counts are kept.
 */
import { monitoredCounts, unmonitoredFeatures, type Baseline } from './baseline.js'
import { binCount, binOf, type Bins } from './bins.js'
import { FAMILIES, FEATURES, FEATURE_NAMES, type FeatureName, type FeatureRow } from './features.js'
import { likelyCauses, type LikelyCause } from './likely-causes.js'
import {
  summarize, WINDOWS, type Comparison, type DriftSnapshot, type FeatureState, type WindowName,
} from './snapshot.js'
import {
  cliffsDelta, driftProbability, expectedStability, holm, isMoreFrequent, populationStability, sumOf,
} from './statistics.js'
import { isAlarmed, shiftOf, stateOf, type Standing, type Watched } from './watched.js'
import { CountingWindow, type WindowShape } from './window.js'

const HOUR_MS = 3_600_000
export const FAST: WindowShape = { subWindows: 8, clipsEach: 25, maxAgeMs: HOUR_MS }
export const SLOW: WindowShape = { subWindows: 8, clipsEach: 250, maxAgeMs: 24 * HOUR_MS }
const SHAPES: Readonly<Record<WindowName, WindowShape>> = { fast: FAST, slow: SLOW }
/** With fewer clips, expected counts are too small for the statistics, and there is no comparison. */
export const MIN_CLIPS_IN_WINDOW: Readonly<Record<WindowName, number>> = { fast: 100, slow: 400 }

/** Family-wise error rate of one evaluation, over all features of a family. */
const ALARM_LEVEL = 1e-4
/** Size of a shift that matters: excess of the stability index, or change of the share of missing values. */
const MIN_EXCESS = 0.1
const MIN_MISSING_CHANGE = 0.05
const EVALUATIONS_TO_RAISE = 2
const CLEAR_LEVEL = 0.01
/**
 * P-values of one feature in the newer half alone: nearly always below the first while a shift continues, and above the
 * second when it is over.
 */
const ONGOING_LEVEL = 0.05
const OVER_LEVEL = 0.2
const EVALUATIONS_TO_CLEAR = 3

export interface DriftEvents {
  onAlarm?(feature: FeatureName, state: Comparison): void
  onClear?(feature: FeatureName): void
}

export class DriftMonitor {
  readonly baseline: Baseline
  readonly #watched: readonly Watched[]
  readonly #windows: Readonly<Record<WindowName, CountingWindow>>
  readonly #totals: Float64Array
  /** Scratch: the counter of each feature that the current clip increments. */
  readonly #cells: Uint16Array
  readonly #now: () => number
  readonly #events: DriftEvents

  constructor(baseline: Baseline, now: () => number = Date.now, events: DriftEvents = {}) {
    this.baseline = baseline
    this.#now = now
    this.#events = events
    let cells = 0
    this.#watched = monitoredCounts(baseline).map(([name, { bins: counted, counts, missing, designEffect }]) => {
      const bins = counted as Bins
      const firstCell = cells
      cells += binCount(bins) + 1
      return {
        name, column: FEATURE_NAMES.indexOf(name), bins, firstCell, baseline: [...counts, missing], designEffect,
        standing: { fast: quiet(), slow: quiet() }, comparisons: { fast: null, slow: null }, alarmSince: null,
        alarmFrom: null,
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

  /** The alarms by their likely cause. */
  causes(): LikelyCause[] {
    return likelyCauses(this.#watched.flatMap(shiftOf))
  }

  /** Features with an alarm in whose bins that have become more frequent this clip is. */
  shifted(row: FeatureRow): FeatureName[] {
    const isShifted = ({ standing, column, bins, firstCell, baseline, designEffect }: Watched): boolean =>
      WINDOWS.some((name) => {
        const counts = this.#windows[name].counts.subarray(firstCell, firstCell + baseline.length)
        return standing[name].alarm && isMoreFrequent(binOf(row[column]!, bins), baseline, counts, designEffect[name])
      })
    return this.#watched.filter(isShifted).map(({ name }) => name)
  }

  /** All clips since the start, by feature and bin; the last bin is that of missing values. */
  totals(): { readonly feature: FeatureName; readonly counts: Float64Array }[] {
    return this.#watched.map(({ name: feature, firstCell, baseline }) =>
      ({ feature, counts: this.#totals.subarray(firstCell, firstCell + baseline.length) }))
  }

  /** As of the last evaluation. */
  snapshot(): DriftSnapshot {
    this.#age(this.#now())
    const features = this.#watched.map(stateOf)
    const excess = ({ windows: { fast, slow } }: FeatureState): number =>
      Math.max(fast?.excess ?? -Infinity, slow?.excess ?? -Infinity)
    return {
      baseline: summarize(this.baseline),
      windows: {
        fast: { clips: this.#windows.fast.clips, minimum: MIN_CLIPS_IN_WINDOW.fast },
        slow: { clips: this.#windows.slow.clips, minimum: MIN_CLIPS_IN_WINDOW.slow },
      },
      alarms: features.filter(({ alarm }) => alarm).sort((a, b) => excess(b) - excess(a)).map(({ name }) => name),
      causes: this.causes(),
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
    const enough = this.#windows[name].clips >= MIN_CLIPS_IN_WINDOW[name]
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
    return driftProbability(
      baseline, this.#windows[name].newerHalf(firstCell, firstCell + baseline.length), designEffect[name],
    )
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
      const isLarge = this.baseline.calibration.calibrated && comparison.pValue < ALARM_LEVEL
        && matters(comparison, watched)
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
    watched.alarmFrom = is ? this.#windows[name].beganAt ?? null : null
    if (is) this.#events.onAlarm?.(watched.name, comparison!)
    else this.#events.onClear?.(watched.name)
  }
}

function quiet(): Standing {
  return { hits: 0, quiet: 0, alarm: false, muted: 0 }
}

function matters({ excess, missing, clips }: Comparison, { baseline }: Watched): boolean {
  return excess > MIN_EXCESS || Math.abs(missing / clips - baseline.at(-1)! / sumOf(baseline)) > MIN_MISSING_CHANGE
}
