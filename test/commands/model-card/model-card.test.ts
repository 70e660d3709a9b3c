/** The command on synthetic clips with the default model, and what is wrong with a call. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { configurationDigest } from '../../../src/commands/clips/configuration.js'
import { peakResidentBytesOf } from '../../../src/commands/clips/peak-memory.js'
import { runModelCard } from '../../../src/commands/model-card/model-card.js'
import { readConfig } from '../../../src/config.js'
import type { ModelCard } from '../../../src/domain/model-card.js'
import { projectRoot } from '../../../src/domain/project-root.js'

const CLIPS = path.join(projectRoot, 'fixtures/clips')
const NAME = 'moonshine-tiny-en'

/** Exit code, and the last message. */
async function said(
  args: string[], environment: NodeJS.ProcessEnv = {},
): Promise<{ code: number; complaint: string | undefined; output: string }> {
  const [messages, output] = [[] as string[], [] as string[]]
  const { error, log } = console
  console.error = (line: string) => { messages.push(line) }
  console.log = (line: string) => { output.push(line) }
  try {
    const code = await runModelCard(args, environment)
    return { code, complaint: messages.at(-1), output: output.join('\n') }
  } finally {
    Object.assign(console, { error, log })
  }
}

t.test('a card of a few clips has their figures, the statements and the command', async (t) => {
  const folder = t.testdir()
  const [out, markdown] = [path.join(folder, 'card.json'), path.join(folder, 'card.md')]
  const { code, output } = await said([
    NAME, CLIPS, '--limit', '3', '--out', out, '--markdown', markdown, '--caveat', 'Synthetic voices.', '--not-for',
    'Real speech.', '--training-data', 'Unknown.',
  ], { EARSHOT_MAX_DECODING_PASSES: '1', EARSHOT_PROFILE: 'accurate' })
  t.equal(code, 0)
  t.match(output, /3 clips, word error rate/)
  const card = JSON.parse(await readFile(out, 'utf8')) as ModelCard
  t.match(card, {
    model: { name: NAME, licence: 'MIT', languages: ['en'], trainingData: 'Unknown.' },
    intendedUse: [/speech in English/], notFor: ['Real speech.'], data: [{ name: 'clips', clips: 3, leftOut: 0 }],
    wordErrorRate: { all: { clips: 3 } }, limits: { clipSeconds: 30 }, machine: { threads: 1 },
    command: `EARSHOT_MAX_DECODING_PASSES=1 npm run model-card -- ${NAME} clips --limit 3`,
  })
  t.equal(card.caveats[0], 'Synthetic voices.')
  t.ok(card.cost.medianSeconds > 0 && card.data[0]!.seconds > 0)
  if (process.platform === 'linux') t.ok(card.cost.peakResidentBytes! > 2 ** 20)
  t.match(await readFile(markdown, 'utf8'), /^# Model card: moonshine-tiny-en\n[^]*Synthetic voices/)
})

t.test('what is wrong with a call is said in a sentence', async (t) => {
  const folder = t.testdir({ 'silent.jsonl': '{"path":"a.wav"}', 'absent.jsonl': '{"path":"a.wav","text":"a"}' })
  const cases: [string[], number, RegExp][] = [
    [[], 2, /a model and a manifest/],
    [[NAME], 2, /a model and a manifest/],
    [[NAME, CLIPS, '--limit', '0'], 2, /--limit expects a whole number of at least 1, not "0"/],
    [[NAME, CLIPS, '--colour'], 2, /colour/],
    [['no-such-model', CLIPS], 1, /no-such-model/],
    [[NAME, path.join(folder, 'silent.jsonl')], 1, /has a text/],
    [[NAME, path.join(folder, 'absent.jsonl')], 1, /cannot be read/],
    [[NAME, path.join(folder, 'nowhere')], 1, /nothing at/],
  ]
  for (const [args, code, complaint] of cases) t.match(await said(args), { code, complaint }, args.join(' '))
})

t.test('a card changes nothing that is recognized', async (t) => {
  const manifest = await readFile(path.join(projectRoot, 'models/silero-vad/model.json'), 'utf8')
  const own = await readFile(path.join(projectRoot, 'models', NAME, 'model.json'), 'utf8')
  const digestWith = (files: Record<string, string>): Promise<string> => configurationDigest(readConfig({
    EARSHOT_MODELS_DIR: t.testdir({
      [NAME]: { 'model.json': own, ...files }, 'silero-vad': { 'model.json': manifest },
    }),
  }))
  const plain = await digestWith({})
  t.equal(await digestWith({ 'card.json': '{}' }), plain)
  t.not(await digestWith({ 'confidence.json': '{}' }), plain)
})

t.test('the most memory is at least the present one', { skip: process.platform !== 'linux' && 'needs /proc' }, async (t) => {
  t.ok(peakResidentBytesOf([process.pid])! > 2 ** 20)
  t.equal(peakResidentBytesOf([2 ** 22 + 1]), null, 'a process that has ended')
  t.equal(peakResidentBytesOf([]), null)
})
