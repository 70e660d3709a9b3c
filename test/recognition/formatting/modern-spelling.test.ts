/** The table of modern spellings against docs/spelling.md, every rule of the text, and where a rule must not apply. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { projectRoot } from '../../../src/domain/project-root.js'
import { formatText } from '../../../src/recognition/formatting/format-transcript.js'
import { SPELLING_TABLES } from '../../../src/recognition/formatting/spelling-tables.js'

const modern = (text: string, language = 'en'): string =>
  formatText(text, language, { format: 'modern', numbers: 'as_heard' })

t.test('docs/spelling.md has the table of respellings and the initialisms', async (t) => {
  const text = readFileSync(path.join(projectRoot, 'docs/spelling.md'), 'utf8')
  const section = text.split(/^## /m).find((part) => part.startsWith('English'))!
  const documented = [...section.matchAll(/^\| `([^`]+)` \| `([^`]+)` \| (.*) \|$/gm)].map(([, from, to, except]) =>
    ({ from, to, except: [...except!.matchAll(/`([^`]+)`/g)].map(([, word]) => word) }))
  const { respellings, initialisms } = SPELLING_TABLES.en!
  t.same(documented, respellings.map(({ from, to, notBefore = [], notAfter = [] }) =>
    ({ from, to, except: [...notBefore, ...notAfter] })))
  t.same(/^Initialisms: (.*)$/m.exec(section)?.[1]?.split(' '), initialisms)
})

t.test('every respelling applies, with the letter case and the marks of the text', async (t) => {
  for (const { from, to } of SPELLING_TABLES.en!.respellings) {
    const begun = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)
    t.equal(modern(`"${from}," he says`), `"${to}," he says`)
    t.equal(modern(`${begun(from)}?`), `${begun(to)}?`)
  }
  for (const initialism of SPELLING_TABLES.en!.initialisms) {
    const written = initialism.charAt(0) + initialism.slice(1).toLowerCase()
    t.equal(modern(`The ${written}, ${initialism.toLowerCase()} or ${written}s`),
      `The ${initialism}, ${initialism} or ${initialism}s`)
  }
})

t.test('broken spellings are mended', async (t) => {
  const cases: readonly (readonly [written: string, modern: string])[] = [
    ['D..', 'D.'], ['If this is correct,, press 1', 'If this is correct, press 1'], ['What??', 'What?'],
    ['Meet me at ten p M..', 'Meet me at ten p.m.'], ['at five p. M. to call', 'at five p.m. to call'],
    ['at 10 a m, please', 'at 10 a.m., please'], ['at seven-thirty P. M.?', 'at seven-thirty p.m.?'],
    ['N. B. S..', 'NBS.'], ['Whether in the U. S. A. today', 'Whether in the USA today'],
    ['A B S', 'A B S'], ['call the I R S now', 'call the I R S now'], ['plan A. B S', 'plan A. B.S.'],
    ['The U S. president.', 'The U.S. president.'], ['J. R. R. Tolkien', 'J.R.R. Tolkien'], ['N B S', 'NBS'],
    ['To-morrow\'s news', 'Tomorrow\'s news'],
    ['  two   spaces ', 'two spaces'],
  ]
  for (const [written, wanted] of cases) t.equal(modern(written), wanted)
})

t.test('what is right in its context stays', async (t) => {
  const cases = [
    'Any one of them.', 'Pick any one.', 'Every one of us.', 'from day to night', 'It is near by the river.',
    'I am a member.', 'Well... no.', 'Really?!', 'Plan B I think.', 'Vitamin C. I like it.', 'well-being - or not',
    'I see, P. I am good.', 'Any body part.', 'per, cent', 'NASA', 'Call Ted.', 'a map',
  ]
  for (const text of cases) t.equal(modern(text), text)
})

t.test('other languages have the rules for marks alone', async (t) => {
  t.equal(modern('Guten Tag.. any one', 'de'), 'Guten Tag. any one')
  t.equal(modern('今日は、東京。', 'ja'), '今日は、東京。')
})

t.test('raw text is what the model wrote', async (t) => {
  const written = '- To-morrow..  at ten p M..'
  t.equal(formatText(written, 'en', { format: 'raw', numbers: 'as_heard' }), written)
})

t.test('formatting twice changes nothing more, and a long text takes no time', async (t) => {
  for (const { from } of SPELLING_TABLES.en!.respellings) t.equal(modern(modern(from)), modern(from))
  const since = performance.now()
  for (const piece of ['a ', '. ', 'any one ', 'U. ', '♪', '-', 'to-', ',,']) modern(piece.repeat(20_000))
  t.ok(performance.now() - since < 3_000)
})
