/** Label files: appended, never changed, and readable after a crash in the middle of a line. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { applyLabels } from '../../../src/data/labels/apply-labels.js'
import { NO_DETAILS } from '../../../src/data/labels/formats/utterance.js'
import { appendLabels, labelsThatCount, readLabelFile, type Label } from '../../../src/data/labels/label-file.js'

const label = (details: Partial<Label>): Label => ({
  clip: 'a.wav', text: 'one', author: 'ann', time: '2026-05-04T09:30:00Z', tags: [], state: 'labelled',
  secondOpinion: false, ...details,
})

t.test('what was appended is read, in order', async (t) => {
  const file = path.join(t.testdir(), 'labels.jsonl')
  const labels = [label({}), label({ text: 'zwei\n"x"', tags: ['noise'], state: 'unsure', secondOpinion: true })]
  await appendLabels(file, labels.slice(0, 1))
  const before = readFileSync(file, 'utf8')
  await appendLabels(file, labels.slice(1))
  t.ok(readFileSync(file, 'utf8').startsWith(before), 'nothing was rewritten')
  t.same(await readLabelFile(file), { labels, tornLines: [] })
})

t.test('a file that was cut off at any byte loses at most its last label, and can be continued', async (t) => {
  const file = path.join(t.testdir(), 'labels.jsonl')
  const labels = [label({}), label({ clip: 'b.wav', text: 'zwö' })]
  const whole = Buffer.from(labels.map((one) => `${JSON.stringify(one)}\n`).join(''))
  const firstLine = JSON.stringify(labels[0]).length + 1
  for (let length = firstLine; length <= whole.length; length++) {
    writeFileSync(file, whole.subarray(0, length))
    const read = await readLabelFile(file)
    const isWhole = length >= whole.length - 1
    t.same(read.labels, isWhole ? labels : labels.slice(0, 1), `${length} bytes`)
    t.same(read.tornLines, isWhole || length === firstLine ? [] : [2], `${length} bytes`)
    await appendLabels(file, [label({ clip: 'c.wav' })])
    const continued = await readLabelFile(file)
    t.equal(continued.labels.at(-1)!.clip, 'c.wav')
    t.equal(continued.labels.length, read.labels.length + 1)
    t.same(continued.tornLines, read.tornLines)
  }
})

t.test('a line that is no label is refused with its place', async (t) => {
  const file = path.join(t.testdir(), 'labels.jsonl')
  for (const [line, message] of [
    ['{"clip":"a"}', /labels\.jsonl, line 2/], ['[]', /line 2/],
    [JSON.stringify({ ...label({}), rating: 3 }), /line 2.*rating/],
    [JSON.stringify(label({ time: '4 May 2026' })), /"4 May 2026" is no time/],
    [JSON.stringify(label({ time: '2026-05-04T09:30:00' })), /is no time/],
  ] as const) {
    writeFileSync(file, `${JSON.stringify(label({}))}\n`)
    appendFileSync(file, `${line}\n`)
    await t.rejects(readLabelFile(file), { code: 'CLIPS_INVALID', message }, line)
  }
  await t.rejects(appendLabels(file, [label({ author: '' })]), { code: 'CLIPS_INVALID', message: /a\.wav.*author/ })
})

t.test('the last label of each author counts, by time and then by line', async (t) => {
  const labels = [
    label({ text: 'late', time: '2026-05-04T12:00:00+02:00' }), label({ text: 'early', time: '2026-05-04T09:59:00Z' }),
    label({ text: 'ben', author: 'ben' }), label({ text: 'ben again', author: 'ben' }),
  ]
  t.same(labelsThatCount(labels).map(({ text }) => text), ['late', 'ben again'])
})

t.test('labels replace the texts of a manifest; what is left out is said', async (t) => {
  const clip = (name: string, text: string | null) => ({ ...NO_DETAILS, path: name, text, tags: ['read'] })
  const applied = applyLabels([clip('a.wav', 'old'), clip('b.wav', null), clip('c.wav', 'kept'), clip('d.wav', null)], [
    label({ text: 'new', tags: ['noise'], time: '2026-05-05T00:00:00Z' }), label({ text: 'other', author: 'ben' }),
    label({ clip: 'b.wav', text: 'b' }), label({ clip: 'c.wav', text: '', state: 'skipped' }), label({ clip: 'x.wav' }),
  ])
  t.same(applied.utterances.map(({ path: name, text, tags }) => [name, text, tags]), [
    ['a.wav', 'new', ['read', 'noise']], ['b.wav', 'b', ['read']], ['c.wav', 'kept', ['read']],
  ])
  t.same(applied.losses, [
    'clips without a label: 1', 'older labels of clips whose labellers differ: 1',
    'labels of clips that the manifest does not list: 1',
  ])
})
