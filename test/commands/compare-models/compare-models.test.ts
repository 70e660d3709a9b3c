/** How a side is written, what is wrong with a call, and the command on synthetic clips with the default model. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { configurationDigest } from '../../../src/commands/clips/configuration.js'
import { processorSecondsOf } from '../../../src/commands/clips/processor-seconds.js'
import { runCompareModels } from '../../../src/commands/compare-models/compare-models.js'
import { readSide } from '../../../src/commands/compare-models/side.js'
import type { Comparison } from '../../../src/data/comparison/compare.js'
import { projectRoot } from '../../../src/domain/project-root.js'

const CLIPS = path.join(projectRoot, 'fixtures/clips')

t.test('a side is a model, a profile or the environment, with settings', async (t) => {
  const environment = { EARSHOT_MAX_DECODING_PASSES: '2' }
  t.match(readSide('whisper-base', environment), {
    name: 'whisper-base', config: { models: ['whisper-base'], maxDecodingPasses: 2, cascadeModel: undefined },
  })
  t.match(readSide('profile:accurate', environment).config, { cascadeModel: 'whisper-small', cascadeBelow: 0.89 })
  t.match(readSide('profile:accurate?EARSHOT_CASCADE_BELOW=0.5&EARSHOT_MAX_DECODING_PASSES=1', environment).config, {
    cascadeBelow: 0.5, maxDecodingPasses: 1,
  })
  t.match(readSide('default?EARSHOT_DISABLED_CODECS=mp3%2Caac', {}).config, { disabledCodecs: ['mp3', 'aac'] })
})

t.test('sides that differ in what is recognized have different digests, others the same', async (t) => {
  const digest = (written: string): Promise<string> => configurationDigest(readSide(written, {}).config)
  const fast = await digest('default')
  t.equal(await digest('profile:fast'), fast)
  t.equal(await digest('moonshine-tiny-en?EARSHOT_WORKERS=3'), fast)
  const others = ['whisper-base', 'profile:accurate', 'default?EARSHOT_MAX_DECODING_PASSES=1']
  const digests = await Promise.all([...others.map(digest), configurationDigest(readSide('default', {}).config, {
    nBest: 5,
  })])
  t.equal(new Set([fast, ...digests]).size, 5)
})

/** Exit code, and the last message. */
async function said(args: string[]): Promise<{
  code: number; complaint: string | undefined; output: string; messages: string[]
}> {
  const [messages, output] = [[] as string[], [] as string[]]
  const { error, log } = console
  console.error = (line: string) => { messages.push(line) }
  console.log = (line: string) => { output.push(line) }
  try {
    const code = await runCompareModels(args, { EARSHOT_WORKERS: '1' })
    return { code, complaint: messages.at(-1), messages, output: output.join('\n') }
  } finally {
    Object.assign(console, { error, log })
  }
}

t.test('clips that were collected with different probabilities are not called the traffic', async (t) => {
  const line = (probability?: number): string =>
    `${JSON.stringify({ path: 'a.wav', text: 'a', samplingProbability: probability })}\n`
  const folder = t.testdir({
    'differing.jsonl': line(0.1) + line(1), 'drawn.jsonl': line() + line(0.5), 'equal.jsonl': line(0.1) + line(0.1),
    'plain.jsonl': line() + line(1), 'zero.jsonl': line(0),
  })
  for (const [name, warns] of [['differing', true], ['drawn', true], ['equal', false], ['plain', false]] as const) {
    const { messages } = await said(['no-such-model', 'default', '--clips', path.join(folder, `${name}.jsonl`), '--no-cache'])
    t.equal(messages.some((message) => /samplingProbability/.test(message)), warns, name)
  }
  t.match((await said(['default', 'default', '--clips', path.join(folder, 'zero.jsonl')])).complaint, /samplingProbability/)
})

t.test('what is wrong with a call is said in a sentence', async (t) => {
  const folder = t.testdir({ 'silent.jsonl': '{"path":"a.wav"}\n{"path":"a.wav","text":null}', 'absent.jsonl': '{"path":"a.wav","text":"a"}' })
  const cases: [string[], number, RegExp][] = [
    [['default'], 2, /two sides/],
    [['default', 'default', 'default'], 2, /two sides/],
    [['default', 'default'], 2, /--clips/],
    [['default', 'default', '--clips', folder, '--colour'], 2, /colour/],
    [['default', '?EARSHOT_THREADS=2', '--clips', folder], 2, /begins with a model/],
    [['default', `checkout:${folder}`, '--clips', folder], 2, /npm run build/],
    [['default', 'default?catalogue=/absent.csv', '--clips', CLIPS, '--no-cache'], 1, /absent\.csv/],
    [['default', 'profile:slow', '--clips', folder], 2, /profile:slow.*EARSHOT_PROFILE/],
    [['default', 'default?EARSHOT_THRAEDS=2', '--clips', folder], 2, /no setting "EARSHOT_THRAEDS"/],
    [['default', 'default?threads=2', '--clips', folder], 2, /no setting "threads"/],
    [['default', 'default?EARSHOT_PORT=1', '--clips', folder], 2, /EARSHOT_PORT does not change/],
    [['default', 'default?EARSHOT_THREADS', '--clips', folder], 2, /SETTING=VALUE/],
    [['default', 'default?EARSHOT_THREADS=%', '--clips', folder], 2, /percent/],
    [['default', 'default', '--clips', folder, '--margin', 'x'], 2, /--margin expects/],
    [['default', 'default', '--clips', folder, '--limit', '1.5'], 2, /--limit expects a whole number of at least 1/],
    [['default', 'default', '--clips', folder, '--limit', '0'], 2, /--limit expects a whole number of at least 1/],
    [['default', 'default', '--clips', folder, '--listen', 'x'], 2, /--listen expects a whole number of at least 0/],
    [['default', 'default', '--clips', path.join(folder, 'silent.jsonl'), '--no-cache'], 1, /has a text/],
    [['default', 'default', '--clips', path.join(folder, 'absent.jsonl'), '--no-cache'], 1, /cannot be read/],
    [['default', 'revision:no-such-revision', '--clips', path.join(folder, 'absent.jsonl')], 2, /is no revision/],
    [['default', 'revision:HEAD?EARSHOT_PORT=1', '--clips', folder], 2, /EARSHOT_PORT does not change/],
    [['default', 'default', '--clips', CLIPS, '--no-cache', '--search', '/absent.csv'], 1, /absent\.csv/],
    [['no-such-model', 'default', '--clips', path.join(folder, 'absent.jsonl'), '--no-cache'], 1, /no-such-model/],
  ]
  for (const [args, code, complaint] of cases) t.match(await said(args), { code, complaint }, args.join(' '))
})

t.test('the second run takes everything from the cache, and the page holds the recordings', async (t) => {
  const folder = t.testdir()
  const page = path.join(folder, 'page.html')
  const args = ['default', 'default?EARSHOT_MAX_DECODING_PASSES=1', '--clips', CLIPS, '--limit', '4', '--json',
    '--cache', path.join(folder, 'cache'), '--html', page, '--margin', '100']
  const first = await said(args)
  t.equal(first.code, 0, 'a margin of 100 points allows everything')
  const compared = JSON.parse(first.output) as Comparison
  t.match(compared, { names: { a: 'default' }, isSame: false, leftOut: 0, verdict: { verdict: 'not worse' } })
  t.ok(compared.all.clips > 0 && compared.all.clips === compared.cost?.latency.clips)
  t.match(compared.cost?.work.measure, process.platform === 'linux' ? 'processor' : 'wall')
  t.ok(compared.cost!.work.secondsPerAudioSecond.a > 0)
  t.match(await readFile(page, 'utf8'), /<!doctype html>[^]*Clips to listen to/)
  const again = JSON.parse((await said(args)).output) as Comparison
  t.same(again.cost?.latency, compared.cost?.latency, 'times are those of the first run')
  t.same(again.all, compared.all)
})

t.test('a configuration compared with itself is recognized once, and its times are not compared', async (t) => {
  const args = ['default', 'profile:fast', '--clips', CLIPS, '--limit', '2', '--json', '--cache', t.testdir(),
    '--margin', '100']
  const { code, output } = await said(args)
  t.equal(code, 0)
  t.match(JSON.parse(output), { isSame: true, cost: null, all: { points: 0, wins: { a: 0, b: 0 } }, disagreements: [] })
})

t.test('the names of a catalogue bias one side', async (t) => {
  const folder = t.testdir({ 'names.csv': 'id,name\n1,miles davis\n2,john coltrane\n', 'bad.csv': 'colour\nred\n' })
  const args = (file: string): string[] => ['default', `default?catalogue=${path.join(folder, file)}`, '--clips', CLIPS,
    '--limit', '1', '--json', '--no-cache', '--margin', '100']
  const { code, output } = await said(args('names.csv'))
  t.equal(code, 0)
  t.match(JSON.parse(output), { isSame: false, leftOut: 0, cost: { latency: { clips: Number } } })
  t.match(await said(args('bad.csv')), { code: 1, complaint: /catalogue is not valid/ })
})

t.test('search hits are those of the catalogue, expected by "entry" or by the label', async (t) => {
  const lines = (await readFile(path.join(CLIPS, 'manifest.jsonl'), 'utf8')).split('\n').filter((line) => line !== '')
    .slice(0, 3).map((line) => JSON.parse(line) as { path: string; text: string })
  const [byName, byEntry, none] = lines.map((line) => ({ ...line, path: path.join(CLIPS, line.path) }))
  const folder = t.testdir({
    'manifest.jsonl': [byName, { ...byEntry, entry: 'second' }, { ...none, entry: [] }]
      .map((line) => JSON.stringify(line)).join('\n'),
    'names.jsonl': [{ id: 'first', name: byName!.text }, { id: 'second', name: byEntry!.text }, { id: 'x', name: 'zebra' }]
      .map((line) => JSON.stringify(line)).join('\n'),
    'others.csv': 'id,name\nother,zebra crossing\n',
  })
  const args = ['default', `default?catalogue=${path.join(folder, 'others.csv')}`, '--clips', folder, '--json',
    '--no-cache', '--margin', '100', '--search', path.join(folder, 'names.jsonl')]
  const { hits } = JSON.parse((await said(args)).output) as Comparison
  t.match(hits, { clips: 3, unexpected: 1 })
  t.match(hits!.figures.map(({ name, percent }) => [name, percent.a, percent.b]), [
    ['first hit right', 100, 100 / 3], ['expected among the first five', 100, 0], ['mean reciprocal rank', 100, 0],
  ])
  t.same(hits!.test, { onlyA: 2, onlyB: 0, p: 0.5 })
})

t.test('processor time is that of the system', { skip: process.platform !== 'linux' && 'needs /proc' }, async (t) => {
  const { user, system } = process.cpuUsage()
  const found = processorSecondsOf([process.pid])!
  t.ok(Math.abs(found - (user + system) / 1e6) < 0.2, `${found}`)
  t.equal(processorSecondsOf([2 ** 22 + 1]), null, 'a process that has ended')
})
