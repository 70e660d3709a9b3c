/** Statistics against published values, against plain computations, and against their own law by simulation. */
import t from 'tap'
import { seededRandom } from '../../../fixtures/kit/statistics.js'
import { designEffect } from '../../../src/monitoring/drift/design-effect.js'
import {
  chiSquareQuantile, chiSquareTail, cliffsDelta, dispersion, driftProbability, expectedStability, holm,
  populationStability, smoothedShares,
} from '../../../src/monitoring/drift/statistics.js'

const near = (found: number, wanted: number, within: number): boolean =>
  Math.abs(found - wanted) <= within * Math.abs(wanted)

/** Counts of `clips` draws from shares. */
function draw(shares: readonly number[], clips: number, random: () => number): number[] {
  const counts = shares.map(() => 0)
  for (let clip = 0; clip < clips; clip++) {
    let left = random()
    const bin = shares.findIndex((share) => (left -= share) < 0)
    counts[bin === -1 ? shares.length - 1 : bin]!++
  }
  return counts
}

t.test('the chi-square tail has the values of the tables', (t) => {
  const table: [number, number, number][] = [
    [3.841458821, 1, 0.05], [16.91897760, 9, 0.05], [21.66599433, 9, 0.01], [23.20925116, 10, 0.01],
    [40.28936044, 19, 0.003], [2.70039, 9, 0.975], [0, 5, 1],
  ]
  for (const [x, freedom, p] of table) {
    t.ok(near(chiSquareTail(x, freedom), p, 0.01), `${x} with ${freedom}: ${chiSquareTail(x, freedom)}`)
  }
  t.ok(near(chiSquareTail(2 * 30, 2), Math.exp(-30), 1e-9), 'two degrees are an exponential, far out too')
  t.ok(near(chiSquareTail(200, 4), Math.exp(-100) * (1 + 100), 1e-9), 'four are a sum of two')
  t.end()
})

t.test('the stability index is the sum of its definition, and zero for equal shares', (t) => {
  const [baseline, window] = [[30, 50, 20], [3, 5, 12]]
  const p = [30.5 / 101.5, 50.5 / 101.5, 20.5 / 101.5]
  const q = [3.5 / 21.5, 5.5 / 21.5, 12.5 / 21.5]
  t.ok(
    near(
      populationStability(baseline, window),
      p.reduce((sum, share, i) => sum + (q[i]! - share) * Math.log(q[i]! / share), 0), 1e-12,
    ),
  )
  t.equal(populationStability([40, 40], [40, 40]), 0)
  t.ok(Number.isFinite(populationStability([100, 0], [0, 100])), 'empty bins do not blow up')
  t.ok(near(smoothedShares([5, 0, 1]).reduce((sum, share) => sum + share, 0), 1, 1e-12))
  t.end()
})

t.test('without drift the index has its expected mean, and one test in a hundred rejects at one per cent', (t) => {
  const random = seededRandom(11)
  for (const [clips, bins] of [[100, 10], [200, 10], [500, 10], [2000, 10], [200, 5]] as const) {
    const shares = Array.from({ length: bins }, () => 1 / bins)
    let [rejected, sum] = [0, 0]
    const rounds = 4000
    for (let round = 0; round < rounds; round++) {
      const [baseline, window] = [draw(shares, 2000, random), draw(shares, clips, random)]
      sum += populationStability(baseline, window)
      if (driftProbability(baseline, window, 1) < 0.01) rejected++
    }
    t.ok(near(sum / rounds, expectedStability(bins, clips, 2000, 1), 0.1), `mean at n = ${clips}: ${sum / rounds}`)
    t.ok(rejected / rounds > 0.006 && rejected / rounds < 0.014, `rejected at n = ${clips}: ${rejected / rounds}`)
  }
  t.end()
})

t.test('what the baseline hardly knows is tested exactly', (t) => {
  const random = seededRandom(3)
  let rejected = 0
  for (let round = 0; round < 4000; round++) if (driftProbability(
    [1990, 10], draw([0.995, 0.005], 200, random), 1,
  ) < 0.01) {
    rejected++
  }
  t.ok(rejected / 4000 < 0.012, `one rare bin: ${rejected / 4000}`)
  t.equal(driftProbability([2000, 0], [200, 0], 1), 1)
  t.ok(driftProbability([2000, 0], [198, 2], 1) > 1e-4, 'two clips of an unknown kind may be chance')
  t.ok(driftProbability([2000, 0], [180, 20], 1) < 1e-12, 'twenty are not')
  // Fisher's test by hand: all of the 3 found among the 200 of 2200.
  const tail = (200 * 199 * 198) / (2200 * 2199 * 2198)
  t.ok(near(driftProbability([2000, 0], [197, 3], 1), tail / 0.05, 1e-6), 'and the tail is that of Fisher')
  t.end()
})

t.test('a design effect makes a window less surprising, never more', (t) => {
  for (const window of [[40, 160], [100, 100], [10, 190], [0, 200]]) {
    const [plain, clustered] = [driftProbability([1000, 1000], window, 1), driftProbability([1000, 1000], window, 2.5)]
    t.ok(clustered >= plain, `${window.join()}: ${plain} and ${clustered}`)
  }
  t.ok(driftProbability([2000, 0], [190, 10], 3) > driftProbability([2000, 0], [190, 10], 1))
  t.equal(dispersion([2000, 0], [190, 10]), null, 'one bin that can be compared has no dispersion')
  t.end()
})

t.test('Holm steps down: the smallest is multiplied by all, the next by one fewer, and the order is kept', (t) => {
  t.same(holm([0.01, 0.04, 0.03]).map((p) => Number(p.toFixed(6))), [0.03, 0.06, 0.06])
  t.same(holm([0.9, 0.8]), [1, 1])
  t.same(holm([]), [])
  t.end()
})

t.test('Cliff\'s delta says where a window lies: all above is 1, all below −1, the same 0', (t) => {
  t.equal(cliffsDelta([10, 0, 0], [0, 0, 5]), 1)
  t.equal(cliffsDelta([0, 0, 7], [3, 0, 0]), -1)
  t.ok(Math.abs(cliffsDelta([10, 20, 30], [1, 2, 3])) < 1e-12)
  t.equal(cliffsDelta([1, 1], [0, 0]), 0, 'nothing has no direction')
  const random = seededRandom(5)
  const [a, b] = [
    Array.from({ length: 60 }, () => Math.floor(random() * 4)),
    Array.from({ length: 40 }, () => Math.floor(random() * random() * 4)),
  ]
  const counts = (values: number[]): number[] =>
    [0, 1, 2, 3].map((bin) => values.filter((value) => value === bin).length)
  const pairs = b.flatMap((y) => a.map((x) => Math.sign(y - x))).reduce(
    (sum, sign) => sum + sign, 0,
  ) / (a.length * b.length)
  t.ok(Math.abs(cliffsDelta(counts(a), counts(b)) - pairs) < 1e-12, 'it is the mean sign over all pairs')
  t.end()
})

t.test('the quantile is where the tail is', (t) => {
  for (const freedom of [0.7, 1, 7.2, 9, 90]) {
    for (const tail of [0.95, 0.05, 5e-6]) {
      t.ok(near(chiSquareTail(chiSquareQuantile(tail, freedom), freedom), tail, 1e-5), `${tail} with ${freedom}`)
    }
  }
  t.end()
})

t.test('independent windows have a design effect of about 1, clips in groups of five one of at least 5', (t) => {
  const random = seededRandom(17)
  const shares = Array.from({ length: 10 }, () => 0.1)
  const add = (lists: readonly (readonly number[])[]): number[] =>
    lists[0]!.map((_, bin) => lists.reduce((sum, list) => sum + list[bin]!, 0))
  const alone = Array.from({ length: 200 }, () => draw(shares, 200, random))
  const inFives = Array.from({ length: 200 }, () => draw(shares, 40, random).map((count) => 5 * count))
  t.ok(designEffect(add(alone), alone, alone) < 1.15)
  const clustered = designEffect(add(inFives), inFives, inFives)
  t.ok(clustered > 4.5 && clustered < 6, String(clustered))
  // Only the first bin against the others is clustered: the mean is small, and the tail is that of one bin.
  const oneBin = Array.from({ length: 200 }, () => {
    const first = 10 * draw([0.1, 0.9], 20, random)[0]!
    return [first, ...draw(shares.slice(1).map((share) => share / 0.9), 200 - first, random)]
  })
  t.ok(
    designEffect(add(oneBin), [], oneBin) > 1.3 * designEffect(add(oneBin), oneBin, []),
    'an uneven effect is larger where alarms are raised than on average',
  )
  t.end()
})

t.test('few windows are trusted less than many, and fewer than five not at all', (t) => {
  const random = seededRandom(18)
  const windows = Array.from({ length: 200 }, () =>
    draw([0.25, 0.25, 0.25, 0.25], 40, random).map((count) => 5 * count))
  const all = [10_000, 10_000, 10_000, 10_000]
  const means = Array.from({ length: 20 }, (_, part) => designEffect(all, windows.slice(10 * part, 10 * part + 10), []))
  t.ok(means.filter((mean) => mean >= 5).length >= 16, 'ten windows: the upper limit is seldom too low')
  t.ok(designEffect(all, windows, []) < Math.max(...means))
  t.equal(designEffect(all, windows.slice(0, 4), []), 1)
  t.end()
})
