/** Agreement of labellers: kappa of published examples, known disagreement gives the known figures. */
import t from 'tap'
import { labellerAgreement } from '../../../src/data/labels/agreement/agreement.js'
import { kappaInterval } from '../../../src/data/labels/agreement/kappa-interval.js'
import { cohensKappa, type Rated } from '../../../src/data/labels/agreement/kappa.js'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import type { Label } from '../../../src/data/labels/label-file.js'

/** Counts of a square table → the items. */
const itemsOf = (table: readonly (readonly number[])[]): Rated[] => table.flatMap((row, first) =>
  row.flatMap((count, second) => Array.from({ length: count }, (): Rated => [String(first), String(second)])))

const label = (clip: string, author: string, text: string, details: Partial<Label> = {}): Label => ({
  clip, author, text, time: '2026-05-04T09:30:00Z', tags: [], state: 'labelled', secondOpinion: true, ...details,
})

t.test('kappa of published examples', async (t) => {
  // Table 1 of Cohen 1968: two judges, 200 cases, three diagnoses; R has it in psych::cohen.kappa, unweighted 0.49.
  const cohen = cohensKappa(itemsOf([[88, 14, 18], [10, 40, 10], [2, 6, 12]]))!
  t.match(cohen, { items: 200, observed: 0.7 })
  t.ok(Math.abs(cohen.expected - 0.41) < 1e-9)
  t.equal(cohen.kappa!.toFixed(3), '0.492')
  // The 50 grant proposals of "Cohen's kappa" in Wikipedia: observed 0.7, expected 0.5, kappa 0.4.
  t.equal(cohensKappa(itemsOf([[20, 5], [10, 15]]))!.kappa!.toFixed(6), '0.400000')
  t.equal(cohensKappa(itemsOf([[45, 15], [25, 15]]))!.kappa!.toFixed(4), '0.1304', 'the same agreement, other margins')
  t.equal(cohensKappa(itemsOf([[25, 35], [5, 35]]))!.kappa!.toFixed(4), '0.2593')
})

t.test('kappa is 1 for full agreement, −1 for the opposite, and nothing where there is one category', async (t) => {
  t.equal(cohensKappa([['a', 'a'], ['b', 'b']])!.kappa, 1)
  t.equal(cohensKappa([['a', 'b'], ['b', 'a']])!.kappa, -1)
  t.equal(cohensKappa([['a', 'a']])!.kappa, null)
  t.equal(cohensKappa([]), null)
})

t.test('the interval covers the kappa of the population in about 95 of 100 samples', async (t) => {
  const random = seededRandom(5)
  // Raters who agree with probability 0.7 and otherwise choose one of four at random: kappa is 0.7 of the rest.
  const draw = (): Rated => {
    const first = Math.floor(4 * random())
    return [String(first), String(random() < 0.7 ? first : Math.floor(4 * random()))]
  }
  let covered = 0
  for (let sample = 0; sample < 200; sample++) {
    const clips = Array.from({ length: 60 }, () => Array.from({ length: 5 }, draw))
    const { low, high } = kappaInterval(clips, { rounds: 200, seed: sample })!
    if (low <= 0.7 && 0.7 <= high) covered++
  }
  t.ok(covered >= 180 && covered <= 199, `${covered} of 200`)
})

t.test('known disagreement gives the known figures', async (t) => {
  const [pair, ...others] = labellerAgreement([
    label('1', 'ben', 'show me red tents'), label('1', 'ann', 'Show me red tents.'),
    label('2', 'ann', 'find green boots'), label('2', 'ben', 'find clean boots'),
    label('3', 'ann', 'two lamps please'), label('3', 'ben', '2 lamps'),
    label('4', 'ann', 'um yes', { state: 'skipped' }), label('4', 'ben', 'yes'),
    label('5', 'ann', 'alone'),
  ])
  t.same(others, [])
  t.same(pair!.authors, ['ann', 'ben'])
  // Words of ann 4 + 3 + 3, of ben 4 + 3 + 2: mean 9.5; one substitution, one deletion.
  t.match(pair!.all, { clips: 3, equalClips: 1, wordDisagreement: { estimate: 2 / 9.5 } })
  // As written also "Show", "tents." and "two": five of 9.5.
  t.equal(pair!.all.writtenDisagreement!.estimate, 5 / 9.5)
  // Ten places, eight equal; each word occurs once on both sides, so that chance gives 8 of 100.
  t.match(pair!.all.wordKappa, { items: 10, observed: 0.8, expected: 0.08 })
  t.equal(pair!.all.wordKappa!.kappa!.toFixed(6), ((0.8 - 0.08) / 0.92).toFixed(6))
  t.equal(pair!.skipped, 1)
  t.same(pair!.examples.map(({ clip }) => clip).sort(), ['2', '3'])
  t.match(pair!.examples.find(({ clip }) => clip === '2')!.edits[1], { reference: 'green', hypothesis: 'clean' })
})

t.test('tags have a kappa over all clips, and figures of theirs', async (t) => {
  const labels = Array.from({ length: 50 }, (_, index) => {
    // The table of the 50 grant proposals: both 20, only ann 5, only ben 10, none 15.
    const tagged = { ann: index < 25, ben: index < 20 || (index >= 25 && index < 35) }
    return (['ann', 'ben'] as const).map((author) =>
      label(String(index), author, index === 0 && author === 'ann' ? 'one three' : 'one two', {
        tags: tagged[author] ? ['noise'] : [], state: index === 1 ? 'unsure' : 'labelled',
      }))
  }).flat()
  const [pair] = labellerAgreement(labels)
  t.equal(pair!.byTag.length, 1)
  t.match(pair!.byTag[0], { tag: 'noise', figures: { clips: 35, equalClips: 34 }, kappa: { items: 50 } })
  t.equal(pair!.byTag[0]!.kappa.kappa!.toFixed(6), '0.400000')
  t.equal(pair!.unsure, 1)
})

t.test('every pair of labellers is compared, and a correction replaces the label before', async (t) => {
  const pairs = labellerAgreement([
    label('1', 'ann', 'one'), label('1', 'ben', 'two'), label('1', 'cem', 'one'),
    label('2', 'ann', 'x'), label('2', 'ben', 'x'), label('1', 'ben', 'one', { time: '2026-05-05T00:00:00Z' }),
  ])
  t.same(pairs.map(({ authors, all }) => [...authors, all.clips, all.equalClips]), [
    ['ann', 'ben', 2, 2], ['ann', 'cem', 1, 1], ['ben', 'cem', 1, 1],
  ])
})
