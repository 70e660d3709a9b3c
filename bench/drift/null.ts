/**
 * The law of the statistics when nothing changed, on real features: windows are drawn from the traffic that the
 * baseline was drawn from, clip by clip, so that no design effect is at work. A test at one per cent must reject one
 * window in a hundred, and the mean stability index must be what the formula says. Every few windows get a baseline of
 * their own: one baseline, met again and again, would put its own luck into every figure.
 */
import { binsFor } from '../../src/monitoring/drift/build-baseline.js'
import { FEATURE_NAMES, type FeatureName } from '../../src/monitoring/drift/features.js'
import { driftProbability, expectedStability, populationStability } from '../../src/monitoring/drift/statistics.js'
import type { Outcome } from '../named-tables.js'
import { seededRandom, sum } from '../statistics.js'
import { fixed, printTable } from '../table.js'
import { BASELINE_CLIPS, cellsOf, countCells, drawBaselineClips, EVEN_FEATURES, type DriftBench } from './context.js'
import { arrivalsOf } from './traffic.js'

const WINDOW_CLIPS = [100, 200, 500, 2_000]
const BASELINES = 500
const WINDOWS_EACH = 20
const LEVEL = 0.01
const WANTED = { least: 0.007, most: 0.013 }
/** Of the mean index to the formula. */
const RATIO_WANTED = { least: 0.9, most: 1.1 }

interface Tally { rejected: number; stability: number; expected: number }
interface Row { readonly clips: number; readonly windows: number; readonly features: Readonly<Record<FeatureName, { readonly rejected: number; readonly ratio: number }>> }

export async function measure({ traffic, effort }: DriftBench): Promise<Outcome> {
  const rows = await traffic.rows('clean')
  const random = seededRandom(21)
  const arrive = arrivalsOf('independent', rows.length, random)
  const tallies = WINDOW_CLIPS.map(() => FEATURE_NAMES.map((): Tally => ({ rejected: 0, stability: 0, expected: 0 })))
  const baselines = Math.max(1, Math.round(BASELINES * effort))
  for (let made = 0; made < baselines; made++) {
    const clips = drawBaselineClips(rows, arrive)
    const bins = binsFor(clips)
    const baseline = countCells(cellsOf(clips.map(({ row }) => row), bins), bins)
    const cells = cellsOf(rows, bins)
    for (const [size, clipsInWindow] of WINDOW_CLIPS.entries()) {
      for (let window = 0; window < WINDOWS_EACH; window++) {
        addWindow(tallies[size]!, baseline, countCells(Array.from({ length: clipsInWindow }, () => cells[arrive().utterance]!), bins))
      }
    }
  }
  const results = WINDOW_CLIPS.map((clips, size) => rowOf(clips, baselines * WINDOWS_EACH, tallies[size]!))
  print(results)
  return { missed: results.flatMap(missedBy), results }
}

function addWindow(tallies: readonly Tally[], baseline: readonly (readonly number[])[], window: readonly (readonly number[])[]): void {
  window.forEach((counts, feature) => {
    const tally = tallies[feature]!
    const expected = baseline[feature]!
    if (driftProbability(expected, counts, 1) < LEVEL) tally.rejected++
    const [known, found] = [expected.slice(0, -1), counts.slice(0, -1)]
    tally.stability += populationStability(known, found)
    tally.expected += expectedStability(known.length, sum(found), sum(known), 1)
  })
}

function rowOf(clips: number, windows: number, tallies: readonly Tally[]): Row {
  const features = Object.fromEntries(FEATURE_NAMES.map((name, index) => {
    const { rejected, stability, expected } = tallies[index]!
    return [name, { rejected: rejected / windows, ratio: stability / expected }]
  })) as Row['features']
  return { clips, windows, features }
}

function print(results: readonly Row[]): void {
  const others = FEATURE_NAMES.filter((name) => !EVEN_FEATURES.has(name))
  console.log(`rejected at ${100 * LEVEL} %, and mean index over the formula's, ${BASELINE_CLIPS} clips of baseline; ${EVEN_FEATURES.size} features with even bins, ${others.length} with rare ones:`)
  printTable(['window', 'windows', 'rejected %: mean', 'least', 'most', 'index: mean', 'least', 'most', 'rare bins, rejected %: least', 'most'], results.map(({ clips, windows, features }) => {
    const even = [...EVEN_FEATURES].map((name) => features[name])
    const [rejected, ratios] = [even.map((one) => 100 * one.rejected), even.map(({ ratio }) => ratio)]
    const rare = others.map((name) => 100 * features[name].rejected)
    return [clips, windows, fixed(sum(rejected) / rejected.length, 2), fixed(Math.min(...rejected), 2), fixed(Math.max(...rejected), 2),
      fixed(sum(ratios) / ratios.length, 3), fixed(Math.min(...ratios), 3), fixed(Math.max(...ratios), 3), fixed(Math.min(...rare), 2), fixed(Math.max(...rare), 2)]
  }))
}

/** With rare bins a test may reject less: it is exact, and counts are whole. */
function missedBy({ clips, features }: Row): string[] {
  return FEATURE_NAMES.flatMap((name) => {
    const { rejected, ratio } = features[name]
    const isEven = EVEN_FEATURES.has(name)
    return [
      ...rejected > WANTED.most || (isEven && rejected < WANTED.least) ? [`${name}, window of ${clips}: ${fixed(100 * rejected, 2)} % rejected at 1 %, wanted ${isEven ? '0.7' : 'at least nothing'} to 1.3`] : [],
      ...isEven && (ratio < RATIO_WANTED.least || ratio > RATIO_WANTED.most) ? [`${name}, window of ${clips}: mean index ${fixed(ratio, 2)} times the formula's, wanted 0.9 to 1.1`] : [],
    ]
  })
}
