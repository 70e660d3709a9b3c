/** Rates and their weights, slices, words, oracle, calibration, priorities, and what text and page show. */
import t from 'tap'
import { analyze } from '../../../src/data/error-analysis/analyze.js'
import { readLabelledClips } from '../../../src/data/error-analysis/manifest.js'
import { oracleOf } from '../../../src/data/error-analysis/oracle.js'
import { analysisPage, listenedTo } from '../../../src/data/error-analysis/page.js'
import { rateOf } from '../../../src/data/error-analysis/rate.js'
import { slicesOf } from '../../../src/data/error-analysis/slices.js'
import { analysisText } from '../../../src/data/error-analysis/text.js'
import { namesOf, wordsOfNames, wordStatistics } from '../../../src/data/error-analysis/words.js'
import { REPORT } from '../../serving/http/fake-service.js'
import { explained, observed, simulated } from './made-up.js'

const OPTIONS = {
  language: 'en', soundOf: (word: string) => word, catalogueWords: new Set<string>(), leftOut: 0,
  names: { manifest: 'made.jsonl', model: 'made', reference: null as string | null },
}

t.test('a rate is the ratio of weighted sums, and says how much it rests on', async (t) => {
  const clips = [observed('red green blue black', 'red green blue pink', { weight: 4 }), observed('red green blue black', 'pink pink pink pink')]
  t.match(rateOf(clips), { clips: 2, words: 8, errors: 5, percent: 100 * (4 + 4) / (16 + 4), isSmall: true })
  t.equal(rateOf(clips.map((clip) => ({ ...clip, weight: 1 }))).percent, 62.5)
  const right = Array.from({ length: 30 }, (_, index) => observed('red green', 'red green', { speaker: `s${index % 10}` }))
  t.match(rateOf(right), { percent: 0, interval: { low: 0, high: 100 * 3.69 / 60 }, drawnBy: 'speaker', isSmall: false })
  t.match(rateOf(right.slice(0, 5)), { isSmall: true, drawnBy: 'clip' })
  t.match(rateOf([observed('', 'noise')]), { percent: Infinity, interval: { low: NaN } })
})

t.test('weights give the rate of the stream that clips were drawn from', async (t) => {
  const stream = simulated(5, { speakers: 60, clipsEach: 12 })
  const doubtful = stream.filter(({ errors }) => errors > 0)
  const sure = stream.filter(({ errors }) => errors === 0).filter((_, index) => index % 4 === 0)
  const drawn = [...doubtful, ...sure.map((clip) => ({ ...clip, weight: 4 }))]
  const [all, weighted, plain] = [rateOf(stream), rateOf(drawn), rateOf(drawn.map((clip) => ({ ...clip, weight: 1 })))]
  t.ok(Math.abs(weighted.percent - all.percent) < 0.5, `${weighted.percent} of ${all.percent}`)
  t.ok(weighted.interval.low < all.percent && all.percent < weighted.interval.high)
  t.ok(plain.percent > weighted.interval.high, 'without weights, doubtful clips count too much')
})

t.test('slices are those of source, speaker, tag, field and measured properties', async (t) => {
  const input = { ...REPORT.input, snrDb: 8, audioSeconds: 2 }
  const noisy = Array.from({ length: 3 }, (_, index) =>
    observed('red green', 'red pink', { source: 'cars', tags: ['far', 'car'], fields: { condition: 'noisy', id2: `${index}` } },
      { input }))
  const clean = Array.from({ length: 20 }, (_, index) =>
    observed('red green', 'red green', { source: 'home', fields: { condition: 'clean', id2: `${index + 3}`, distance: 2 } }))
  const slices = slicesOf([...noisy, ...clean])
  const names = slices.map(({ kind, name, clips }) => `${kind}: ${name} ${clips.length}`)
  for (const expected of ['source: cars 3', 'tag: far, car 3', 'field: condition = noisy 3', 'SNR: under 10 dB 3']) {
    t.ok(names.includes(expected), `${expected} in ${names.join('; ')}`)
  }
  t.notOk(names.some((name) => name.includes('id2') || name.includes('distance')), 'no ids, no numbers')
  t.notOk(names.some((name) => name.startsWith('codec')), 'one that holds all clips says nothing')
})

t.test('names, numbers and catalogue words are counted apart', async (t) => {
  t.same([...namesOf('Call Anna and I\'m sure. Then ask Dr. Jones', 'en')], ['anna', 'doctor'],
    'not the first word of a sentence, nor "I", nor what follows a full stop')
  t.same([...namesOf('CALL ANNA NOW', 'en')], [], 'capitals alone do not tell')
  const clips = [
    observed('Call Anna at nine', 'call hannah at five', { speaker: 'a' }),
    observed('play the Zephyr song', 'play a sapphire song', { speaker: 'b' }),
  ]
  const catalogueWords = wordsOfNames(['Zephyr'], 'en')
  const soundOf = (word: string): string => word.replace('hannah', 'anna')
  const words = wordStatistics(clips, { language: 'en', soundOf, catalogueWords })
  t.match(words.kinds.map(({ kind, words: all, errors }) => [kind, all, errors]), [
    ['name', 1, 1], ['number', 1, 1], ['catalogue word', 1, 1], ['other word', 5, 1],
  ])
  t.match(words.homophones, [{ said: 'anna', heard: 'hannah', count: 1, isHomophone: true }])
  t.match({ ...words }, { substitutions: 4, deletions: 0, insertions: 0, neverRightWords: 4, neverRight: [] })
  const twice = wordStatistics([...clips, ...clips], { language: 'en', soundOf, catalogueWords })
  t.match(twice.neverRight[0], { count: 2, errors: 2 })
})

t.test('the oracle takes the best of the first alternatives, and the first is what was served', async (t) => {
  const clips = [
    explained(observed('red green', 'pink grey'), { alternatives: ['red grey', 'pink green', 'red green'] }),
    explained(observed('blue black', 'blue black'), { alternatives: ['pink pink'] }),
    explained(observed('white', 'brown')),
  ]
  const { rates, withoutList } = oracleOf(clips, 'en')
  t.same(rates.map(({ n, errors }) => [n, errors]), [[1, 3], [2, 2], [3, 1], [4, 1], [5, 1]])
  t.equal(withoutList, 1)
})

t.test('the gain of a slice is its share of the words times the difference to the reference', async (t) => {
  const far = Array.from({ length: 12 }, (_, index) => explained(
    observed('red green blue black white', 'red green blue pink grey', { tags: ['far'], speaker: `f${index}` }), { reference: 'red green blue black grey' }))
  const near = Array.from({ length: 24 }, (_, index) => explained(
    observed('red green blue black white', 'red green blue black pink', { tags: ['near'], speaker: `n${index}` }), { reference: 'red green blue black pink' }))
  const { priorities, reference } = analyze([...far, ...near], { ...OPTIONS, names: { ...OPTIONS.names, reference: 'r' } })
  const row = priorities.find(({ name }) => name.startsWith('far'))!
  t.match(row, { kind: 'tag', clips: 12, current: 40, reference: 20, gainKind: 'reference', isSmall: false })
  t.ok(Math.abs(row.gain - row.shareOfWords * (40 - 20)) < 1e-9 && row.interval.low > 0)
  t.ok(Math.abs(row.shareOfWords - 1 / 3) < 1e-9)
  t.match(priorities.find(({ name }) => name.startsWith('near')), { gain: 0 })
  t.same(priorities.map(({ gain }) => gain), priorities.map(({ gain }) => gain).toSorted((a, b) => b - a))
  t.match(reference, { percent: 100 * 36 / 180 })
})

t.test('a setting is credited with what it repairs, less what it breaks in all right clips', async (t) => {
  const off = (text: string) => ({ variants: { 'trimming off': text } as const })
  const clips = [
    explained(observed('red green', 'red pink', { speaker: 'a' }), off('red green')),
    explained(observed('red green', 'red green', { speaker: 'b' }), off('red pink')),
    ...Array.from({ length: 9 }, () => explained(observed('red green', 'red green', { speaker: 'c' }))),
  ]
  const row = analyze(clips, OPTIONS).priorities.find(({ kind }) => kind === 'setting')
  t.match(row, { name: 'trimming off', gainKind: 'net', reference: null })
  t.equal(row!.gain, 100 * (1 - 10) / 22, 'one repaired; one of one right clips broken, so ten of ten')
})

t.test('text and page show the same figures; the page names no script and escapes labels', async (t) => {
  const clips = simulated(9, { speakers: 24, rateOf: (tags) => tags.includes('far') ? 3 : 1 })
    .map((clip) => explained(clip, { reference: clip.text }))
  const bad = explained(observed('<b>said</b>', 'heard', { weight: 2 }))
  const analysis = analyze([...clips, bad], { ...OPTIONS, leftOut: 2, names: { ...OPTIONS.names, reference: 'other' } })
  const text = analysisText(analysis, 10)
  t.match(text, /made\.jsonl by made: \d+ clips/)
  for (const part of [/What to work on/, /Causes of/, /tag far/, /Oracle/, /weighted/, /2 clips could not/, /all clips /]) {
    t.match(text, part)
  }
  const page = analysisPage(analysis, ({ clip }) => clip === bad.clip ? undefined : 'data:audio/wav;base64,AA')
  t.match(page, /&lt;b&gt;said/)
  t.notMatch(page, /<script|NaN|undefined/)
  t.match(page, /<audio controls/)
  t.ok(listenedTo(analysis).length > 0)
  t.equal(listenedTo(analysis).length, page.match(/label: /g)!.length)
  t.equal(analysis.calibration[0]!.clips, clips.length + 1)
})

t.test('clips of a manifest keep their fields and weights; a bad line is an error', async (t) => {
  const line = (fields: object): string => `${JSON.stringify({ path: 'a/b.wav', text: 'on', ...fields })}\n`
  const folder = t.testdir({
    'good.jsonl': line({ session: 's1', samplingProbability: 0.25, condition: 'car', tags: ['far'], more: [1] })
      + line({ text: undefined }) + line({ speaker: 'p', session: 's' }),
    'collected.jsonl': line({
      source: 'collected', reasons: ['doubtful'], driftFeatures: ['snr'], transcript: 'an', model: 'tiny', language: 'en',
      confidence: 0.4, correctness: 0.3, session: 's1', sha256: 'ab', time: '2026-05-04T09:30:00Z', redistributable: 'no',
    }),
    'zero.jsonl': line({ samplingProbability: 0 }),
    'torn.jsonl': '{"path":',
    'unlabelled.jsonl': '{"path":"a.wav"}\n',
    'many.jsonl': Array.from({ length: 10 }, (_, index) => line({ path: `${index}.wav` })).join(''),
  })
  t.match(await readLabelledClips(`${folder}/good.jsonl`), [
    { clip: 'a/b.wav', source: 'a', speaker: 's1', weight: 4, fields: { condition: 'car' }, tags: ['far'] },
    { speaker: 'p', weight: 1, fields: {} },
  ])
  t.same((await readLabelledClips(`${folder}/collected.jsonl`))[0]!.fields, {}, 'what a recognizer said')
  t.same((await readLabelledClips(`${folder}/many.jsonl`, 4)).map(({ clip }) => clip), ['0.wav', '3.wav', '6.wav', '9.wav'])
  await t.rejects(readLabelledClips(`${folder}/zero.jsonl`), { code: 'CLIPS_INVALID', detail: /samplingProbability/ })
  await t.rejects(readLabelledClips(`${folder}/torn.jsonl`), { code: 'CLIPS_INVALID' })
  await t.rejects(readLabelledClips(`${folder}/unlabelled.jsonl`), { code: 'CLIPS_INVALID', detail: /label some/ })
})
