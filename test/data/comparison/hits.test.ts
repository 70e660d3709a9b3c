/** Figures of search hits by hand, and McNemar's test against tabulated values. */
import t from 'tap'
import { compare } from '../../../src/data/comparison/compare.js'
import { compareHits } from '../../../src/data/comparison/hits.js'
import { comparisonPage } from '../../../src/data/comparison/page.js'
import { pairOf, type Hit, type Pair } from '../../../src/data/comparison/pairs.js'
import { comparisonText } from '../../../src/data/comparison/text.js'
import { mcNemar } from '../../../src/data/statistics/mcnemar.js'
import { REPORT } from '../../serving/http/fake-service.js'

const FIRST: Hit = { isRight: true, rank: 1 }
const SECOND: Hit = { isRight: false, rank: 2 }
const EIGHTH: Hit = { isRight: false, rank: 8 }
const NONE: Hit = { isRight: false, rank: null }

function pair(index: number, hits: Pair['hits']): Pair {
  const labelled = { file: `${index}.wav`, text: 'play', source: 'made', speaker: `s${index % 8}`, tags: [] }
  return { ...pairOf(labelled, { a: REPORT, b: REPORT }, null, 'en'), ...hits !== undefined && { hits } }
}

const expected = (a: Hit, b: Hit): Pair['hits'] => ({ a, b, isExpected: true })

t.test('McNemar counts only clips on which the systems differ, exactly', async (t) => {
  // Two-sided binomial tails: 2 × (1 + 10) / 2¹⁰, 2 / 2⁵, and 2 × (1 + 8 + 28) / 2⁸.
  for (const [a, b, p] of [[1, 9, 22 / 1024], [0, 5, 1 / 16], [6, 2, 74 / 256], [10, 10, 1], [0, 0, 1]] as const) {
    t.ok(Math.abs(mcNemar(a, b).p - p) < 1e-12, `${a}, ${b}: ${mcNemar(a, b).p}`)
    t.equal(mcNemar(b, a).p, mcNemar(a, b).p)
  }
  t.ok(mcNemar(2_000, 2_500).p < 1e-12, 'many clips do not underflow to nothing')
})

t.test('figures are counted by hand', async (t) => {
  const pairs = [
    pair(0, expected(FIRST, FIRST)), pair(1, expected(SECOND, FIRST)), pair(2, expected(EIGHTH, SECOND)),
    pair(3, expected(NONE, FIRST)), pair(4, { a: { isRight: true, rank: null }, b: NONE, isExpected: false }),
    pair(5, null),
  ]
  const hits = compareHits(pairs)!
  t.match(hits, { clips: 5, unexpected: 1, drawnBy: 'clip', test: { onlyA: 1, onlyB: 2, p: 1 } })
  const [right, early, reciprocal] = hits.figures
  t.match(right, { name: 'first hit right', percent: { a: 40, b: 60 }, points: 20 })
  t.match(early, { name: 'expected among the first five', percent: { a: 50, b: 100 }, points: 50 })
  t.match(reciprocal, { percent: { a: 100 * (1 + 1 / 2 + 1 / 8) / 4, b: 100 * 3.5 / 4 } })
  t.ok(reciprocal!.interval.low < reciprocal!.points && reciprocal!.interval.high > reciprocal!.points)
})

t.test('a large difference is outside of chance, equal hits are not proof of equality', async (t) => {
  const many = (b: (index: number) => Hit): Pair[] =>
    Array.from({ length: 160 }, (_, index) => pair(index, expected(index % 5 === 0 ? NONE : FIRST, b(index))))
  const better = compareHits(many(() => FIRST))!
  t.match(better, { drawnBy: 'speaker', test: { onlyA: 0, onlyB: 32 } })
  t.ok(better.figures[0]!.interval.low > 0 && better.test.p < 1e-9)
  const equal = compareHits(many((index) => index % 5 === 0 ? NONE : FIRST))!
  t.match(equal.figures[0], { points: 0, interval: { low: -100 * 3.69 / 160, high: 100 * 3.69 / 160 } })
})

t.test('text and page show hits only where a search is compared', async (t) => {
  const context = {
    names: { a: 'first', b: 'second' }, isSame: false, margin: 0.5, leftOut: 0, listed: 20, processorSeconds: null,
  }
  const options = { recordingOf: async () => undefined, language: 'en' }
  const without = compare([pair(0, undefined), pair(1, undefined)], context)
  t.equal(without.hits, null)
  t.notMatch(comparisonText(without) + await comparisonPage(without, options), /Search hits/)
  const searched = compare([pair(0, expected(FIRST, SECOND)), pair(1, expected(FIRST, FIRST))], context)
  for (const shown of [comparisonText(searched), await comparisonPage(searched, options)]) {
    t.match(shown, /Search hits[^]*first hit right, %[^]*100\.0[^]*50\.0[^]*Only A is right on 1, only B on 0; McNemar p/)
  }
})
