/**
 * How often a baseline will cry wolf, before it is used: whole sessions are dealt into two halves, one half becomes a
 * baseline, and ordinary traffic is played from the other, session by session. Those are other people than the
 * baseline has heard, as they will be in service; a baseline of a handful of speakers shows here. No session is played
 * twice in a stream: clips that come again and again are not the traffic that they were drawn from.
 *
 * Without sessions, stretches of neighbouring clips take their place.
 */
import type { Baseline } from './baseline.js'
import { computeBaseline, sessionsIn, shuffled, type BaselineClip } from './build-baseline.js'
import type { FeatureName } from './features.js'
import { DriftMonitor } from './monitor.js'

export interface SelfCheck {
  readonly streams: number
  readonly clipsEach: number
  readonly withAlarm: number
  /** Features that raised alarms, most often first. */
  readonly features: readonly FeatureName[]
}

const SPLITS = 10
const STREAMS_EACH = 10
const MOST_CLIPS_EACH = 5_000
/** Neighbours that belong together where sessions are not known. */
const STRETCH_CLIPS = 50

/** Streams of 5,000 clips that may raise an alarm; of shorter ones fewer, but a few are chance. */
const TOLERATED_SHARE = 0.1
const LEAST_TOLERATED_SHARE = 0.05

export function criesWolf({ streams, clipsEach, withAlarm }: Pick<SelfCheck, 'streams' | 'clipsEach' | 'withAlarm'>): boolean {
  return withAlarm > streams * Math.max(LEAST_TOLERATED_SHARE, TOLERATED_SHARE * clipsEach / MOST_CLIPS_EACH)
}

/** Null where the halves would be too small to say anything. `random`: in [0, 1). */
export function checkFalseAlarms(clips: readonly BaselineClip[], baseline: Baseline, random: () => number, splits = SPLITS): SelfCheck | null {
  const blocks = blocksOf(clips)
  if (blocks.length < 4) return null
  let [withAlarm, clipsEach] = [0, MOST_CLIPS_EACH]
  const raised = new Map<FeatureName, number>()
  for (let split = 0; split < splits; split++) {
    const { known, others } = deal(blocks, random)
    const computed = computeBaseline(known.flat(), random)
    // Half as many clips may be too few to be used, and are enough to be checked.
    const half: Baseline = { ...baseline, ...computed, calibration: { ...computed.calibration, calibrated: true } }
    for (let stream = 0; stream < STREAMS_EACH; stream++) {
      const { alarms, played } = playStream(half, shuffled(others, random))
      clipsEach = Math.min(clipsEach, played)
      if (alarms.size > 0) withAlarm++
      for (const feature of alarms) raised.set(feature, (raised.get(feature) ?? 0) + 1)
    }
  }
  const features = [...raised].sort(([, a], [, b]) => b - a).map(([feature]) => feature)
  return { streams: splits * STREAMS_EACH, clipsEach, withAlarm, features }
}

type Block = readonly BaselineClip[]

function blocksOf(clips: readonly BaselineClip[]): Block[] {
  if (clips.some(({ session }) => session !== null)) return sessionsIn(clips)
  return Array.from({ length: Math.floor(clips.length / STRETCH_CLIPS) }, (_, index) => clips.slice(index * STRETCH_CLIPS, (index + 1) * STRETCH_CLIPS))
}

function deal(blocks: readonly Block[], random: () => number): { readonly known: readonly Block[]; readonly others: readonly Block[] } {
  const dealt = shuffled(blocks, random)
  const middle = dealt.length >> 1
  return { known: dealt.slice(0, middle), others: dealt.slice(middle) }
}

/** Features that raised an alarm during one stream of ordinary clips. */
function playStream(baseline: Baseline, blocks: readonly Block[]): { readonly alarms: ReadonlySet<FeatureName>; readonly played: number } {
  const alarms = new Set<FeatureName>()
  const monitor = new DriftMonitor(baseline, () => 0, { onAlarm: (feature) => { alarms.add(feature) } })
  let played = 0
  for (const block of blocks) {
    for (const { row } of block) monitor.observe(row)
    played += block.length
    if (played >= MOST_CLIPS_EACH) break
  }
  return { alarms, played }
}
