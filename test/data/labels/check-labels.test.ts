/** Checks of labels: planted faults are found, a consistent set has none, and each kind of finding says what to do. */
import t from 'tap'
import { checkLabels } from '../../../src/data/labels/checks/check-labels.js'
import type { LabelEntry, LabelFinding } from '../../../src/data/labels/checks/findings.js'
import { isOneEdit } from '../../../src/data/labels/checks/typos.js'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import { consistentLabels, plantFaults } from './made-up-labels.js'

const of = (...texts: string[]): LabelEntry[] => texts.map((text, index) => ({ clip: `c${index}`, text }))
const kinds = (findings: readonly LabelFinding[]): string[] => findings.map(({ kind, rule }) => rule ?? kind)
const found = (findings: readonly LabelFinding[]): Set<string> => new Set(findings
  .filter(({ kind, severity, rule }) => kind !== 'guide' && !(rule === 'fillers' && severity === 'info'))
  .flatMap(({ kind, rule, clips }) => clips.map((clip) => `${rule ?? kind} ${clip}`)))

t.test('of planted faults at least 90 % are found, and at least 80 % of what is found was planted', async (t) => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const { entries, faults } = plantFaults(seed)
    const pairs = found(checkLabels(entries))
    const right = [...pairs].filter((pair) => faults.has(pair)).length
    t.ok(right / faults.size >= 0.9, `recall ${right} of ${faults.size}, seed ${seed}`)
    t.ok(right / pairs.size >= 0.8, `precision ${right} of ${pairs.size}, seed ${seed}`)
    const topics = new Set([...faults].map((fault) => fault.split(' ')[0]!))
    for (const topic of topics) {
      const planted = [...faults].filter((fault) => fault.startsWith(`${topic} `))
      const share = planted.filter((fault) => pairs.has(fault)).length / planted.length
      t.ok(share >= 0.75, `${topic}: ${share} of ${planted.length}, seed ${seed}`)
    }
  }
})

t.test('consistent labels have no findings', async (t) => {
  t.same([...found(checkLabels(consistentLabels(600, seededRandom(9))))], [])
})

t.test('an empty label is an error, unless nobody speaks or a mark says what is heard', async (t) => {
  const entries = [
    { clip: 'a', text: ' ' }, { clip: 'b', text: '...' }, { clip: 'c', text: '', tags: ['not speech'] },
    { clip: 'd', text: '[noise]' },
  ]
  t.match(checkLabels(entries), [{ kind: 'empty', severity: 'error', clips: ['a', 'b'], suggestion: /not speech/ }])
})

t.test('letters of other scripts and invisible characters are errors, each with its words', async (t) => {
  t.match(checkLabels(of('show me tents', 'show mе tents', 'show\u200B me')), [
    { kind: 'alphabet', severity: 'error', clips: ['c1'], words: ['mе'], message: /U\+0435/ },
    { kind: 'alphabet', severity: 'error', clips: ['c2'], message: /U\+200B/ },
  ])
  t.same(checkLabels(of('покажи палатки'), { language: 'ru' }), [])
  t.same(kinds(checkLabels(of('покажи палатки'))), new Array(12).fill('alphabet').slice(0, new Set('покажипалатки').size))
})

t.test('the form of most labels is the convention, and ties have none', async (t) => {
  const [first] = checkLabels(of('okay then', 'okay now', 'ok now'))
  t.match(first, { rule: 'spelling', clips: ['c2'], words: ['ok'], forms: [{ form: '"okay"', labels: 2 }, { labels: 1 }] })
  t.match(first!.suggestion, /write "okay"/)
  t.match(checkLabels(of('okay then', 'ok now'))[0]!.suggestion, /no form has the majority/)
})

t.test('conventions are ranked by how many labels disagree', async (t) => {
  const findings = checkLabels(of('okay two.', 'okay two.', 'okay three.', 'ok 2.', 'okay 3', 'okay four.'))
  t.same(findings.map(({ rule, clips }) => [rule, clips.length]), [['numbers', 2], ['punctuation', 1], ['spelling', 1]])
})

t.test('words of two meanings are no conflict', async (t) => {
  t.same(checkLabels(of(
    'maybe it may be', 'every day is an everyday matter', 'no one has one of them', 'its color is what it\'s about',
    'the resume may resume', 'march in March', 'i got to go', 'check the story about the program',
  )).filter(({ rule }) => rule !== 'casing'), [])
})

t.test('labels that say nothing about casing do not vote', async (t) => {
  t.same(checkLabels(of('Monday', 'I see', 'NATO', 'show me Garmin maps', 'find Garmin boots', 'Garmin maps')), [])
  t.match(checkLabels(of('show me maps', 'SHOW ME BOOTS', 'go on')), [{ rule: 'casing', clips: ['c1'] }])
})

t.test('a filler that one labeller of a clip leaves out is a warning; in other clips of a speaker, a hint', async (t) => {
  const [a, b] = of('um show me tents', 'show me tents')
  t.match(checkLabels([a!, { ...b!, clip: 'c0' }]), [{ severity: 'warning', rule: 'fillers', clips: ['c0'], words: ['um'] }])
  const bySpeaker = [{ ...a!, speaker: 's' }, { ...b!, speaker: 's' }]
  t.match(checkLabels(bySpeaker), [{ severity: 'info', rule: 'fillers', clips: ['c1'], words: ['um'] }])
  t.same(checkLabels([a!, b!]), [], 'two people')
})

t.test('a typing error needs the frequent word in the same place', async (t) => {
  const often = Array.from({ length: 6 }, () => 'please press the button')
  t.match(checkLabels(of(...often, 'pleese press the button')), [{ kind: 'typo', words: ['pleese'], suggestion: /please/ }])
  t.same(checkLabels(of(...often, 'pleese listen')), [], 'elsewhere')
  t.same(checkLabels(of(...often, 'pleese press it'), { knownWords: new Set(['pleese']) }), [], 'known')
  t.ok(isOneEdit('teh', 'the') && isOneEdit('tent', 'tents') && !isOneEdit('tent', 'tests') && !isOneEdit('abcd', 'badc'))
})

t.test('ten thousand labels are checked in seconds', async (t) => {
  const entries = consistentLabels(10_000, seededRandom(3))
  const before = performance.now()
  checkLabels(entries)
  t.ok(performance.now() - before < 30_000, `${Math.round(performance.now() - before)} ms`)
})
