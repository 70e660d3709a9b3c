/** A baseline as text for a person: what it is, whether alarms may rest on it, and each feature in one line. */
import { monitoredFeatures, pipelineLabel, unmonitoredFeatures, type Baseline } from '../../monitoring/drift/baseline.js'
import { binCount, type Bins } from '../../monitoring/drift/bins.js'

/** Alarms want this many times the clips of a window. */
const RECOMMENDED_CLIPS = 2_000

export function describeBaseline(baseline: Baseline): string {
  const { id, created, model, pipeline, source, calibration } = baseline
  const lines = [
    `baseline ${id} of ${created}`,
    `  model      ${model.name} (${model.digest}), pipeline ${pipelineLabel(pipeline)}`,
    `  clips      ${source.clips}${source.sessions === null ? '' : ` of ${source.sessions} sessions`}${source.speakers === null ? '' : `, ${source.speakers} speakers`}${source.from === null ? '' : `, ${source.from} to ${source.to}`}`,
    `  from       ${source.provenance}`,
    `  calibrated ${calibration.calibrated ? `yes: ${calibration.method} (${calibration.windows.fast} fast, ${calibration.windows.slow} slow)` : `no, it raises no alarms: ${calibration.because}`}`,
    ...source.clips < RECOMMENDED_CLIPS ? [`  advice     ${RECOMMENDED_CLIPS} clips or more: the sampling error of a baseline never averages out`] : [],
    ...baseline.confidenceToWer === null ? [] : [`  words      ${baseline.confidenceToWer.map(({ upTo, words, errors }) => `≤ ${upTo}: ${words === 0 ? '-' : `${Math.round(100 * errors / words)} %`} of ${words}`).join(', ')} wrong, by confidence`],
    '',
    `  ${'feature'.padEnd(26)}${'bins'.padStart(5)}${'missing'.padStart(10)}${'design effect'.padStart(16)}`,
  ]
  for (const name of monitoredFeatures(baseline)) {
    const { bins, missing, designEffect } = baseline.features[name]!
    lines.push(`  ${name.padEnd(26)}${String(binCount(bins as Bins)).padStart(5)}${`${(100 * missing / source.clips).toFixed(1)} %`.padStart(10)}${`${designEffect.fast.toFixed(2)}, ${designEffect.slow.toFixed(2)}`.padStart(16)}`)
  }
  for (const { name, reason } of unmonitoredFeatures(baseline)) lines.push(`  ${name.padEnd(26)}not monitored: ${reason}`)
  return lines.join('\n')
}
