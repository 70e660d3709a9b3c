/** Every rule of the English normalizer, hand-made alignments, and the bootstrap. */
import t from 'tap'
import { bootstrapInterval, resamplingGroups } from '../../fixtures/kit/bootstrap.js'
import { normalizeEnglish, normalizeEnglishForSearch, withoutRemarks } from '../../src/domain/scoring/normalize-english.js'
import { compareSource, scoreClip, scoreSource } from '../../bench/harness/scoring.js'
import { groupBy, percentile, seededRandom, slope } from '../../fixtures/kit/statistics.js'
import { alignWords, countErrors } from '../../src/domain/scoring/word-errors.js'

/** Texts of one line are different ways to write the same words. */
const SAME: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'case and punctuation do not count': [
    ['Hello, World!', 'hello world', '  HELLO -- “world” … '],
    ['...to lock, or unlock the conference.', 'to lock or unlock the conference'],
    ['ill-disposed', 'ill disposed'],
    ['to-morrow, to-day, to-night, good-by', 'tomorrow today tonight goodbye'],
  ],
  'diacritics and ligatures do not count': [
    ['Café Façade Ångström', 'cafe facade angstrom'], ['Encyclopædia', 'encyclopaedia'],
  ],
  'numbers have one form': [
    ['zero', '0'], ['eight', '8', 'Eight.'], ['forty-two line', 'forty two line', '42 line'],
    ['one hundred and twenty three', '123', 'a hundred twenty-three', 'one twenty three'],
    ['five hundred', '500', '5 hundred'], ['a thousand', '1000', '1,000', 'one thousand'],
    ['three million two hundred thousand and five', '3,200,005'],
    ['twelve thousand', '12000', '12,000'], ['3 million two hundred', '3,000,200'],
    ['2 million', 'two million', '2,000,000'],
  ],
  'years may be read as two numbers': [
    ['fourteen fifty-five', '1455', 'one thousand four hundred fifty five'],
    ['nineteen oh five', '1905', 'nineteen o five'], ['nineteen hundred', '1900'],
    ['two thousand and five', '2005'], ['twenty twenty', '2020'], ['nineteen eighties', '1980s'],
  ],
  'digits may stand apart': [
    ['five five', '5 5'], ['fifty five', '55', 'fifty-five'], ['one oh one', '101', '1 0 1'], ['two oh four', '204'],
    ['double o seven', 'double o 7'],
    ['007', '0 0 7', 'zero zero seven'], ['90210', 'nine zero two one zero', 'nine oh two one zero'],
    ['five five five one two one two', '555-1212', '5551212'],
    ['one eight zero zero five five five one two one two', '1-800-555-1212', '1 (800) 555-1212'],
  ],
  'ordinals': [
    ['the first', 'the 1st'], ['twenty first', '21st', 'twenty-first'], ['one hundred and eleventh', '111th'],
    ['the fifteenth century', 'the 15th century'],
  ],
  'decimals, percent, currency and times': [
    ['three point one four', '3.14'], ['zero point two five', '0.25'], ['fifty percent', '50%', '50 per cent'],
    ['five dollars', '$5'], ['five dollars and twenty cents', '$5.20', 'five dollars twenty cents'],
    ['three million dollars', '$3 million'], ['£20', 'twenty pounds'],
    ['five thirty p.m.', '5:30 PM', '5 30 p m'],
  ],
  'marks that are read aloud': [
    ['press # to exit', 'press pound to exit'], ['press * twice', 'press star twice'], ['#1', 'number one'],
    ['you & me', 'you and me'], ['a+b', 'a plus b'],
  ],
  'contractions': [
    ['can\'t', 'cannot', 'can not', 'can’t'], ['won\'t', 'will not'],
    ['I\'m sure they\'re here', 'I am sure they are here'], ['it\'s', 'it is'],
    ['you\'ve accessed', 'you have accessed'], ['let\'s go', 'let us go'], ['we\'ll', 'we will'], ['isn\'t', 'is not'],
    ['he\'d', 'he would'],
    ['the user\'s mailbox', 'the users mailbox', 'the users\' mailbox'],
  ],
  'spelling variants and short forms': [
    ['the colour of the theatre', 'the color of the theater'], ['counselled', 'counseled'], ['ten metres', '10 meters'],
    ['the number you have dialled', 'the number you have dialed'],
    ['mister john', 'Mr. John', 'mr john'], ['Dr Smith', 'doctor smith'], ['etc.', 'et cetera'], ['ok', 'okay'],
    ['gonna', 'going to'],
  ],
  'fillers are dropped': [['um, I, uh, think so', 'I think so']],
  'spelled letters are one word': [
    ['N B S', 'NBS', 'n.b.s.', 'N-B-S', 'N. B. S.'], ['a b c', 'abc', 'A-B-C', 'A.B.C.'],
    ['i.e. the letter', 'ie the letter', 'I. E. the letter'],
    ['the U.S. mail', 'the U S mail', 'the U. S. mail', 'the US mail'], ['5 a.m.', 'five am', '5 AM', 'five a m'],
    ['GIVE IT TO US', 'give it to us'],
    ['B 2 B', 'b2b', 'B two B'], ['mp3', 'MP three'],
  ],
}

const DIFFERENT: readonly (readonly [string, string])[] = [
  ['c', 'see'], ['four', 'for'], ['two', 'too'], ['fire fox', 'firefox'], ['fourteen', 'forty'],
  ['one hundred and two hundred', '102 100'], ['first', 'one'], ['sheila', 'shila'],
  ['two two', 'twenty two'], ['one two three', 'one hundred twenty three'], ['five five', '55'], ['22', '2 2'],
  ['twenty five', '2005'], ['twenty twenty four', 'forty four'], ['U S', 'us'], ['U.S.', 'us'], ['I T', 'it'],
  ['good [laughter] morning', 'good morning'], ['<noise>', ''], ['any one', 'anyone'],
]

t.test('ways of writing the same words are normalized to the same words', async (t) => {
  for (const [rule, groups] of Object.entries(SAME)) {
    await t.test(rule, async (t) => {
      for (const [first, ...others] of groups) {
        for (const other of others) t.same(normalizeEnglish(other), normalizeEnglish(first!), `${other} = ${first}`)
      }
    })
  }
})

t.test('different words stay different', async (t) => {
  for (const [one, other] of DIFFERENT) {
    t.not(normalizeEnglish(one).join(' '), normalizeEnglish(other).join(' '), `${one} ≠ ${other}`)
  }
})

t.test('exact results', async (t) => {
  const exactly: Readonly<Record<string, string>> = {
    'between one hundred and two hundred': 'between 1 0 0 and 2 0 0',
    'I have a cat': 'i have a cat',
    'vitamin C': 'vitamin c',
    'twenty-first of May, 2023': '20 1st of may 20 20 3',
    'Oh, one more': 'oh 1 more',
    'hundreds of people': 'hundreds of people',
    'ten of clubs': '10 of clubs',
    'one hundred thousand': '1 0 0 1000',
    'two hundred thousand and twelve': '2 0 0 1000 12',
    'one two three': '1 2 3',
    'one hundred and twenty three': '1 20 3',
    'fourteen fifty five': '14 50 5',
    'four queen of clubs': '4 queen of clubs',
    '你好': '你好',
    '...': '',
  }
  for (const [text, words] of Object.entries(exactly)) t.equal(normalizeEnglish(text).join(' '), words, text)
})

t.test('search finds numbers and letters however they are said', async (t) => {
  const same: readonly (readonly string[])[] = [
    ['Route 66', 'route sixty six', 'route six six'], ['22', 'two two', 'twenty two', '2 2'], ['U S', 'us', 'U.S.', 'US'],
    ['one two three', '123', 'one hundred twenty three'], ['good [live] morning', 'good morning'],
  ]
  for (const [first, ...others] of same) {
    for (const other of others) t.same(normalizeEnglishForSearch(other), normalizeEnglishForSearch(first!), other)
  }
})

t.test('remarks of a reference are no words, and any number ends', async (t) => {
  t.same(normalizeEnglish(withoutRemarks('good [laughter] morning <noise>')), ['good', 'morning'])
  for (const figures of ['9'.repeat(400), `1${'0'.repeat(400)}`, '999999999999999 trillion trillion']) {
    t.ok(normalizeEnglish(figures).length > 0)
  }
})

t.test('alignments', async (t) => {
  const errors = (reference: string, hypothesis: string) => {
    const split = (text: string): string[] => text.split(' ').filter((word) => word !== '')
    const { words, substitutions, deletions, insertions } = countErrors(alignWords(split(reference), split(hypothesis)))
    return [words, substitutions, deletions, insertions]
  }
  t.same(errors('a b c', 'a b c'), [3, 0, 0, 0])
  t.same(errors('a b c', 'a x c'), [3, 1, 0, 0])
  t.same(errors('a b c', 'a c'), [3, 0, 1, 0])
  t.same(errors('a c', 'a b c'), [2, 0, 0, 1])
  t.same(errors('a b c', ''), [3, 0, 3, 0])
  t.same(errors('', 'a b'), [0, 0, 0, 2])
  t.same(errors('', ''), [0, 0, 0, 0])
  t.same(errors('the cat sat on the mat', 'cat sat at on a mat'), [6, 1, 1, 1])
  const edits = alignWords(['a', 'b', 'c', 'd'], ['a', 'x', 'd', 'e'])
  t.same(edits.flatMap(({ reference }) =>
    reference ?? []), ['a', 'b', 'c', 'd'], 'the edits hold the whole reference, in order')
  t.same(edits.flatMap(({ hypothesis }) => hypothesis ?? []), ['a', 'x', 'd', 'e'], 'and the whole hypothesis')
})

t.test('bootstrap', async (t) => {
  const rate = ([errors, words]: readonly number[]): number => 100 * errors! / words!
  const groups = [[1, 10], [5, 10], [0, 10], [3, 20], [2, 5]]
  const first = bootstrapInterval(groups, rate, { seed: 3 })
  t.same(bootstrapInterval(groups, rate, { seed: 3 }), first, 'the same seed gives the same interval')
  t.notSame(bootstrapInterval(groups, rate, { seed: 4, rounds: 50 }), bootstrapInterval(groups, rate, {
    seed: 3, rounds: 50,
  }))
  t.ok(first.low < 20 && first.high > 20, 'the measured rate of 20 % lies inside')
  t.same(
    bootstrapInterval([[1, 10], [1, 10]], rate), { low: 10, high: 10 }, 'speakers that are all alike leave no doubt',
  )

  const clips = [{ speaker: 'x', clip: 'a', sums: [1, 2] }, { speaker: 'y', clip: 'b', sums: [3, 4] }, {
    speaker: 'x', clip: 'c', sums: [5, 6],
  }]
  t.same(resamplingGroups(clips), { by: 'speaker', groups: [[6, 8], [3, 4]] })
  t.same(resamplingGroups(clips.slice(0, 1)), { by: 'clip', groups: [[1, 2]] })
  t.same(
    resamplingGroups([clips[0]!, clips[2]!, clips[0]!]), { by: 'clip', groups: [[2, 4], [5, 6]] },
    'a clip recognized twice is still one clip',
  )
})

t.test('a source is scored and compared', async (t) => {
  const clip = (speaker: string, text: string) => ({
    file: `${speaker}.wav`, text, seconds: 2, speaker, source: 'made',
  })
  const plain = [
    scoreClip(clip('x', 'turn left'), '', 2, 100), scoreClip(clip('y', 'turn right'), 'Turn right.', 2, 300),
  ]
  const full = [
    scoreClip(clip('x', 'turn left'), 'turn lift', 2, 100), scoreClip(clip('y', 'turn right'), 'Turn right.', 2, 300),
  ]
  t.match(scoreSource('made', plain), {
    wer: 50, deletions: 2, empty: 1, words: 4, speakers: 2, medianMs: 100, realTimeFactor: 0.1, resampledBy: 'speaker',
  })
  t.match(compareSource('made', plain, full), { points: -25, interval: { low: -50, high: 0 } })
})

t.test('statistics', async (t) => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
  t.same([0, 0.5, 0.95, 0.99, 1].map((share) => percentile(hundred, share)), [1, 50, 95, 99, 100])
  t.ok(Number.isNaN(percentile([], 0.5)))
  t.equal(slope([[0, 1], [1, 3], [2, 5]]), 2)
  t.same([...groupBy(['aa', 'b', 'ac'], (text) => text[0]!)], [['a', ['aa', 'ac']], ['b', ['b']]])
  const numbers = Array.from({ length: 1000 }, seededRandom(1))
  t.ok(numbers.every((value) => value >= 0 && value < 1) && new Set(numbers).size > 990)
})
