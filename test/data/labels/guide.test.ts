/** The labelling guide: the page and the code agree in both directions, and the reader is strict. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { CONVENTION_TOPICS } from '../../../src/data/labels/checks/findings.js'
import { parseGuide, warningsOf } from '../../../src/data/labels/guide.js'
import { projectRoot } from '../../../src/domain/project-root.js'

const PAGE = readFileSync(path.join(projectRoot, 'docs/labelling.md'), 'utf8')
const GUIDE = parseGuide(PAGE)
/** What the set cannot show, so that only the guide speaks of it. */
const ONLY_IN_GUIDE = ['cut-off-words', 'unintelligible', 'cross-talk']
const rule = (lines: string): string => `Language of the labels: \`en\`.\n\n\`\`\`rule\n${lines}\n\`\`\`\n`
const GOOD = 'id: a\nseverity: info\nwrite: Write b.\nwrong: /a/ => b\nexample: b\nnot: a'

t.test('the page has a rule for every convention that is checked, and no unknown one', async (t) => {
  t.same(GUIDE.rules.map(({ id }) => id).sort(), [...CONVENTION_TOPICS, ...ONLY_IN_GUIDE].sort())
  t.same(GUIDE.language, 'en')
  t.equal([...PAGE.matchAll(/^```rule$/gm)].length, GUIDE.rules.length, 'every block was read')
})

t.test('each rule warns of its wrong example, at its place, and of no right one', async (t) => {
  for (const { id, example, not } of GUIDE.rules) {
    t.same(warningsOf(example, GUIDE), [], example)
    const warnings = warningsOf(not, GUIDE)
    t.ok(warnings.some((one) => one.rule === id), `${id}: ${not}`)
    for (const { start, end, found } of warnings) t.equal(not.slice(start, end), found)
  }
})

t.test('applying suggestions leads to a label without warnings', async (t) => {
  for (const [label, right] of [
    ['Umm, show me (coughs) OK tents', 'Um show me [cough] okay tents.'],
    ['i dont want the red colour', 'I don\'t want the red color.'],
    ['Fifty % off shoes & boots!', 'Fifty percent off shoes and boots!'],
  ]) {
    let text = label!
    for (let [next] = warningsOf(text, GUIDE); next !== undefined; [next] = warningsOf(text, GUIDE)) {
      text = text.slice(0, next.start) + next.suggestion! + text.slice(next.end)
      if (text.length > 200) break
    }
    t.equal(text.toLowerCase(), right!.toLowerCase())
  }
})

t.test('a page in a browser can load it: nothing that it imports is Node\'s', async (t) => {
  const read = (file: string): string => readFileSync(path.join(projectRoot, 'src', file), 'utf8')
  const imported = [...read('data/labels/guide.ts').matchAll(/ from '([^']+)'/g)].map(([, from]) => from)
  t.same(imported, ['../../domain/errors.js'])
  t.notMatch(read('domain/errors.ts'), / from '/)
})

t.test('a guide that is not strict is refused with what to change', async (t) => {
  t.equal(parseGuide(rule(GOOD)).rules.length, 1)
  for (const [page, message] of [
    ['no language', /Language of the labels/],
    ['Language of the labels: `en`.\n', /no block/],
    [rule(`${GOOD}\nhint: x`), /"hint: x" is no line/],
    [rule(GOOD.replace('severity: info\n', '')), /no "severity"/],
    [rule(GOOD.replace('info', 'fatal')), /one of warning, info/],
    [rule(`${GOOD}\nnot: c`), /another/],
    [rule(GOOD.replace('/a/', '/(/')), /no regular expression/],
    [rule(GOOD.replace('/a/', 'a')), /\/pattern\//],
    [rule(GOOD.replace('example: b', 'example: a')), /breaks "a"/],
    [rule(GOOD.replace('not: a', 'not: b')), /no wrong form/],
    [rule(GOOD) + rule(GOOD), /two rules "a"/],
    [rule(GOOD.replace('id: a', 'id: A 1')), /lower-case words/],
  ] as const) t.throws(() => parseGuide(page), { code: 'CLIPS_INVALID', message }, String(message))
})

t.test('a label of a hundred words is checked between two key presses', async (t) => {
  const label = `${'show me umm, 7 red tents '.repeat(20)}.`
  warningsOf(label, GUIDE)
  const before = performance.now()
  for (let round = 0; round < 20; round++) warningsOf(label, GUIDE)
  t.ok((performance.now() - before) / 20 < 50, `${((performance.now() - before) / 20).toFixed(1)} ms`)
})
