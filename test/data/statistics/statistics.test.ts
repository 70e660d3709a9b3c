/** Distributions against SciPy 1.17, intervals against their definitions, segments and MAPSSWE by hand. */
import t, { type Test } from 'tap'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import { alignWords } from '../../../src/domain/scoring/word-errors.js'
import { blocksOf, MIN_SPEAKERS } from '../../../src/data/statistics/blocks.js'
import { bootstrapInterval, effectiveBlocks, type Sums } from '../../../src/data/statistics/bootstrap.js'
import {
  normalQuantile, normalTail, studentQuantile, studentTail,
} from '../../../src/data/statistics/distributions.js'
import { matchedPairsTest, segmentsOf, type Segment } from '../../../src/data/statistics/matched-pairs.js'
import { holm } from '../../../src/data/statistics/multiple-tests.js'

const isNear = (t: Test, found: number, wanted: number, relative = 1e-10): void => {
  t.ok(Math.abs(found - wanted) <= relative * Math.abs(wanted), `${found}, ${wanted} wanted`)
}

t.test('tails and quantiles are those of scipy.stats.norm and scipy.stats.t (sf and isf)', async (t) => {
  const normal = [[0.5, 0.3085375387259869], [1.96, 0.024997895148220435], [3, 0.0013498980316300933],
    [5, 2.866515718791933e-7], [-1, 0.8413447460685429]] as const
  for (const [z, tail] of normal) isNear(t, normalTail(z), tail)
  const quantiles = [[0.025, 1.9599639845400545], [0.2, 0.8416212335729142], [1e-6, 4.753424308822899]] as const
  for (const [tail, z] of quantiles) isNear(t, normalQuantile(tail), z)
  const student = [[2, 1, 0.14758361765043326], [2, 2, 0.09175170953613698], [2.5, 5, 0.02724504967118813],
    [1.5, 30, 0.072032964564323], [-1, 7, 0.8246916685898963]] as const
  for (const [at, freedom, tail] of student) isNear(t, studentTail(at, freedom), tail)
  const ofStudent = [[1, 12.706204736174705], [2, 4.302652729749464], [5, 2.5705818356363155],
    [6, 2.4469118511449794], [29, 2.045229642132704], [1000, 1.9623390808264085]] as const
  for (const [freedom, at] of ofStudent) isNear(t, studentQuantile(0.025, freedom), at)
})

const rate = ([errors = NaN, words = NaN]: Sums): number => errors / words

t.test('the interval of many blocks is that of the normal distribution', async (t) => {
  const random = seededRandom(3)
  const blocks = Array.from({ length: 400 }, () => [random() < 0.3 ? 1 : 0, 1])
  const share = blocks.filter(([error]) => error === 1).length / 400
  const half = 1.96 * Math.sqrt(share * (1 - share) / 400)
  for (const method of ['percentile', 'expanded'] as const) {
    const { low, high } = bootstrapInterval(blocks, rate, { method, rounds: 8_000 })
    isNear(t, low, share - half, 0.03)
    isNear(t, high, share + half, 0.03)
  }
})

t.test('of few blocks, the expanded interval covers the true mean as often as it should', async (t) => {
  const random = seededRandom(17)
  const covered = { percentile: 0, expanded: 0 }
  const samples = 2_000
  for (let sample = 0; sample < samples; sample++) {
    // The sum of twelve uniform numbers less six is close to a standard normal one.
    const blocks = Array.from({ length: 8 }, () =>
      [Array.from({ length: 12 }, random).reduce((sum, one) => sum + one, -6), 1])
    for (const method of ['percentile', 'expanded'] as const) {
      const { low, high } = bootstrapInterval(blocks, rate, { method, seed: sample, rounds: 500 })
      if (low <= 0 && high >= 0) covered[method]++
    }
  }
  const [plain, expanded] = [covered.percentile / samples, covered.expanded / samples]
  t.ok(plain < 0.9, `plain percentiles cover ${plain}`)
  t.ok(expanded > 0.93 && expanded < 0.97, `expanded ones ${expanded}`)
})

t.test('unequal blocks are worth fewer equal ones, and the interval is wider for them', async (t) => {
  t.equal(effectiveBlocks([7, 7, 7, 7]), 4)
  t.equal(effectiveBlocks([5, 0, 0]), 1)
  t.ok(effectiveBlocks([600, 10, 10]) < 1.1)
  t.equal(effectiveBlocks([0, 0]), 0)
  const blocks = Array.from({ length: 12 }, (_, index) => [index % 4, 10])
  const [all, few] = [12, 4].map((effective) =>
    bootstrapInterval(blocks, rate, { method: 'expanded', effective, rounds: 20_000 }))
  t.ok(few!.low < all!.low && few!.high > all!.high)
})

t.test('the same seed gives the same interval, another one gives another', async (t) => {
  const blocks = [[1, 10], [3, 12], [0, 9], [2, 30], [4, 11], [1, 8], [0, 3]]
  t.same(bootstrapInterval(blocks, rate, { seed: 5 }), bootstrapInterval(blocks, rate, { seed: 5 }))
  t.notSame(bootstrapInterval(blocks, rate, { seed: 5, rounds: 50 }), bootstrapInterval(blocks, rate, {
    seed: 6, rounds: 50,
  }))
  t.same(bootstrapInterval([[1, 10], [1, 10]], rate), { low: 0.1, high: 0.1 }, 'equal blocks leave no doubt')
  t.same(bootstrapInterval([[1, 10]], rate), { low: NaN, high: NaN }, 'one block says nothing about others')
})

t.test('speakers are drawn where there are enough of them, and clips of unknown speakers alone', async (t) => {
  const clips = (speakers: number) => Array.from({ length: 24 }, (_, index) => ({ speaker: `s${index % speakers}` }))
  t.match(blocksOf(clips(MIN_SPEAKERS)), { by: 'speaker', blocks: { length: MIN_SPEAKERS } })
  t.match(blocksOf(clips(MIN_SPEAKERS - 1)), { by: 'clip', blocks: { length: 24 } })
  t.match(blocksOf([...clips(MIN_SPEAKERS), { speaker: null }, { speaker: null }]), {
    by: 'speaker', blocks: { length: MIN_SPEAKERS + 2 },
  })
})

/** Of a reference, and what two systems made of it. */
function segments(reference: string, a: string, b: string): Segment[] {
  const words = (text: string): string[] => text.split(' ').filter((word) => word !== '')
  return segmentsOf(alignWords(words(reference), words(a)), alignWords(words(reference), words(b)))
}

t.test('segments end where both systems have two words in a row right', async (t) => {
  const seen = 'a b c d e f g h'
  t.same(segments(seen, seen, seen), [], 'without errors there is none')
  t.same(segments(seen, 'a X c d e f g h', 'a b c d e f X h'), [
    { errorsA: 1, errorsB: 0 }, { errorsA: 0, errorsB: 1 },
  ], 'four right words between')
  t.same(segments(seen, 'a X c d e f g h', 'a b c X e f g h'), [{ errorsA: 1, errorsB: 1 }], 'one right word between')
  t.same(segments(seen, 'a X c d X f g h', seen), [
    { errorsA: 1, errorsB: 0 }, { errorsA: 1, errorsB: 0 },
  ], 'exactly two right words between')
  t.same(segments(seen, 'a X c Z d X f g h', seen), [{ errorsA: 3, errorsB: 0 }], 'an insertion parts two right words')
  t.same(segments(seen, 'a b c d e f', 'Z a b c d e f g h Y'), [
    { errorsA: 0, errorsB: 1 }, { errorsA: 2, errorsB: 1 },
  ], 'insertions at the ends, and the end of the utterance closes')
  t.same(segments('', '', 'hello there'), [{ errorsA: 0, errorsB: 2 }], 'a reference without words')
  t.throws(() => segmentsOf(alignWords(['a'], ['a']), alignWords(['a', 'b'], ['a'])), RangeError)
})

t.test('segments hold every error exactly once, whatever was recognized', async (t) => {
  const random = seededRandom(29)
  const draw = (length: number): string[] => Array.from({ length }, () => 'abcd'[Math.floor(random() * 4)]!)
  for (let round = 0; round < 300; round++) {
    const reference = draw(Math.floor(random() * 12))
    const [a, b] = [alignWords(reference, draw(Math.floor(random() * 12))), alignWords(reference, draw(6))]
    const found = segmentsOf(a, b)
    const errors = (edits: typeof a): number => edits.filter(({ kind }) => kind !== 'match').length
    t.equal(found.reduce((sum, { errorsA }) => sum + errorsA, 0), errors(a))
    t.equal(found.reduce((sum, { errorsB }) => sum + errorsB, 0), errors(b))
    t.ok(found.every(({ errorsA, errorsB }) => errorsA + errorsB > 0))
  }
})

t.test('MAPSSWE is the matched-pairs test of the segments', async (t) => {
  // scipy.stats.ttest_1samp of the differences: t 1.7685190342396895; 2 · norm.sf of it is the p of NIST.
  const differences = [1, -1, 2, 0, 1, 1, -1, 3, 0, 1]
  const found = matchedPairsTest(differences.map((one) => ({ errorsA: 3 - one, errorsB: 3 })))
  t.match(found, { segments: 10, mean: 0.7 })
  isNear(t, found.z, 1.7685190342396895)
  isNear(t, found.p, 0.07697417298126674)
  const other = matchedPairsTest(differences.map((one) => ({ errorsA: 3, errorsB: 3 - one })))
  isNear(t, other.z, -found.z)
  isNear(t, other.p, found.p)
  t.same(matchedPairsTest([]), { segments: 0, mean: 0, z: 0, p: 1 })
  t.match(matchedPairsTest([{ errorsA: 0, errorsB: 1 }]), { z: Infinity, p: 1 }, 'one segment proves nothing')
  t.match(matchedPairsTest(new Array<Segment>(6).fill({ errorsA: 1, errorsB: 0 })), { z: -Infinity, p: 1 / 32 })
})

t.test('Holm: the example of the definition, in any order', async (t) => {
  const adjusted = holm([0.01, 0.04, 0.03, 0.005])
  for (const [index, wanted] of [0.03, 0.06, 0.06, 0.02].entries()) isNear(t, adjusted[index]!, wanted)
  t.same(holm([]), [])
  t.same(holm([0.6, 0.9]), [1, 1], 'never above 1')
})
