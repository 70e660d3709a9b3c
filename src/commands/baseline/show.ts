/** A baseline as text: what it is, whether it is calibrated, and one line for each feature. */
import {
  monitoredCounts, pipelineLabel, unmonitoredFeatures, type Baseline,
} from '../../monitoring/drift/baseline.js'
import { binCount } from '../../monitoring/drift/bins.js'

/** Ten times the clips of a fast window. */
const RECOMMENDED_CLIPS = 2_000

export function describeBaseline(baseline: Baseline): string {
  const lines = [
    ...headOf(baseline),
    '',
    `  ${'feature'.padEnd(26)}${'bins'.padStart(5)}${'missing'.padStart(10)}${'design effect'.padStart(16)}`,
  ]
  for (const [name, { bins, missing, designEffect: { fast, slow } }] of monitoredCounts(baseline)) {
    const cells = [String(binCount(bins)).padStart(5), percent(missing / baseline.source.clips).padStart(10)]
    lines.push(`  ${name.padEnd(26)}${cells.join('')}${`${fast.toFixed(2)}, ${slow.toFixed(2)}`.padStart(16)}`)
  }
  for (const { name, reason } of unmonitoredFeatures(baseline)) {
    lines.push(`  ${name.padEnd(26)}not monitored: ${reason}`)
  }
  return lines.join('\n')
}

function headOf({ id, created, model, pipeline, source, calibration, confidenceToWer }: Baseline): string[] {
  const { fast, slow } = calibration.windows
  const isSmall = source.clips < RECOMMENDED_CLIPS
  return [
    `baseline ${id} of ${created}`,
    `  model      ${model.name} (${model.digest}), pipeline ${pipelineLabel(pipeline)}`,
    `  clips      ${describeSource(source)}`,
    `  from       ${source.provenance}`,
    `  calibrated ${calibration.calibrated
      ? `yes: ${calibration.method} (${fast} fast, ${slow} slow)`
      : `no, it raises no alarms: ${calibration.because}`}`,
    ...isSmall
      ? [`  advice     ${RECOMMENDED_CLIPS} clips or more: the sampling error of a baseline never averages out`]
      : [],
    ...confidenceToWer === null ? [] : [`  words      ${describeErrors(confidenceToWer)} wrong, by confidence`],
  ]
}

function describeSource({ clips, sessions, speakers, from, to }: Baseline['source']): string {
  return [
    `${clips}${sessions === null ? '' : ` of ${sessions} sessions`}`,
    ...speakers === null ? [] : [`${speakers} speakers`],
    ...from === null ? [] : [`${from} to ${to}`],
  ].join(', ')
}

function describeErrors(bins: NonNullable<Baseline['confidenceToWer']>): string {
  return bins.map(({ upTo, words, errors }) => {
    const share = words === 0 ? '-' : `${Math.round(100 * errors / words)} %`
    return `≤ ${upTo}: ${share} of ${words}`
  }).join(', ')
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
