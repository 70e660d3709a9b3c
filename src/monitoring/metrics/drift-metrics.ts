/**
 * Exports the state of the drift monitor as metrics. Bins are counters, because counts can be added up over replicas
 * and over any time exactly; a stability index cannot. A comparison with too few clips is absent and not zero, since a
 * zero would mean "no drift". A feature that the baseline lacks is absent too.
 */
import { monitoredFeatures, pipelineLabel, type Baseline } from '../drift/baseline.js'
import { CAUSE_LABELS } from '../drift/causes.js'
import type { DriftMonitor } from '../drift/monitor.js'
import { WINDOWS, type Comparison } from '../drift/snapshot.js'
import { smoothedShares } from '../drift/statistics.js'
import type { MetricName } from './definitions.js'
import type { MetricRegistry } from './registry.js'

/** Metrics of one feature in one window; null removes the series. */
const COMPARED: Readonly<Partial<Record<MetricName, (comparison: Comparison) => number | null>>> = {
  asr_drift_psi: ({ psi }) => psi,
  asr_drift_psi_excess: ({ excess }) => excess,
  asr_drift_p_value: ({ pValue }) => pValue,
  asr_drift_cliffs_delta: ({ delta }) => delta,
}

/** Exports a monitor at every scrape; without one, removes the series that need a baseline. */
export function exposeDrift(registry: MetricRegistry, monitor: DriftMonitor | undefined): void {
  if (monitor === undefined) {
    registry.gauge('asr_drift_baseline_created_timestamp_seconds').remove()
    for (const window of WINDOWS) registry.gauge('asr_drift_window_samples').remove({ window })
    for (const cause of CAUSE_LABELS) registry.gauge('asr_drift_cause_alarms').remove({ cause })
    return
  }
  describeBaseline(registry, monitor.baseline)
  for (const feature of monitoredFeatures(monitor.baseline)) {
    registry.counter('asr_drift_alarms_total').inc({ feature }, 0)
  }
  const counted = monitor.totals().map(({ counts }) => new Float64Array(counts.length))
  registry.beforeScrape('asr_drift_bin_observations_total', () => {
    addNewClips(registry, monitor, counted)
    showState(registry, monitor)
  })
}

function describeBaseline(registry: MetricRegistry, baseline: Baseline): void {
  const { id, model, pipeline, calibration, created, features } = baseline
  registry
    .gauge('asr_drift_baseline_info')
    .set({
      id, model: model.name, pipeline: pipelineLabel(pipeline), calibrated: calibration.calibrated ? 'yes' : 'no',
    }, 1)
  registry.gauge('asr_drift_baseline_created_timestamp_seconds').set(Date.parse(created) / 1000)
  for (const feature of monitoredFeatures(baseline)) {
    const { counts, designEffect } = features[feature]!
    smoothedShares(counts).forEach((share, bin) => {
      registry.gauge('asr_drift_baseline_proportion').set({ feature, bin: String(bin) }, share)
    })
    registry.gauge('asr_drift_baseline_samples').set({ feature }, counts.reduce((sum, count) => sum + count, 0))
    registry.gauge('asr_drift_baseline_design_effect').set({ feature }, Math.max(designEffect.fast, designEffect.slow))
  }
}

/** Increments counters by the clips since the last scrape. `counted`: clips that they contain, updated in place. */
function addNewClips(registry: MetricRegistry, monitor: DriftMonitor, counted: readonly Float64Array[]): void {
  const counter = registry.counter('asr_drift_bin_observations_total')
  monitor.totals().forEach(({ feature, counts }, index) => {
    const known = counted[index]
    if (known === undefined) return
    counts.forEach((total, bin) => {
      const isMissing = bin === counts.length - 1
      counter.inc({ feature, bin: isMissing ? 'missing' : String(bin) }, total - known[bin]!)
      known[bin] = total
    })
  })
}

function showState(registry: MetricRegistry, monitor: DriftMonitor): void {
  const { windows, features, causes } = monitor.snapshot()
  for (const cause of CAUSE_LABELS) {
    const found = causes.find(({ name }) => name === cause)
    const alarms = found === undefined ? 0 : found.signs.length + found.effects.length
    registry.gauge('asr_drift_cause_alarms').set({ cause }, alarms)
  }
  for (const window of WINDOWS) registry.gauge('asr_drift_window_samples').set({ window }, windows[window].clips)
  for (const { name, family, alarm, windows: compared } of features) {
    registry.gauge('asr_drift_alarm').set({ feature: name, kind: family }, alarm ? 1 : 0)
    for (const window of WINDOWS) for (const [metric, of] of Object.entries(COMPARED)) {
      const comparison = compared[window]
      const value = comparison === null ? null : of(comparison)
      const gauge = registry.gauge(metric as MetricName)
      if (value === null) gauge.remove({ feature: name, window })
      else gauge.set({ feature: name, window }, value)
    }
  }
}

/** Counts an alarm when it is raised: a scrape would miss an alarm that ends before it. */
export function countAlarm(registry: MetricRegistry, feature: string): void {
  registry.counter('asr_drift_alarms_total').inc({ feature })
}

