/**
 * How often somebody is woken for nothing: clean streams through the monitor as it runs in the service, clips that are
 * independent and clips that come in sessions of one speaker, and the same streams under the usual fixed rule. Every
 * stream has a baseline of its own, drawn from the same kind of traffic.
 */
import { FEATURE_NAMES, type FeatureName, type FeatureRow } from '../../src/monitoring/drift/features.js'
import { DriftMonitor } from '../../src/monitoring/drift/monitor.js'
import type { Outcome } from '../named-tables.js'
import { seededRandom, sum } from '../statistics.js'
import { fixed, printTable } from '../table.js'
import { baselineOf, binsOf, cellsOf, drawBaselineClips, type DriftBench } from './context.js'
import { FIXED_LIMITS, largestIndex } from './fixed-rule.js'
import { arrivalsOf, WAYS, type Way } from './traffic.js'

const STREAMS = 100
const STREAM_CLIPS = 5_000
const MOST_WITH_ALARM = 0.05

interface Stream {
  /** Features that alarmed, and after how many clips. */
  readonly alarms: readonly { readonly feature: FeatureName; readonly after: number }[]
  readonly largestIndex: number
  /** Mean over the features, fast window. */
  readonly designEffect: number
}
interface Row { readonly way: Way; readonly streams: readonly Stream[] }

export async function measure({ traffic, effort }: DriftBench): Promise<Outcome> {
  const rows = await traffic.rows('clean')
  const count = Math.max(1, Math.round(STREAMS * effort))
  const results = WAYS.map((way): Row => ({ way, streams: Array.from({ length: count }, (_, index) => runStream(rows, way, seededRandom(1_000 + index))) }))
  printTable(['clips', 'streams', 'with an alarm %', 'alarms', 'mean design effect', ...FIXED_LIMITS.map((limit) => `index > ${limit} %`), 'features that alarmed'], results.map(({ way, streams }) => [
    way, count, percent(withAlarm(streams)), sum(streams.map(({ alarms }) => alarms.length)), fixed(sum(streams.map(({ designEffect }) => designEffect)) / count, 2),
    ...FIXED_LIMITS.map((limit) => percent(streams.filter((stream) => stream.largestIndex > limit).length / count)), namesOf(streams),
  ]))
  const missed = results.filter(({ streams }) => withAlarm(streams) > MOST_WITH_ALARM).map(({ way, streams }) => `${way}: ${percent(withAlarm(streams))} % of clean streams had an alarm, wanted at most ${percent(MOST_WITH_ALARM)}`)
  return { missed, results }
}

function runStream(rows: readonly FeatureRow[], way: Way, random: () => number): Stream {
  const baseline = baselineOf(drawBaselineClips(rows, arrivalsOf(way, rows.length, random)), random)
  const arrive = arrivalsOf(way, rows.length, random)
  const arrived = Array.from({ length: STREAM_CLIPS }, () => arrive().utterance)
  const alarms: { feature: FeatureName; after: number }[] = []
  let clips = 0
  const monitor = new DriftMonitor(baseline, () => 0, { onAlarm: (feature) => { alarms.push({ feature, after: clips }) } })
  for (const utterance of arrived) {
    clips++
    monitor.observe(rows[utterance]!)
  }
  const bins = binsOf(baseline)
  const cells = cellsOf(rows, bins)
  const known = FEATURE_NAMES.map((name) => [...baseline.features[name].counts, baseline.features[name].missing])
  return {
    alarms,
    largestIndex: largestIndex(known, arrived.map((utterance) => cells[utterance]!), bins),
    designEffect: sum(FEATURE_NAMES.map((name) => baseline.features[name].designEffect.fast)) / FEATURE_NAMES.length,
  }
}

function withAlarm(streams: readonly Stream[]): number {
  return streams.filter(({ alarms }) => alarms.length > 0).length / streams.length
}

function namesOf(streams: readonly Stream[]): string {
  return [...new Set(streams.flatMap(({ alarms }) => alarms.map(({ feature }) => feature)))].join(' ') || '-'
}

function percent(share: number): string {
  return fixed(100 * share, 0)
}
