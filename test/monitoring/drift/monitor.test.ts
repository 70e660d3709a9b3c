/**
 * Bins, windows and alarms: counts are exact whatever comes, silence about too little, alarms about shifts, and an end
 * to them.
 */
import t from 'tap'
import { seededRandom } from '../../../fixtures/kit/statistics.js'
import { binCount, binLabels, binOf, chooseBins } from '../../../src/monitoring/drift/bins.js'
import {
  FEATURE_NAMES, type FeatureName, type FeatureRow, type FeatureValue,
} from '../../../src/monitoring/drift/features.js'
import { DriftMonitor, FAST, MIN_CLIPS_IN_WINDOW } from '../../../src/monitoring/drift/monitor.js'
import { CountingWindow } from '../../../src/monitoring/drift/window.js'
import { baselineOf, drawClips, drawRow } from './rows.js'

const HOUR_MS = 3_600_000
const BASELINE = baselineOf(drawClips(3000, seededRandom(21)))

function watch(now: () => number = () => 0): { monitor: DriftMonitor; raised: FeatureName[]; cleared: FeatureName[] } {
  const [raised, cleared]: FeatureName[][] = [[], []]
  const monitor = new DriftMonitor(BASELINE, now, {
    onAlarm: (feature) => { raised!.push(feature) }, onClear: (feature) => { cleared!.push(feature) },
  })
  return { monitor, raised: raised!, cleared: cleared! }
}

const feed = (
  monitor: DriftMonitor, clips: number, random: () => number, changes: Parameters<typeof drawRow>[1] = {},
): void => {
  for (let clip = 0; clip < clips; clip++) monitor.observe(drawRow(random, changes))
}

t.test('quantile bins hold equal shares, ties have a bin of their own, and every value falls in exactly one', (t) => {
  const random = seededRandom(2)
  const smooth = Array.from({ length: 1000 }, () => random())
  const bins = chooseBins({ kind: 'quantiles' }, smooth)
  const counts = (values: number[], of: typeof bins): number[] =>
    Array.from({ length: binCount(of) }, (_, bin) => values.filter((value) => binOf(value, of) === bin).length)
  t.same(counts(smooth, bins).length, 10)
  t.ok(counts(smooth, bins).every((count) => Math.abs(count - 100) <= 1), String(counts(smooth, bins)))
  const tied = [...smooth.slice(0, 600), ...Array.from({ length: 400 }, () => 0)]
  const tiedBins = chooseBins({ kind: 'quantiles' }, tied)
  t.equal(counts(tied, tiedBins)[0], 400, 'the 400 zeros stand alone')
  t.ok(counts(tied, tiedBins).every((count) => count >= 25), 'no bin is nearly empty')
  t.same(chooseBins({ kind: 'quantiles' }, [3, 3, 3]), { kind: 'numeric', edges: [] }, 'one value is one bin')
  t.same(chooseBins({ kind: 'quantiles' }, []), { kind: 'numeric', edges: [] })
  t.equal(binOf(null, bins), 10, 'missing has a place behind the bins')
  t.equal(binOf(Infinity, bins), 9)
  t.equal(binOf('flac', { kind: 'category', categories: ['pcm'] }), 1, 'an unknown category is the last bin')
  t.equal(binLabels(bins).length, binCount(bins))
  t.end()
})

t.test('a window is the sum of what it was given last, exactly', (t) => {
  const random = seededRandom(4)
  const window = new CountingWindow(5, { subWindows: 4, clipsEach: 3, maxAgeMs: 1e9 }, 0)
  const given: number[] = []
  for (let clip = 0; clip < 500; clip++) {
    const cell = Math.floor(random() * 5)
    given.push(cell)
    const isFull = window.add(Uint16Array.of(cell), clip)
    const closed = Math.floor(given.length / 3) * 3
    const kept = given.slice(Math.max(0, (isFull ? closed : closed + 3) - 12))
    t.same([...window.counts], [0, 1, 2, 3, 4].map((value) => kept.filter((one) => one === value).length))
    if (isFull) window.advance(clip)
  }
  t.end()
})

t.test('below the least number of clips nothing is said', (t) => {
  const { monitor } = watch()
  feed(monitor, MIN_CLIPS_IN_WINDOW.fast - 1, seededRandom(6), { loudness: () => 99 })
  t.ok(monitor.snapshot().features.every(({ windows }) => windows.fast === null && windows.slow === null))
  t.same(monitor.alarms, [])
  t.end()
})

t.test('a shift raises the alarm of its feature and of no other, and its end ends it', (t) => {
  const { monitor, raised, cleared } = watch()
  const random = seededRandom(7)
  feed(monitor, 1000, random)
  t.same(raised, [])
  feed(monitor, 200, random, { snr: (value) => Number(value) - 2 })
  t.same(raised, ['snr'])
  const state = monitor.snapshot().features.find(({ name }) => name === 'snr')!
  t.ok(
    state.alarm && state.windows.fast!.excess > 1 && state.windows.fast!.delta! < -0.7,
    'with its size and its direction',
  )
  t.same(monitor.snapshot().alarms, ['snr'])
  feed(monitor, 3000, random)
  t.same([monitor.alarms, cleared], [[], ['snr']])
  t.end()
})

t.test('a clip is in a shifted bin only while its feature has an alarm, and where there are more clips than before', (t) => {
  const { monitor } = watch()
  const random = seededRandom(9)
  const rowWith = (snr: FeatureValue): FeatureRow => drawRow(random, { snr: () => snr })
  feed(monitor, 300, random)
  t.same(monitor.shifted(rowWith(2)), [], 'without an alarm there is none')
  feed(monitor, 300, random, { snr: (ordinary) => Math.abs(Number(ordinary)) + 1.2 })
  t.same(monitor.alarms, ['snr'])
  t.same(monitor.shifted(rowWith(2)), ['snr'], 'more clips have such a value now')
  t.same(monitor.shifted(rowWith(-2)), [], 'fewer have this one')
  t.same(monitor.shifted(drawRow(random, { snr: () => -2, loudness: () => 5 })), [], 'another feature has no alarm')
  t.same(monitor.shifted(rowWith(null)), [], 'missing values are no more frequent')
  t.end()
})

t.test('values that go missing raise an alarm, though no bin changed its share', (t) => {
  const { monitor, raised } = watch()
  const random = seededRandom(8)
  feed(monitor, 300, random)
  for (let clip = 0; clip < 200; clip++) monitor.observe(
    drawRow(random).map((value, index) => FEATURE_NAMES[index] === 'noise_floor' && clip % 5 === 0 ? null : value),
  )
  t.same(raised, ['noise_floor'])
  t.end()
})

t.test('clean clips raise nothing: in 40 streams of 5000 at most two have an alarm', (t) => {
  let alarmed = 0
  for (let stream = 0; stream < 40; stream++) {
    const { monitor, raised } = watch()
    feed(monitor, 5000, seededRandom(1000 + stream))
    if (raised.length > 0) alarmed++
  }
  t.ok(alarmed <= 2, `${alarmed} of 40`)
  t.end()
})

t.test('an uncalibrated baseline shows shifts and raises no alarm', (t) => {
  const baseline = baselineOf(drawClips(3000, seededRandom(21)).map((clip) => ({ ...clip, session: null, time: null })))
  t.match(baseline.calibration, { calibrated: false, because: /neither times nor sessions/ })
  const monitor = new DriftMonitor(baseline, () => 0)
  feed(monitor, 1000, seededRandom(9), { loudness: (value) => Number(value) + 5 })
  t.ok(monitor.snapshot().features.find(({ name }) => name === 'loudness')!.windows.fast!.excess > 1)
  t.same(monitor.alarms, [])
  t.end()
})

t.test('old clips leave though no new ones come, and alarms with them', (t) => {
  let now = 0
  const { monitor } = watch(() => now)
  feed(monitor, 400, seededRandom(10), { loudness: (value) => Number(value) + 5 })
  t.same(monitor.alarms, ['loudness'])
  now = 2 * HOUR_MS
  t.ok(monitor.snapshot().windows.fast.clips > 0, 'not all at once')
  now = 300 * HOUR_MS
  t.same([monitor.snapshot().windows.fast.clips, monitor.snapshot().windows.slow.clips, monitor.alarms], [0, 0, []])
  t.ok(monitor.snapshot().features.every(({ windows }) => windows.fast === null))
  feed(monitor, FAST.clipsEach * FAST.subWindows, seededRandom(11))
  t.equal(monitor.snapshot().windows.fast.clips, FAST.clipsEach * (FAST.subWindows - 1), 'it goes on afterwards')
  t.end()
})

t.test('two replicas together have counted what one process would have counted', (t) => {
  const [first, second, both] = [watch().monitor, watch().monitor, watch().monitor]
  const random = seededRandom(12)
  for (let clip = 0; clip < 700; clip++) {
    const row = drawRow(random)
    both.observe(row)
    ;(clip % 3 === 0 ? first : second).observe(row)
  }
  const sums = first
    .totals()
    .map(({ counts }, index) => [...counts].map((count, bin) => count + second.totals()[index]!.counts[bin]!))
  t.same(both.totals().map(({ counts }) => [...counts]), sums)
  t.ok(both.totals().every(({ counts }) => counts.reduce((sum, count) => sum + count, 0) === 700))
  t.end()
})
