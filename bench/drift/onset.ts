/**
 * One run of an experiment: a baseline, clean clips until both windows are full and some more, so that the shift may
 * begin anywhere between two evaluations, and then the same utterances changed, or a share of them.
 */
import { FAMILIES, FEATURES, type FeatureName, type FeatureRow } from '../../src/monitoring/drift/features.js'
import { DriftMonitor } from '../../src/monitoring/drift/monitor.js'
import { baselineOf, drawBaselineClips } from './context.js'
import { arrivalsOf, type Way } from './traffic.js'

export interface Onset {
  readonly way: Way
  /** Of the clips after the onset; the others stay as they are. */
  readonly share: number
  readonly random: () => number
}

export interface Alarm {
  readonly feature: FeatureName
  /** Clips since the onset. */
  readonly after: number
  readonly excess: number
}

export interface OnsetRun {
  /** Raised after the onset, in the order of time, the strongest excess of a moment first. */
  readonly alarms: readonly Alarm[]
  /** Raised before it: false. */
  readonly before: number
}

const CLEAN_CLIPS = 2_000
const CLIPS_BETWEEN_EVALUATIONS = 25
/** After the onset; what is not noticed by then counts as missed. */
export const MOST_CLIPS = 1_000

/** Both lists: the same utterances in the same order. */
export function watchOnset(
  clean: readonly FeatureRow[], changed: readonly FeatureRow[], { way, share, random }: Onset,
): OnsetRun {
  const baseline = baselineOf(drawBaselineClips(clean, arrivalsOf(way, clean.length, random)), random)
  const onsetAt = CLEAN_CLIPS + Math.floor(CLIPS_BETWEEN_EVALUATIONS * random())
  const alarms: Alarm[] = []
  let after = -onsetAt
  const monitor = new DriftMonitor(
    baseline, () => 0, { onAlarm: (feature, { excess }) => { alarms.push({ feature, after, excess }) } },
  )
  const arrive = arrivalsOf(way, clean.length, random)
  while (after < MOST_CLIPS) {
    after++
    const { utterance } = arrive()
    monitor.observe((after > 0 && random() < share ? changed : clean)[utterance]!)
  }
  const raised = alarms.filter((alarm) => alarm.after > 0).sort((a, b) => a.after - b.after || b.excess - a.excess)
  return { alarms: raised, before: alarms.length - raised.length }
}

/**
 * Features named at the first moment of alarm: the strongest so many of each family, the strongest first. Families
 * alarm apart.
 */
export function firstNamed({ alarms }: OnsetRun, ofEach: number): FeatureName[] {
  const first = alarms.filter(({ after }) => after === alarms[0]!.after).map(({ feature }) => feature)
  const strongest = FAMILIES.flatMap((family) =>
    first.filter((feature) => FEATURES[feature].family === family).slice(0, ofEach))
  return first.filter((feature) => strongest.includes(feature))
}

/** How often features occur in so many lists of names, %, the most frequent first. */
export function namesWithShares(lists: readonly (readonly FeatureName[])[], most = Infinity): string {
  const counts = new Map<FeatureName, number>()
  for (const name of lists.flatMap((names) => [...new Set(names)])) counts.set(name, (counts.get(name) ?? 0) + 1)
  const frequent = [...counts].sort((a, b) => b[1] - a[1]).slice(0, most)
  return frequent.map(([name, count]) => `${name} ${Math.round((100 * count) / lists.length)}`).join(', ') || '-'
}
