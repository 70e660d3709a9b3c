/**
 * Feature rows of clips → the computed parts of a baseline: bins, counts, and the variance between windows.
 *
 * The design effect is measured as it will occur in service: clips are cut into windows of the size of a live window,
 * and each is compared with all others (design-effect.ts). People speak in sessions, and mornings differ from evenings;
 * whatever makes ordinary windows differ widens the thresholds by the same amount. Windows are in the order of time
 * and, if sessions are known, also in many random orders of whole sessions. Without times and sessions the variance is
 * unknown, and no alarms are raised.
 */
import type { CompleteBaseline, FeatureCounts } from './baseline.js'
import { binCount, binOf, chooseBins, type Bins } from './bins.js'
import { FEATURES, FEATURE_NAMES, type FeatureName, type FeatureRow } from './features.js'
import { designEffect, MIN_WINDOWS } from './design-effect.js'
import { FAST, SLOW } from './monitor.js'

/** One clip of a baseline. */
export interface BaselineClip {
  readonly row: FeatureRow
  /** Clips of one session, or of one person, are correlated. Null: unknown. */
  readonly session: string | null
  /** Milliseconds since the epoch. Null: unknown, and the order of the list has no meaning. */
  readonly time: number | null
}

export type Computed = Pick<CompleteBaseline, 'features' | 'calibration'>

/** Number of windows to compare; a baseline of 2,000 clips has ten in each random order of its sessions. */
const ARRANGED_WINDOWS = 200
/** With fewer sessions, the baseline describes a few people, and any other speaker would look like drift. */
const MIN_SESSIONS = 50

const FAST_CLIPS = FAST.subWindows * FAST.clipsEach
/** With fewer clips there are too few windows to compare, and the sampling error of the baseline would cause alarms. */
export const MIN_CLIPS = MIN_WINDOWS * FAST_CLIPS
const SLOW_CLIPS = SLOW.subWindows * SLOW.clipsEach

/**
 * `given`: bins of another baseline, so that both can be merged; bins of other features are chosen by the clips.
 * `random`: uniform in [0, 1).
 */
export function computeBaseline(
  clips: readonly BaselineClip[], random: () => number, given: Readonly<Partial<Record<FeatureName, Bins>>> = {},
): Computed {
  const bins = { ...binsFor(clips), ...given }
  const known = new Map(clips.map((clip) => [clip, binRow(clip.row, bins)]))
  const rowsOf = (list: readonly BaselineClip[]): BinRow[] =>
    list.map((clip) => known.get(clip) ?? binRow(clip.row, bins))
  const { ordered, method } = inOrder(clips, random)
  const rows = rowsOf(ordered)
  const isOrdered = method !== UNORDERED
  const windows: Windows = {
    fast: isOrdered ? cutWindows(rows, FAST_CLIPS) : [],
    slow: isOrdered ? cutWindows(rows, SLOW_CLIPS) : [],
    arranged: arrangedWindows(clips, random, rowsOf),
  }
  const features = Object.fromEntries(FEATURE_NAMES.map((name, index) =>
    [name, countFeature(index, bins[name], rows, windows)])) as CompleteBaseline['features']
  const because = whyUncalibrated(clips, method)
  return {
    features,
    calibration: {
      calibrated: because === null, because, method,
      windows: { fast: windows.fast.length, slow: windows.slow.length },
    },
  }
}

/** The bin of each feature of one clip, in the order of FEATURE_NAMES. */
type BinRow = readonly number[]

interface Windows {
  /** In the order of time, or of sessions. */
  readonly fast: readonly (readonly BinRow[])[]
  readonly slow: readonly (readonly BinRow[])[]
  /** Fast windows of many random orders of whole sessions; empty if sessions are not known. */
  readonly arranged: readonly (readonly BinRow[])[]
}

function binRow(row: FeatureRow, bins: Readonly<Record<FeatureName, Bins>>): BinRow {
  return FEATURE_NAMES.map((name, index) => binOf(row[index] ?? null, bins[name]))
}

function arrangedWindows(
  clips: readonly BaselineClip[], random: () => number, rowsOf: (list: readonly BaselineClip[]) => BinRow[],
): BinRow[][] {
  if (sessionsOf(clips) === null) return []
  const count = Math.ceil(ARRANGED_WINDOWS / Math.max(1, Math.floor(clips.length / FAST_CLIPS)))
  return Array.from({ length: count }, () => cutWindows(rowsOf(inSessions(clips, random)), FAST_CLIPS)).flat()
}

/** `feature`: its index in FEATURE_NAMES. */
function countFeature(feature: number, bins: Bins, rows: readonly BinRow[], windows: Windows): FeatureCounts {
  const all = countBins(rows, feature, bins)
  const countEach = (list: readonly (readonly BinRow[])[]): number[][] =>
    list.map((window) => countBins(window, feature, bins))
  const fast = designEffect(all, countEach(windows.fast), countEach(windows.arranged))
  // Slow windows are few. The effect of sessions is measured on fast windows, that of the time of day on slow ones.
  const slow = Math.max(fast, designEffect(all, countEach(windows.slow), []))
  const [counts, missing] = [all.slice(0, -1), all.at(-1) ?? 0]
  return { bins: bins as FeatureCounts['bins'], counts, missing, designEffect: { fast, slow } }
}

export function binsFor(clips: readonly BaselineClip[]): Record<FeatureName, Bins> {
  return Object.fromEntries(FEATURE_NAMES.map((name, index) => {
    const values = clips.flatMap(({ row }) => row[index] ?? [])
    return [name, chooseBins((FEATURES[name]).binning, values)]
  })) as Record<FeatureName, Bins>
}

export function sessionsOf(clips: readonly BaselineClip[]): number | null {
  return clips.every(({ session }) => session === null) ? null : new Set(clips.map(({ session }) => session)).size
}

const UNORDERED = 'none: neither times nor sessions are known'

function inOrder(
  clips: readonly BaselineClip[], random: () => number,
): { readonly ordered: readonly BaselineClip[]; readonly method: string } {
  const timed = clips.flatMap((clip) => clip.time === null ? [] : [{ clip, time: clip.time }])
  if (timed.length === clips.length) {
    return {
      ordered: timed.sort((a, b) => a.time - b.time).map(({ clip }) => clip), method: 'windows in the order of time',
    }
  }
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
  return Array.from({ length: Math.floor(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size))
}

/** Counts in the bins of one feature; the last is that of missing values. */
function countBins(rows: readonly BinRow[], feature: number, bins: Bins): number[] {
  const counts = Array.from({ length: binCount(bins) + 1 }, () => 0)
  for (const row of rows) counts[row[feature]!]!++
  return counts
}

/** Every need that is not met, so that one more recording can meet them all. */
function whyUncalibrated(clips: readonly BaselineClip[], method: string): string | null {
  const sessions = sessionsOf(clips)
  const missing: string[] = []
  if (clips.length < MIN_CLIPS) missing.push(`${clips.length} clips, where at least ${MIN_CLIPS} are needed`)
  if (sessions !== null && sessions < MIN_SESSIONS) {
    missing.push(`${sessions} sessions or speakers, where at least ${MIN_SESSIONS} are needed`)
  }
  if (method === UNORDERED) {
    missing.push('neither times nor sessions of the clips are known, so the variance of ordinary windows is unknown')
  }
  return missing.length === 0 ? null : missing.join('; ')
}
