/**
 * Likely causes: the right one is named for known changes of recognized clips, every alarm is in exactly one group, and
 * what a cause cannot produce is not attributed to it.
 */
import t from 'tap'
import { seededRandom } from '../../../fixtures/kit/statistics.js'
import { CAUSE_NAMES, CAUSES, type CauseDefinition } from '../../../src/monitoring/drift/causes.js'
import { greatestChange } from '../../../src/monitoring/drift/evidence.js'
import { FEATURE_NAMES, FEATURES, type FeatureName } from '../../../src/monitoring/drift/features.js'
import { likelyCauses, type Shift } from '../../../src/monitoring/drift/likely-causes.js'
import { DriftMonitor } from '../../../src/monitoring/drift/monitor.js'
import { MEASURED } from './measured-shifts.js'
import { baselineOf, drawClips, drawRow } from './rows.js'

const BASELINE = baselineOf(drawClips(3000, seededRandom(71)))

const shift = (feature: string, excess: number, delta: number | null): Shift => ({
  feature, excess, delta, since: 2000, from: 1000,
  evidence: { feature, range: 'any', unit: '', before: 0, now: 1 },
})
const shiftsOf = (measured: readonly (readonly [FeatureName, number, number | null])[]): Shift[] =>
  measured.map(([feature, excess, delta]) => shift(feature, excess, delta))

for (const { change, causes, shifts } of MEASURED) {
  t.test(`measured: ${change}`, (t) => {
    const found = likelyCauses(shiftsOf(shifts))
    t.same(found.slice(0, causes.length).map(({ name }) => name), causes)
    const explained = found.slice(0, causes.length).reduce((sum, { excess }) => sum + excess, 0)
    const all = shifts.reduce((sum, [, excess]) => sum + Math.max(0, excess), 0)
    t.ok(explained >= 0.9 * all, `explains ${(explained / all).toFixed(2)} of the excess`)
    const grouped = found.flatMap(({ signs, effects }) => [...signs, ...effects])
    t.same([...grouped].sort(), shifts.map(([feature]) => feature).sort(), 'every alarm once')
    t.end()
  })
}

t.test('any set of alarms is divided: each is in one group, the largest group first, the unexplained last', (t) => {
  const random = seededRandom(72)
  for (let round = 0; round < 300; round++) {
    const share = random()
    const shifts = FEATURE_NAMES.filter(() => random() < share).map((feature) =>
      shift(feature, 5 * random(), FEATURES[feature].binning.kind === 'categories' ? null : 2 * random() - 1))
    const found = likelyCauses(shifts)
    const grouped = found.flatMap(({ signs, effects }) => [...signs, ...effects])
    t.same([...grouped].sort(), shifts.map(({ feature }) => feature).sort(), `round ${round}`)
    const lengths = found.map(({ signs, effects, evidence }) => evidence.length - signs.length - effects.length)
    t.ok(lengths.every((length) => length === 0), 'each with its evidence')
    const names: string[] = found.map(({ name }) => name)
    t.ok([-1, names.length - 1].includes(names.indexOf('unexplained')), names.join())
    const known = found.filter(({ name }) => name !== 'unexplained').map(({ excess }) => excess)
    t.same(known, [...known].sort((a, b) => b - a))
  }
  t.same(likelyCauses([]), [])
  t.end()
})

t.test('a cause does not explain what it cannot produce', (t) => {
  const names = (...shifts: Shift[]): string[] => likelyCauses(shifts).map(({ name }) => name)
  t.same(names(shift('codec', 9, null), shift('loudness', 2, -0.4)), ['codec'], 'a codec lowers the level a little')
  t.same(names(shift('codec', 9, null), shift('loudness', 2, -0.95)), ['codec', 'level'], 'but not by 20 dB')
  t.same(names(shift('snr', 3, -0.9), shift('loudness', 1, 0.8), shift('peak', 1, 0.8)), ['noise'], 'noise adds power')
  t.same(
    names(shift('snr', 3, -0.9), shift('loudness', 1, -0.8), shift('peak', 1, -0.8)), ['noise', 'level'],
    'and takes none away',
  )
  t.same(names(shift('confidence', 1, -0.5)), ['content'], 'the outputs alone')
  t.same(names(shift('dc_offset', 1, 0.5), shift('language', 2, null)), ['language'])
  t.end()
})

t.test('a feature that cannot be measured any more is no sign of what its values would show', (t) => {
  const missing = (feature: string): Shift => {
    const made = shift(feature, 0.01, -0.05)
    return { ...made, evidence: { ...made.evidence, range: 'missing' } }
  }
  const found = likelyCauses([missing('snr'), missing('syllable_rate'), missing('mfcc_1'), missing('trailing_silence')])
  t.match(found, [{ name: 'no_speech', signs: ['mfcc_1'], effects: ['snr', 'syllable_rate', 'trailing_silence'] }])
  t.match(likelyCauses([missing('snr')]), [{ name: 'unexplained', signs: ['snr'] }], 'clips without pauses, perhaps')
  t.end()
})

t.test('alarms without a common cause stay together', (t) => {
  const [only, ...rest] = likelyCauses([shift('a_feature_of_tomorrow', 1, 0.5), shift('another', 0.5, null)])
  t.match(only, { name: 'unexplained', signs: ['a_feature_of_tomorrow', 'another'], effects: [] })
  t.same(rest, [])
  t.end()
})

t.test('every feature is a sign of a cause, and a cause is not its own effect only', (t) => {
  const definitions: CauseDefinition[] = CAUSE_NAMES.map((name) => CAUSES[name])
  const patterns = definitions.flatMap(({ signs, weakSigns = [] }) => [...signs, ...weakSigns])
  const alone = patterns.map((pattern) => Object.keys(pattern)).filter(({ length }) => length === 1).flat()
  t.same(FEATURE_NAMES.filter((name) => !alone.includes(name)), [], 'so that no feature is left without a group')
  for (const { title, help, advice } of definitions) t.ok(title !== '' && help.endsWith('.') && advice.endsWith('.'))
  t.end()
})

t.test('the evidence is the range whose share has changed most', (t) => {
  const bins = { kind: 'numeric', edges: [-30, -20] } as const
  t.same(
    greatestChange(bins, [10, 80, 10, 0], [90, 10, 0, 0]), { range: 'below −30', before: 0.1, now: 0.9 },
  )
  t.same(greatestChange(bins, [80, 10, 10, 0], [0, 10, 90, 0]), { range: '−30 or more', before: 0.2, now: 1 })
  t.same(
    greatestChange(bins, [40, 20, 40, 0], [10, 80, 10, 0]), { range: '−30 to −20', before: 0.2, now: 0.8 },
    'values that came closer together',
  )
  t.same(greatestChange(bins, [50, 50, 0, 0], [25, 25, 0, 50]), { range: 'missing', before: 0, now: 0.5 })
  t.same(
    greatestChange({ kind: 'category', categories: ['pcm', 'mulaw'] }, [100, 0, 0, 0], [0, 50, 0, 0]),
    { range: 'mulaw', before: 0, now: 1 }, 'what came, not what went',
  )
  t.end()
})

t.test('the monitor names the cause of its alarms, from the first of them on', (t) => {
  let now = 1_000
  const monitor = new DriftMonitor(BASELINE, () => now)
  const random = seededRandom(73)
  for (let clip = 0; clip < 400; clip++) monitor.observe(drawRow(random))
  t.same(monitor.snapshot().causes, [])
  now = 60_000
  for (let clip = 0; clip < 400; clip++) {
    monitor.observe(drawRow(random, {
      codec: () => 'mulaw', bandwidth: (value) => Number(value) - 3, mfcc_2: (value) => Number(value) + 2,
      confidence: (value) => Number(value) - 1,
    }))
  }
  const { causes, alarms } = monitor.snapshot()
  t.match(causes, [{ name: 'codec', signs: ['codec'], excess: Number }])
  t.same([...causes[0]!.signs, ...causes[0]!.effects].sort(), [...alarms].sort())
  t.match(causes[0]!.evidence[0], { feature: 'codec', range: 'mulaw', now: 1 })
  t.equal(causes[0]!.since, new Date(60_000).toISOString())
  t.end()
})
