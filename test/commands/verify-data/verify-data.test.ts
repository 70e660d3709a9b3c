/** The command on the clips of the project, by the processes of the service; and what it refuses. */
import { execFile } from 'node:child_process'
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { runVerifyData } from '../../../src/commands/verify-data/verify-data.js'
import type { Finding } from '../../../src/data/verification/finding.js'
import { projectRoot } from '../../../src/domain/project-root.js'

const CLIPS = path.join(projectRoot, 'fixtures/clips')

interface Ran { readonly code: number; readonly stdout: string; readonly stderr: string }

function runCommand(args: readonly string[]): Promise<Ran> {
  const command = ['src/commands/setup/start.mjs', 'verify-data', ...args]
  const options = { cwd: projectRoot, env: { ...process.env, EARSHOT_WORKERS: '1' } }
  return new Promise((resolve) => {
    execFile(process.execPath, command, options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
    })
  })
}

t.test('a set with faults: findings, exit code, page, corrected manifest, and a second run from the cache', async (t) => {
  const folder = t.testdir()
  const names = ['warm-up', 'call-my-sister', 'silence']
  for (const name of names) copyFileSync(path.join(CLIPS, `${name}.wav`), path.join(folder, `${name}.wav`))
  copyFileSync(path.join(CLIPS, 'warm-up.wav'), path.join(folder, 'again.wav'))
  const lines = [...names, 'again', 'missing'].map((name) => ({ path: `${name}.wav`, text: 'some words', id: name }))
  const manifest = path.join(folder, 'manifest.jsonl')
  writeFileSync(manifest, lines.map((line) => JSON.stringify(line)).join('\n'))
  const outputs = ['json', 'html', 'fix', 'cache'].map((name) => [`--${name}`, path.join(folder, `${name}.out`)])
  const labels = path.join(folder, 'labels.jsonl')
  const label = (author: string, text: string): string => JSON.stringify({
    clip: 'warm-up.wav', author, text, time: '2026-05-04T09:30:00Z', tags: [], state: 'labelled', secondOpinion: true,
  })
  writeFileSync(labels, `${label('Ann', 'some words')}\n${label('Bob', 'some birds')}\n`)
  const args = [manifest, '--embed', '--labels', labels, ...outputs.flat()]
  const read = (name: string): string => readFileSync(path.join(folder, `${name}.out`), 'utf8')
  const { code, stdout } = await runCommand(args)
  t.equal(code, 3)
  t.match(stdout, /5 clips/)
  t.match(stdout, /agreement of labellers\nAnn and Bob: 1 clips, 0 with equal words/)
  const written = read('json').trim().split('\n').map((line) => JSON.parse(line) as Finding | { agreement: object })
  t.match(written.at(-1), { agreement: { authors: ['Ann', 'Bob'], all: { clips: 1 }, differingClips: 1 } })
  const findings = written.filter((line): line is Finding => 'kind' in line)
  const kinds = findings.filter(({ clip }) => clip !== null).map(({ clip, kind }) => `${clip} ${kind}`)
  for (const expected of ['missing.wav unreadable', 'silence.wav no_speech', 'again.wav duplicate_bytes',
    'warm-up.wav labellers_differ', 'warm-up.wav label_guide']) {
    t.ok(kinds.includes(expected), expected)
  }
  t.match(read('html'), 'src="data:audio/wav;base64,')
  const kept = read('fix').trim().split('\n').map((line) => JSON.parse(line) as { id: string })
  t.same(kept.map(({ id }) => id), ['warm-up', 'call-my-sister'])
  const readCache = (): string => {
    const cache = path.join(folder, 'cache.out')
    return readdirSync(cache).map((name) => readFileSync(path.join(cache, name), 'utf8')).join('')
  }
  const measured = readCache()
  t.equal(measured.trim().split('\n').length, 3, 'a line for each readable content')
  const words = path.join(folder, 'words.txt')
  writeFileSync(words, 'some words Dr')
  t.equal((await runCommand([...args, '--fail-on', 'never', '--words', words, '--language', 'de'])).code, 0)
  t.match(read('json'), /"words":\["dr"\]/, 'the list is read in the language of the labels: in English it is "doctor"')
  t.equal(readCache(), measured, 'nothing was measured again')
})

t.test('what it cannot do is said, with the usage where the call is wrong', async (t) => {
  const complaints: string[] = []
  const { error } = console
  t.teardown(() => { console.error = error })
  console.error = (line: string) => { complaints.push(line) }
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [[], 2, /one manifest is needed/], [['a', 'b'], 2, /one manifest/],
    [['a', '--top', 'x'], 2, /--top expects a whole number of at least 0/],
    [['a', '--fail-on', 'fatal'], 2, /no severity: "fatal"/], [['a', '--fix', './a'], 2, /not the manifest itself/],
    [[path.join(t.testdir(), 'none.jsonl')], 1, /ENOENT/],
  ]
  for (const [args, code, complaint] of cases) {
    t.equal(await runVerifyData(args, {}), code)
    t.match(complaints.at(-1), complaint)
  }
})
