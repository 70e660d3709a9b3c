/** Counts by hand, the rule of the verdict at its borders, slices, times, and what text and page show. */
import t from 'tap'
import { compare } from '../../../src/data/comparison/compare.js'
import { costOf } from '../../../src/data/comparison/cost.js'
import { differenceOf, type Difference } from '../../../src/data/comparison/difference.js'
import { comparisonPage } from '../../../src/data/comparison/page.js'
import { pairOf, type LabelledClip, type Pair } from '../../../src/data/comparison/pairs.js'
import { slicesOf } from '../../../src/data/comparison/slices.js'
import { comparisonText } from '../../../src/data/comparison/text.js'
import { judge } from '../../../src/data/comparison/verdict.js'
import { REPORT } from '../../serving/http/fake-service.js'

interface Made extends Partial<LabelledClip> { readonly seconds?: Pair['seconds'] }

function pair(text: string, a: string, b: string, { seconds = null, ...clip }: Made = {}): Pair {
  const labelled = { file: 'made.wav', text, source: 'made', speaker: null, tags: [], ...clip }
  return pairOf(labelled, { a: { ...REPORT, text: a }, b: { ...REPORT, text: b } }, seconds, 'en')
}

const CONTEXT = {
  names: { a: 'first', b: 'second' }, isSame: false, margin: 0.5, leftOut: 0, listed: 20, processorSeconds: null,
}

t.test('errors, wins and rates are those of the normalized words', async (t) => {
  const pairs = [
    pair('Play some jazz.', 'play some jazz', 'Play, some jazz!'),
    pair('turn it off', 'turn of', 'turn it off'),
    pair('twenty two', '22', 'twenty'),
    pair('stop', 'stop', 'hop stop'),
  ]
  t.same(pairs.map(({ words, errors }) => [words, errors.a, errors.b]), [[3, 0, 0], [3, 2, 0], [2, 0, 1], [1, 0, 1]])
  const all = differenceOf(pairs)
  t.match(all, { clips: 4, words: 9, speakers: 0, drawnBy: 'clip', points: 0, wins: { a: 2, b: 1 } })
  t.match([all.wer.a.percent, all.wer.b.percent], [100 * 2 / 9, 100 * 2 / 9])
  t.match(all.matchedPairs, { segments: 3, mean: 0, p: 1 })
  t.equal(pairs[0]!.wordsPerSecond, 3 / REPORT.input.speechSeconds)
})

const many = (count: number, b: (index: number) => string): Pair[] => Array.from({ length: count }, (_, index) =>
  pair('one two three four', 'one two three four', b(index), { speaker: `s${index % 20}` }))

t.test('no difference on few clips is no proof of equality; on many it is', async (t) => {
  const right = (): string => 'one two three four'
  t.match(judge(differenceOf(many(20, right)), 0.5), { verdict: 'undecided', clipsNeeded: Number })
  t.match(judge(differenceOf(many(400, right)), 0.5), { verdict: 'not worse', clipsNeeded: null })
  const { interval } = differenceOf(many(400, right))
  t.match(interval, { low: -100 * 3.69 / 1600, high: 100 * 3.69 / 1600 })
})

t.test('systems that differ are told apart, in either direction', async (t) => {
  const wrong = (index: number): string => index % 3 === 0 ? 'one two three floor' : 'one two three four'
  const [worse] = [differenceOf(many(120, wrong))]
  t.match(judge(worse, 0.5), { verdict: 'worse', because: /above 0/ })
  const better = differenceOf(many(120, wrong).map((one): Pair => ({
    ...one, errors: { a: one.errors.b, b: one.errors.a },
    segments: one.segments.map(({ errorsA, errorsB }) => ({ errorsA: errorsB, errorsB: errorsA })),
  })))
  t.match(judge(better, 0.5), { verdict: 'better', because: /below 0/ })
  t.match(judge(worse, 20), { verdict: 'not worse' }, 'a margin of 20 points allows it')
})

t.test('the rule at its borders, and the clips that are needed', async (t) => {
  const difference = (points: number, low: number, high: number, z: number, p: number): Difference => ({
    ...differenceOf([pair('a', 'a', 'a')]), clips: 100, points, interval: { low, high },
    matchedPairs: { segments: 50, mean: points, z, p },
  })
  t.equal(judge(difference(-1, -2, -0.1, -2.5, 0.012), 0.5).verdict, 'better')
  t.equal(judge(difference(-1, -2, -0.1, -1.5, 0.13), 0.5).verdict, 'not worse', 'MAPSSWE does not agree')
  t.equal(judge(difference(0.3, 0.1, 0.5, 2.5, 0.012), 0.5).verdict, 'not worse', 'within the margin')
  t.equal(judge(difference(0.3, 0.1, 0.51, 2.5, 0.012), 0.5).verdict, 'worse')
  t.equal(judge(difference(0.3, 0.1, 0.51, 1.5, 0.13), 0.5).verdict, 'undecided')
  t.equal(judge(difference(0, 0, 0, 0, 1), 0).verdict, 'not worse')
  // Half the width is 2 points, the margin 1 point above the difference: (1.96 + 0.84)² / 1.96² · (2 / 1)² · 100 clips.
  const needed = Math.ceil(100 * ((1.959964 + 0.841621) / 1.959964 * 2) ** 2 - 100)
  t.equal(judge(difference(0, -2, 2, 0, 1), 1).clipsNeeded, needed)
  t.equal(judge(difference(0, -2, 2, 0, 1), 0).clipsNeeded, null, 'no number of clips proves that 0 is below 0')
})

t.test('slices: by measured properties, tags that come together once, and p for all of them', async (t) => {
  const clip = (index: number): Made => ({
    speaker: `s${index % 8}`, source: index % 2 === 0 ? 'phone' : 'desk',
    tags: index % 2 === 0 ? ['8k', 'noisy'] : ['16k'],
  })
  const pairs = Array.from({ length: 80 }, (_, index) =>
    pair('one two three', 'one two three', index % 2 === 0 && index % 3 === 0 ? 'one to three' : 'one two three',
      clip(index)))
  const slices = slicesOf(pairs)
  t.same(slices.filter(({ kind }) => kind === 'tag').map(({ name }) => name), ['8k, noisy', '16k'])
  t.equal(slices.filter(({ kind }) => kind === 'speaker').length, 8)
  t.notOk(slices.some(({ kind }) => kind === 'length'), 'all clips are equally long')
  const [phone, desk] = ['phone', 'desk'].map((source) => slices.find(({ name }) => name === source)!)
  t.match(phone, { kind: 'source', clips: 40, wins: { a: 14, b: 0 } })
  t.match(desk, { points: 0, correctedP: 1 })
  t.ok(phone!.correctedP > phone!.matchedPairs.p, 'the correction makes p larger')
})

t.test('times are compared where one run measured both', async (t) => {
  t.equal(costOf([pair('a', 'a', 'a')], null), null)
  const timed = Array.from({ length: 20 }, (_, index) =>
    pair('a', 'a', 'a', { seconds: { a: 0.1 + index / 100, b: 2 * (0.1 + index / 100) } }))
  const cost = costOf([...timed, pair('a', 'a', 'a')], null)!
  t.match(cost, { work: { measure: 'wall' }, latency: { clips: 20, medianRatio: 2, p95Ratio: 2 } })
  t.ok(Math.abs(cost.work.ratio - 2) < 1e-12)
  t.ok(Math.abs(cost.latency.medianSeconds.a - 0.195) < 1e-12)
  t.ok(Math.abs(cost.latency.p95Seconds.a - 0.2805) < 1e-12)
  const measured = costOf(timed, { a: 8, b: 4 })!
  t.match(measured.work, { measure: 'processor', ratio: 0.5, secondsPerAudioSecond: { a: 0.2, b: 0.1 } })
})

t.test('disagreements: the largest first, and what B makes worse before what it makes better', async (t) => {
  const pairs = [
    pair('one', 'one', 'one'), pair('one two', 'x y', 'one two', { file: 'two better' }),
    pair('one two', 'one two', 'x y', { file: 'two worse' }), pair('one', 'one', 'x', { file: 'one worse' }),
  ]
  const { disagreements } = compare(pairs, CONTEXT)
  t.same(disagreements.map(({ file }) => file), ['two worse', 'two better', 'one worse'])
  t.equal(compare(pairs, { ...CONTEXT, listed: 1 }).disagreements.length, 1)
})

t.test('text and page show the same figures; the page holds recordings and escapes what was said', async (t) => {
  const hostile = '<script>alert("1")</script> & \'jazz\''
  const comparison = compare([
    pair('play some jazz', 'play some jazz', hostile, { file: 'a"b.wav', speaker: '<i>', seconds: { a: 1, b: 2 } }),
    pair('stop', 'stop', 'stop', { source: 'other' }),
  ], { ...CONTEXT, names: { a: 'a<b', b: 'b&c' }, leftOut: 3 })
  const text = comparisonText(comparison)
  t.match(text, /B − A/)
  t.match(text, 'source: made')
  t.match(text, /effective number of clips, by their errors: 1\.0\./)
  t.match(text, '3 clips could not be processed')
  t.match(text, 'wall-clock seconds for a second of audio')
  t.match(text, 'Of 1 clip; 95 % interval of the ratio of all wall-clock time: unknown.')
  const page = await comparisonPage(comparison, { recordingOf: async () => 'data:audio/wav;base64,AAAA', language: 'en' })
  t.match(page, '<audio controls preload="none" src="data:audio/wav;base64,AAAA">')
  t.match(page, 'a&lt;b')
  t.match(page, 'of all wall-clock time: unknown.')
  t.match(page, "default-src 'none'")
  t.notMatch(page, /<script|<i>|a"b/)
  t.match(page, /<svg role="img"[^]*source: made/)
  const without = await comparisonPage(comparison, { recordingOf: async () => undefined, language: 'en' })
  t.notMatch(without, '<audio')
})

t.test('references without words have no verdict', async (t) => {
  const comparison = compare([pair('um', 'hello', '')], CONTEXT)
  t.match(comparison.verdict, { verdict: 'undecided', because: 'the references have no words', clipsNeeded: null })
  t.match(comparisonText(comparison), 'the references have no words')
  t.match(compare([pair('stop', 'stop', 'hop')], CONTEXT).verdict, { verdict: 'undecided', because: /one clip/ })
})
