/** What is wrong with a call, and the command on synthetic clips with the default model. */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { runAnalyzeErrors } from '../../../src/commands/analyze-errors/analyze-errors.js'
import { writePage } from '../../../src/commands/analyze-errors/page.js'
import { soundOf } from '../../../src/commands/analyze-errors/sound.js'
import { analyze, type Analysis } from '../../../src/data/error-analysis/analyze.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { explained, observed } from '../../data/error-analysis/made-up.js'

const MANIFEST = path.join(projectRoot, 'fixtures/clips/manifest.jsonl')

/** Exit code, the messages, and what was printed. */
async function said(args: string[]): Promise<{ code: number; messages: string[]; output: string }> {
  const [messages, output] = [[] as string[], [] as string[]]
  const { error, log } = console
  console.error = (line: string) => { messages.push(line) }
  console.log = (line: string) => { output.push(line) }
  try {
    const code = await runAnalyzeErrors(args, { EARSHOT_WORKERS: '1' })
    return { code, messages, output: output.join('\n') }
  } finally {
    Object.assign(console, { error, log })
  }
}

t.test('what is wrong with a call is said in a sentence', async (t) => {
  const folder = t.testdir({
    'absent.jsonl': '{"path":"a.wav","text":"a"}', 'unlabelled.jsonl': '{"path":"a.wav"}', 'labels.jsonl': '',
    'bad.csv': 'colour\nred\n',
  })
  const absent = path.join(folder, 'absent.jsonl')
  const cases: [string[], number, RegExp][] = [
    [[], 2, /one manifest/],
    [[absent, absent], 2, /one manifest/],
    [[absent, '--colour'], 2, /colour/],
    [[absent, '--limit', '0'], 2, /--limit expects a whole number of at least 1, not "0"/],
    [[absent, '--top', 'x'], 2, /--top expects/],
    [[absent, '--model', 'default?EARSHOT_PORT=1'], 2, /EARSHOT_PORT does not change/],
    [[absent, '--reference', 'profile:slow'], 2, /EARSHOT_PROFILE/],
    [[absent, '--model', 'revision:HEAD~1'], 2, /checkout:FOLDER/],
    [[absent, '--reference', 'revision:main'], 2, /checkout:FOLDER/],
    [[absent, '--reference', `people:${path.join(folder, 'labels.jsonl')}`], 1, /has no label/],
    [[absent, '--catalogue', path.join(folder, 'bad.csv')], 1, /catalogue is not valid/],
    [[path.join(folder, 'nowhere.jsonl')], 1, /nowhere\.jsonl/],
    [[path.join(folder, 'unlabelled.jsonl')], 1, /"text"/],
    [[absent, '--no-cache'], 1, /verify-data says why/],
  ]
  for (const [args, code, complaint] of cases) {
    const { code: actual, messages } = await said(args)
    t.equal(actual, code, args.join(' '))
    t.match(messages.at(-1), complaint, args.join(' '))
  }
})

t.test('a second run takes everything from the cache; people and wrong labels are told apart', async (t) => {
  const folder = t.testdir()
  const lines = (await readFile(MANIFEST, 'utf8')).trim().split('\n').slice(0, 4)
    .map((line) => JSON.parse(line) as { path: string; text: string; id?: string })
    .map((line, index) => ({
      ...line, path: path.resolve(path.dirname(MANIFEST), line.path), ...index < 2 && { id: `request-${index}` },
    }))
  const wrong = lines.map((line, index) => index === 0 ? { ...line, text: `${line.text} elephants and giraffes` } : line)
  const manifest = path.join(folder, 'wrong.jsonl')
  const people = path.join(folder, 'people.jsonl')
  const jsonLines = (values: object[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('')
  await writeFile(manifest, jsonLines(wrong))
  await writeFile(people, jsonLines(lines.map(({ path: clip, id = clip, text }) => ({
    clip: id, text, author: 'a', time: '2026-11-30T10:00:00Z', tags: [], state: 'labelled', secondOpinion: false,
  }))))
  const [json, html] = [path.join(folder, 'out.json'), path.join(folder, 'out.html')]
  const args = [manifest, '--reference', `people:${people}`, '--cache', path.join(folder, 'cache'), '--json', json,
    '--html', html]
  const first = await said(args)
  t.equal(first.code, 0, first.messages.join('\n'))
  const analysis = JSON.parse(await readFile(json, 'utf8')) as Analysis
  const [clip] = analysis.wrong.filter(({ text }) => text.includes('giraffes'))
  t.match(clip?.places.at(-1), { cause: 'label', because: /and the reference hears it too/ })
  t.match(await readFile(html, 'utf8'), /data:audio\/wav;base64/)
  t.match(first.output, /What to work on/)
  const cached = path.join(folder, 'cache')
  const before = await sizes(cached)
  const again = await said(args)
  t.equal(again.output, first.output)
  t.same(await sizes(cached), before, 'nothing was recognized again')
})

async function sizes(folder: string): Promise<string[]> {
  const { readdir, stat } = await import('node:fs/promises')
  return Promise.all((await readdir(folder)).map(async (name) => `${name} ${(await stat(path.join(folder, name))).size}`))
}

t.test('a recording that is gone has no player, and the page is written', async (t) => {
  const gone = explained(observed('play some jazz', 'play some chess'))
  const names = { manifest: 'made.jsonl', model: 'default', reference: null }
  const analysis = analyze([gone], { language: 'en', soundOf, names, leftOut: 0, catalogueWords: new Set<string>() })
  const file = path.join(t.testdir(), 'page.html')
  await writePage(file, analysis)
  const page = await readFile(file, 'utf8')
  t.match(page, /chess/)
  t.notMatch(page, /<audio/)
})

t.test('homophones are words with one sound, as far as spelling says', async (t) => {
  const pairs = [['right', 'write'], ['knight', 'night'], ['sea', 'see'], ['their', 'there'], ['week', 'weak']]
  for (const [one, other] of pairs) t.equal(soundOf(one!), soundOf(other!), `${one} ${other}`)
  for (const [one, other] of [['to', 'do'], ['bed', 'bad'], ['bat', 'pat'], ['wow', 'you'], ['pin', 'bin']]) {
    t.not(soundOf(one!), soundOf(other!), `${one} ${other}`)
  }
})
