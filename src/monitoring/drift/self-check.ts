/**
 * Estimates the rate of false alarms of a baseline before it is used: whole sessions are divided at random into two
 * halves, one half becomes a baseline, and ordinary traffic is simulated from the other, session by session. As in
 * service, those are other people than the ones in the baseline; a baseline of a few speakers is detected here. No
 * session occurs twice in a stream: repeated clips would not resemble the traffic that they were drawn from.
 *
 * Without sessions, blocks of neighbouring clips take their place.
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
const MAX_CLIPS_EACH = 5_000
/** Size of a block of neighbouring clips, if sessions are not known. */
const BLOCK_CLIPS = 50

/** Share of streams of 5,000 clips that may raise an alarm; lower for shorter streams, but never below the minimum. */
const TOLERATED_SHARE = 0.1
const MIN_TOLERATED_SHARE = 0.05

export function hasTooManyFalseAlarms(
  { streams, clipsEach, withAlarm }: Pick<SelfCheck, 'streams' | 'clipsEach' | 'withAlarm'>,
): boolean {
  return withAlarm > streams * Math.max(MIN_TOLERATED_SHARE, TOLERATED_SHARE * clipsEach / MAX_CLIPS_EACH)
}

/** Null if there are too few sessions. `random`: uniform in [0, 1). */
export function checkFalseAlarms(
  clips: readonly BaselineClip[], baseline: Baseline, random: () => number, splits = SPLITS,
): SelfCheck | null {
  const blocks = blocksOf(clips)
  if (blocks.length < 4) return null
  let [withAlarm, clipsEach] = [0, MAX_CLIPS_EACH]
  const raised = new Map<FeatureName, number>()
  for (let split = 0; split < splits; split++) {
    const { known, others } = splitInHalf(blocks, random)
    const computed = computeBaseline(known.flat(), random)
    // Half of the clips may be too few for a calibrated baseline, but they are enough for this check.
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
  return Array.from({ length: Math.floor(clips.length / BLOCK_CLIPS) }, (_, index) =>
    clips.slice(index * BLOCK_CLIPS, (index + 1) * BLOCK_CLIPS))
}

function splitInHalf(
  blocks: readonly Block[], random: () => number,
): { readonly known: readonly Block[]; readonly others: readonly Block[] } {
  const mixed = shuffled(blocks, random)
  const middle = mixed.length >> 1
  return { known: mixed.slice(0, middle), others: mixed.slice(middle) }
}

/** Features that raised an alarm during one stream of ordinary clips. */
function playStream(
  baseline: Baseline, blocks: readonly Block[],
): { readonly alarms: ReadonlySet<FeatureName>; readonly played: number } {
  const alarms = new Set<FeatureName>()
  const monitor = new DriftMonitor(baseline, () => 0, { onAlarm: (feature) => { alarms.add(feature) } })
  let played = 0
  for (const block of blocks) {
    for (const { row } of block) monitor.observe(row)
    played += block.length
    if (played >= MAX_CLIPS_EACH) break
  }
  return { alarms, played }
}
