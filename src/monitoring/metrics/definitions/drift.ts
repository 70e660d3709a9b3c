/** Metrics of drift. */
import { CAUSE_LABELS } from '../../drift/causes.js'
import { FAMILIES } from '../../drift/features.js'
import { WINDOWS } from '../../drift/snapshot.js'
import type { MetricDefinition } from './definition.js'

export const DRIFT_METRICS = {
  asr_drift_bin_observations_total: {
    type: 'counter',
    help: 'Clips by feature and bin of the baseline; `missing` counts those on which the feature could not be '
      + 'measured.',
    labels: { feature: 'open', bin: 'open' },
  },
  asr_drift_baseline_proportion: {
    type: 'gauge',
    help: 'Share of the baseline in each bin, smoothed (Jeffreys), without `missing`.',
    labels: { feature: 'open', bin: 'open' },
  },
  asr_drift_baseline_samples: {
    type: 'gauge',
    help: 'Clips of the baseline on which a feature could be measured.',
    labels: { feature: 'open' },
  },
  asr_drift_baseline_design_effect: {
    type: 'gauge',
    help: 'Variance between windows of the baseline relative to windows of independent clips, the larger of '
      + 'both window sizes.',
    labels: { feature: 'open' },
  },
  asr_drift_baseline_info: {
    type: 'gauge',
    help: 'The baseline in use; always 1.',
    labels: { id: 'open', model: 'open', pipeline: 'open', calibrated: ['yes', 'no'] },
  },
  asr_drift_baseline_created_timestamp_seconds: { type: 'gauge', help: 'When the baseline was made, as a Unix time.' },
  asr_drift_window_samples: {
    type: 'gauge',
    help: 'Clips in the current window of this process.',
    labels: { window: WINDOWS },
  },
  asr_drift_psi: {
    type: 'gauge',
    help: 'Population stability index of a window against the baseline; absent while the window has too few clips.',
    labels: { feature: 'open', window: WINDOWS },
  },
  asr_drift_psi_excess: {
    type: 'gauge',
    help: 'asr_drift_psi minus its expected value without drift; may be slightly negative.',
    labels: { feature: 'open', window: WINDOWS },
  },
  asr_drift_p_value: {
    type: 'gauge',
    help: 'Probability of such a window without drift, Holm-adjusted over the features of the family, design '
      + 'effect included.',
    labels: { feature: 'open', window: WINDOWS },
  },
  asr_drift_cliffs_delta: {
    type: 'gauge',
    help: 'Direction of a shift: from -1, all values lie below the baseline, to 1, all above.',
    labels: { feature: 'open', window: WINDOWS },
  },
  asr_drift_alarm: {
    type: 'gauge',
    help: 'Whether drift is declared: the shift is large, significant and persistent.',
    labels: { feature: 'open', kind: FAMILIES },
  },
  asr_drift_cause_alarms: {
    type: 'gauge',
    help: 'Features with an alarm that have this likely cause; `unexplained` are those without a common one.',
    labels: { cause: CAUSE_LABELS },
  },
  asr_drift_alarms_total: { type: 'counter', help: 'Drift alarms raised.', labels: { feature: 'open' } },
} as const satisfies Record<string, MetricDefinition>
