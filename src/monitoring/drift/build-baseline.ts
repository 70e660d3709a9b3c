/**
 * Clips as rows of features → the parts of a baseline that are computed: bins, counts, and how much windows vary.
 *
 * The design effect is measured as the service will see it: clips are cut into windows of the size of a live window,
 * and each is compared with all the others (design-effect.ts). People speak in sessions, mornings differ from evenings;
 * whatever makes ordinary windows uneven widens the thresholds by as much, and no more. Windows lie in the order of
 * time, and, where sessions are known, in many random orders of whole sessions; without either nothing is known of it,
 * and no alarm may rest on it.
 */
import type { CompleteBaseline, FeatureCounts } from './baseline.js'
import { binCount, binOf, chooseBins, type Bins } from './bins.js'
import { FEATURES, FEATURE_NAMES, type FeatureName, type FeatureRow, type DriftFeature } from './features.js'
import { designEffect, LEAST_WINDOWS } from './design-effect.js'
import { FAST, SLOW } from './monitor.js'

/** One clip of a baseline. */
export interface BaselineClip {
  readonly row: FeatureRow
  /** Clips of one session, or of one person, resemble each other. Null: unknown. */
  readonly session: string | null
  /** Milliseconds since the epoch; null: unknown, and no order may be read into the list. */
  readonly time: number | null
}

export type Computed = Pick<CompleteBaseline, 'features' | 'calibration'>

/** Fewer clips, and the sampling error of the baseline itself is what alarms would be about. */
export const LEAST_CLIPS = 500
/** Windows to compare: a baseline of 2,000 clips has ten in each random order of its sessions. */
const ARRANGED_WINDOWS = 200
/** Fewer sessions, and the baseline is that of a handful of people: others would drift by being others. */
const LEAST_SESSIONS = 50

const FAST_CLIPS = FAST.subWindows * FAST.clipsEach
const SLOW_CLIPS = SLOW.subWindows * SLOW.clipsEach

/** `given`: bins of another baseline, so that both can be merged; those that are absent are fixed by the clips. `random`: in [0, 1). */
export function computeBaseline(clips: readonly BaselineClip[], random: () => number, given: Readonly<Partial<Record<FeatureName, Bins>>> = {}): Computed {
  const bins = { ...binsFor(clips), ...given }
  const cellsOf = new Map(clips.map((clip) => [clip, FEATURE_NAMES.map((name, index) => binOf(clip.row[index]!, bins[name]))]))
  const cellsIn = (list: readonly BaselineClip[]): number[][] => list.map((clip) => cellsOf.get(clip)!)
  const { ordered, method } = inOrder(clips, random)
  const cells = cellsIn(ordered)
  const isOrdered = method !== UNORDERED
  const windows = { fast: isOrdered ? cutWindows(cells, FAST_CLIPS) : [], slow: isOrdered ? cutWindows(cells, SLOW_CLIPS) : [] }
  const arrangements = sessionsOf(clips) === null ? 0 : Math.ceil(ARRANGED_WINDOWS / Math.max(1, Math.floor(clips.length / FAST_CLIPS)))
  const arranged = Array.from({ length: arrangements }, () => cutWindows(cellsIn(inSessions(clips, random)), FAST_CLIPS)).flat()
  const features = Object.fromEntries(FEATURE_NAMES.map((name, index): [string, FeatureCounts] => {
    const all = countCells(cells, index, bins[name])
    const counted = (some: readonly (readonly (readonly number[])[])[]): number[][] => some.map((window) => countCells(window, index, bins[name]))
    const fast = designEffect(all, counted(windows.fast), counted(arranged))
    // Slow windows are few: what sessions do shows in fast ones already, what a day does only in slow ones.
    const slow = Math.max(fast, designEffect(all, counted(windows.slow), []))
    return [name, { bins: bins[name] as FeatureCounts['bins'], counts: all.slice(0, -1), missing: all.at(-1)!, designEffect: { fast, slow } }]
  })) as CompleteBaseline['features']
  const because = whyUncalibrated(clips, method, windows.fast.length)
  return {
    features,
    calibration: { calibrated: because === null, because, method, windows: { fast: windows.fast.length, slow: windows.slow.length } },
  }
}

export function binsFor(clips: readonly BaselineClip[]): Record<FeatureName, Bins> {
  return Object.fromEntries(FEATURE_NAMES.map((name, index) => {
    const values = clips.flatMap(({ row }) => row[index] ?? [])
    return [name, chooseBins((FEATURES[name] as DriftFeature).binning, values)]
  })) as Record<FeatureName, Bins>
}

export function sessionsOf(clips: readonly BaselineClip[]): number | null {
  return clips.every(({ session }) => session === null) ? null : new Set(clips.map(({ session }) => session)).size
}

const UNORDERED = 'none: neither times nor sessions are known'

function inOrder(clips: readonly BaselineClip[], random: () => number): { readonly ordered: readonly BaselineClip[]; readonly method: string } {
  if (clips.every(({ time }) => time !== null)) return { ordered: [...clips].sort((a, b) => a.time! - b.time!), method: 'windows in the order of time' }
  if (sessionsOf(clips) === null) return { ordered: clips, method: UNORDERED }
  return { ordered: inSessions(clips, random), method: 'windows of whole sessions' }
}

function inSessions(clips: readonly BaselineClip[], random: () => number): BaselineClip[] {
  return shuffled(sessionsIn(clips), random).flat()
}

/** The clips of each session. Clips without one are sessions of their own. */
export function sessionsIn(clips: readonly BaselineClip[]): BaselineClip[][] {
  const sessions = new Map<string, BaselineClip[]>()
  clips.forEach((clip, index) => {
    const key = clip.session ?? `alone ${index}`
    const own = sessions.get(key)
    if (own) own.push(clip)
    else sessions.set(key, [clip])
  })
  return [...sessions.values()]
}

export function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list.map((one) => ({ one, at: random() })).sort((a, b) => a.at - b.at).map(({ one }) => one)
}

function cutWindows<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.floor(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size))
}

/** Counts in the bins of one feature; the last is that of missing values. */
function countCells(cells: readonly (readonly number[])[], feature: number, bins: Bins): number[] {
  const counts = Array.from({ length: binCount(bins) + 1 }, () => 0)
  for (const cell of cells) counts[cell[feature]!]!++
  return counts
}

function whyUncalibrated(clips: readonly BaselineClip[], method: string, windows: number): string | null {
  const sessions = sessionsOf(clips)
  if (clips.length < LEAST_CLIPS) return `${clips.length} clips; ${LEAST_CLIPS} are the least`
  if (method === UNORDERED) return 'neither times nor sessions of the clips are known, so nobody knows how much ordinary windows vary'
  if (windows < LEAST_WINDOWS) return `${windows} windows of ${FAST_CLIPS} clips; ${LEAST_WINDOWS} are the least`
  if (sessions !== null && sessions < LEAST_SESSIONS) return `${sessions} sessions or speakers; ${LEAST_SESSIONS} are the least`
  return null
}
