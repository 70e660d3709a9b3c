/** A planted slice is found, noise is none: by seeded simulations. */
import t from 'tap'
import { findSlices, foundRates } from '../../../src/data/error-analysis/found-slices.js'
import { bestSplit } from '../../../src/data/error-analysis/split-test.js'
import { observed, simulated } from './made-up.js'

const OPTIONS = { rounds: 199 }
const SETS = 20

t.test('a slice in which errors are three times as frequent is found', async (t) => {
  const found = Array.from({ length: SETS }, (_, seed) => findSlices(simulated(seed + 1, {
    rateOf: (tags) => tags.includes('far') ? 3 : 1,
  }), OPTIONS))
  const right = found.filter((slices) => slices.some(({ conditions }) => conditions.includes('tag far')))
  t.comment(`planted slice found in ${right.length} of ${SETS} sets`)
  t.ok(right.length >= 0.9 * SETS)
  const [worst] = foundRates(right[0]!).sort((one, other) => other.percent - one.percent)
  t.match(worst, { name: /tag far/, p: Number, isSmall: false })
  t.ok(worst!.p <= 0.03)
})

t.test('noise has no slice, although speakers differ and have unequal numbers of clips', async (t) => {
  const found = Array.from({ length: SETS }, (_, seed) => findSlices(simulated(seed + 101), OPTIONS))
  const wrong = found.filter(({ length }) => length > 0)
  t.comment(`a slice found in ${wrong.length} of ${SETS} sets of noise`)
  t.ok(wrong.length <= 3, 'one in twenty is expected at most')
})

t.test('a slice inside a slice is found at the second level, with both conditions', async (t) => {
  const clips = simulated(7, {
    speakers: 80, clipsEach: 10, rateOf: (tags) => tags.includes('far') ? tags.includes('music') ? 8 : 3 : 1,
  })
  const conditions = findSlices(clips, OPTIONS).map((slice) => slice.conditions)
  t.ok(conditions.some((all) => all.includes('tag far') && all.includes('tag music')), JSON.stringify(conditions))
})

t.test('one bad speaker with many clips is no slice: it says nothing about others', async (t) => {
  const bad = Array.from({ length: 60 }, () =>
    observed('one two three four', 'won too tree for', { speaker: 'bad', tags: ['studio'] }))
  const conditions = findSlices([...simulated(3), ...bad], OPTIONS).flatMap((slice) => slice.conditions)
  t.notOk(conditions.some((condition) => condition.includes('studio')), conditions.join())
})

t.test('without candidates there is nothing to test, and the p-value of a sure difference is the smallest', async (t) => {
  const clips = Array.from({ length: 40 }, (_, index) => ({ errors: index < 20 ? 1 : 0, words: 4, block: `${index}` }))
  t.equal(bestSplit(clips, []), undefined)
  const members = Uint8Array.from({ length: 40 }, (_, index) => index < 20 ? 1 : 0)
  const best = bestSplit(clips, [{ inside: 'first', outside: 'last', members }], { rounds: 99 })
  t.match(best, { p: 0.01, candidate: { inside: 'first' } })
  t.equal(best!.statistic, 40, 'squared sum of residuals, 100, over their sum of squares within halves, 2.5')
})
