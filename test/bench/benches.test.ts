/** The list of benches: what each says of itself, what it refuses, and that none judges nothing. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { freePort } from '../../fixtures/kit/server.js'
import { BENCHES } from '../../bench/benches.js'
import { ACCURACY } from '../../bench/declarations/recognition.js'
import { firstOfEachSource, readClips } from '../../bench/harness/clips.js'
import { EXIT, requireMeasured, Skipped } from '../../bench/harness/endings.js'
import { model, program, requireNeeds, service } from '../../bench/harness/needs.js'
import { describeOptions, parseOptions } from '../../bench/harness/options.js'
import { progressLine } from '../../bench/harness/progress.js'
import { scoreSource } from '../../bench/harness/scoring.js'
import { printTable } from '../../bench/harness/table.js'
import { measureTables } from '../../bench/harness/tables.js'
import { lostOf, summarizeLoad } from '../../bench/load/summary.js'
import { projectRoot } from '../../src/domain/project-root.js'

const documented = readFileSync(path.join(projectRoot, 'docs/benchmarks.md'), 'utf8')

t.test('every bench is listed in order, says what it measures, needs and takes, and describes each option', async (t) => {
  t.ok(BENCHES.length > 25)
  t.same(BENCHES.map(({ name }) => name), BENCHES.map(({ name }) => name).toSorted())
  for (const { name, says, options, help } of BENCHES) {
    const text = help()
    t.ok(says.length > 0 && says.length < 70, `${name} has one line`)
    t.match(text, new RegExp(`^npm run bench -- ${name} \\[options\\]\n\n[A-Z].{20}`), name)
    t.match(text, /^takes: .*\d* ?(minute|second|s|hour)/m, name)
    for (const option of options) t.match(text, new RegExp(`^  --${option} .*\\S`, 'm'), `${name} --${option}`)
    t.match(text, /77 skipped/)
    t.notMatch(text, projectRoot, 'no path of this machine')
  }
})

t.test('the documents have every bench and every option of it, and no others', async (t) => {
  const [, table = ''] = documented.split('| options beside `--model` |')
  const rows = [...table.matchAll(/^\| (\w+)(?: `--\w+`)? \| [^|]*\| ([^|]*) \|$/gm)]
  t.same([...new Set(rows.map(([, name]) => name))].toSorted(), BENCHES.map(({ name }) => name))
  for (const { name, options } of BENCHES) {
    const text = rows.filter(([, own]) => own === name).map(([row]) => row).join('\n')
    const known = [...text.matchAll(/`--([a-z-]+)/g)].map(([, option]) => option)
    t.same(known.filter((option) => !options.includes(option!)), [], `${name}: options that do not exist`)
  }
})

t.test('a table, a score, a load or a verdict over nothing is an error with a sentence', async (t) => {
  t.throws(() => { printTable(['source', 'WER %'], []) }, /no row for the table "source, WER %"/)
  t.throws(() => scoreSource('x', []), /there are no clips of x/)
  t.throws(() => summarizeLoad({ answers: [], elapsedSeconds: 1, dropped: 0 }), /there are no requests/)
  t.throws(() => { requireMeasured({ clips: 3, requests: 0 }) }, /no requests, so there is no verdict/)
  t.throws(() => { requireMeasured({ clips: NaN }) }, /no clips/)
  t.doesNotThrow(() => { requireMeasured({ clips: 1 }) })
})

t.test('a manifest without clips, or with a broken line, is named', async (t) => {
  const folder = t.testdir({
    'empty.jsonl': '\n\n', 'text.jsonl': 'no json\n',
    'field.jsonl': '{"path":"a.wav","text":"a","seconds":1,"speaker":"s"}\n{"path":"b.wav","text":"b","seconds":1}\n',
  })
  const read = (name: string) => readClips(path.join(folder, name))
  await t.rejects(read('empty.jsonl'), { message: /^nothing was measured: .*empty.jsonl lists no clip/ })
  await t.rejects(read('text.jsonl'), /line 1 of .*text.jsonl is no JSON/)
  await t.rejects(read('field.jsonl'), /line 2 of .*field.jsonl has no "speaker" that is a string/)
  await t.rejects(read('none.jsonl'), { message: /there is no manifest/ })
  t.same(firstOfEachSource([], 3), [])
})

t.test('what is missing is said all at once, with the way to get it', async (t) => {
  await t.resolves(requireNeeds([program('node')]))
  const port = await freePort()
  const thrown = await requireNeeds([program('no-such-program', 'some-package'), service(`http://127.0.0.1:${port}`)])
    .catch((reason: unknown) => reason)
  t.ok(thrown instanceof Skipped)
  t.match((thrown as Error).message, /no-such-program is not installed; on Debian: apt-get install some-package/)
  t.match((thrown as Error).message, /no service answers at http:\/\/127.0.0.1:\d+ \(ECONNREFUSED\): start one/)
  await t.rejects(requireNeeds([model('no-such-model')]), { message: /^there is no model "no-such-model"; choose one of / })
})

t.test('a table that cannot run is left out; without any, the bench is skipped', async (t) => {
  t.capture(console, 'log', () => undefined)
  const table = (measure: () => Promise<{ missed: string[]; judged: Record<string, number>; results: unknown }>) =>
    ({ says: 'a table', open: async () => ({ measure }) })
  const good = table(async () => ({ missed: ['too slow'], judged: { clips: 2 }, results: 7 }))
  const absent = table(async () => { throw new Skipped('no ffmpeg') })
  const empty = table(async () => ({ missed: [], judged: { clips: 0 }, results: 0 }))
  t.same(await measureTables(['good', 'absent'], { good, absent }, undefined), {
    missed: ['good: too slow'], judged: { 'clips of good': 2 }, results: { good: 7 },
  })
  await t.rejects(measureTables(['absent'], { absent }, undefined), { message: 'absent: no ffmpeg' })
  await t.rejects(measureTables(['empty'], { empty }, undefined), { message: /there are no clips/ })
})

t.test('a refusal is no loss; an accepted request without an answer is one', async (t) => {
  const answer = (status: number, errorCode = '', failure: string | null = null, startedAtMs = 0) =>
    ({ status, errorCode, failure, startedAtMs, latencyMs: 10 })
  const kept = [
    answer(200), answer(429, 'QUEUE_FULL'), answer(503, 'MODEL_LOADING'), answer(0, '', 'ECONNREFUSED'),
    answer(400, 'AUDIO_UNREADABLE'),
  ]
  t.same(lostOf(kept), [])
  const lost = [answer(0, '', 'ECONNRESET'), answer(0, '', 'TIMEOUT'), answer(500, 'INTERNAL'), answer(503)]
  t.same(lostOf([...kept, ...lost]), lost)
  const draining = answer(503, 'SHUTTING_DOWN', null, 100)
  const early = answer(0, '', 'ECONNRESET', 105)
  const late = answer(0, '', 'ECONNRESET', 111)
  const hung = answer(0, '', 'TIMEOUT', 111)
  t.same(lostOf([draining, early, late, hung]), [early, hung], 'closed after another one was told of the shutdown')
})

t.test('one declaration reads the options and describes them', async (t) => {
  t.match(parseOptions(['--limit', '3', '--plain'], ACCURACY.options), { limit: 3, plain: true, shifts: 1 })
  t.throws(() => parseOptions(['--limt', '3'], ACCURACY.options), /option '--limt'.*; the options are --model, .*--help/)
  t.match(describeOptions(ACCURACY.options), /^  --limit N +clips of each source \(default: all\)$/m)
  t.same(EXIT, { met: 0, missed: 1, usage: 2, skipped: 77 })
})

t.test('progress says how far the work is and how long it will take', async (t) => {
  const task = { label: 'clips', total: 200, startedAtMs: 10_000, done: 50 }
  t.equal(progressLine('accuracy', 0, task, 20_000), 'accuracy: clips 50 of 200, 10 s, about 30 s left')
  t.equal(progressLine('accuracy', 0, { ...task, done: 0 }, 20_000), 'accuracy: clips, 20 s so far')
  t.equal(progressLine('accuracy', 0, undefined, 20_000), 'accuracy: 20 s so far')
})

t.test('a folder with a manifest is taken as well', async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'earshot-manifest-'))
  writeFileSync(path.join(folder, 'manifest.jsonl'), '{"path":"a/b.wav","text":"b","seconds":1,"speaker":"s"}\n')
  t.match(await readClips(folder), [{ file: path.join(folder, 'a/b.wav'), source: 'a' }])
})
