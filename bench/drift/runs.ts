/**
 * How often there is a false alarm: clean streams through the monitor as it runs in the service, of clips that are
 * independent and of clips that come in sessions of one speaker. Every stream has a baseline of its own, drawn from the
 * same kind of traffic.
 */
import { FEATURE_NAMES, type FeatureName, type FeatureRow } from '../../src/monitoring/drift/features.js'
import { DriftMonitor } from '../../src/monitoring/drift/monitor.js'
import type { Outcome } from '../harness/bench.js'
import { seededRandom, sum } from '../../fixtures/kit/statistics.js'
import { fixed, printTable } from '../harness/table.js'
import { baselineOf, drawBaselineClips, type DriftBench } from './context.js'
import { arrivalsOf, WAYS, type Way } from './traffic.js'
import { startProgress } from '../harness/progress.js'

const STREAMS = 100
const STREAM_CLIPS = 5_000
const MOST_WITH_ALARM = 0.05

interface Stream {
  /** Features that alarmed, and the number of clips until then. */
  readonly alarms: readonly { readonly feature: FeatureName; readonly after: number }[]
  /** Mean over the features, fast window. */
  readonly designEffect: number
}
interface Row { readonly way: Way; readonly streams: readonly Stream[] }

export async function measure({ traffic, effort }: DriftBench): Promise<Outcome> {
  const rows = await traffic.rows('clean')
  const many = Math.max(1, Math.round(STREAMS * effort))
  const progress = startProgress('streams', many * WAYS.length)
  const results = WAYS.map((way): Row => {
    const streams = Array.from({ length: many }, (_, index) => {
      progress.step()
      return runStream(rows, way, seededRandom(1_000 + index))
    })
    return { way, streams }
  })
  const head = ['clips', 'streams', 'with an alarm %', 'alarms', 'mean design effect', 'features that alarmed']
  printTable(head, results.map(({ way, streams }) => [
    way, many, percent(withAlarm(streams)), sum(streams.map(({ alarms }) => alarms.length)),
    fixed(sum(streams.map(({ designEffect }) => designEffect)) / many, 2), namesOf(streams),
  ]))
  const noisy = results.filter(({ streams }) => withAlarm(streams) > MOST_WITH_ALARM)
  const missed = noisy.map(({ way, streams }) =>
    `${way}: ${percent(withAlarm(streams))} % of clean streams had an alarm, ` +
    `at most ${percent(MOST_WITH_ALARM)} wanted`)
  return { missed, judged: { utterances: rows.length, streams: many }, results }
}

function runStream(rows: readonly FeatureRow[], way: Way, random: () => number): Stream {
  const baseline = baselineOf(drawBaselineClips(rows, arrivalsOf(way, rows.length, random)), random)
  const arrive = arrivalsOf(way, rows.length, random)
  const arrived = Array.from({ length: STREAM_CLIPS }, () => arrive().utterance)
  const alarms: { feature: FeatureName; after: number }[] = []
  let clips = 0
  const monitor = new DriftMonitor(
    baseline, () => 0, { onAlarm: (feature) => { alarms.push({ feature, after: clips }) } },
  )
  for (const utterance of arrived) {
    clips++
    monitor.observe(rows[utterance]!)
  }
  const effects = FEATURE_NAMES.map((name) => baseline.features[name].designEffect.fast)
  return { alarms, designEffect: sum(effects) / FEATURE_NAMES.length }
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
