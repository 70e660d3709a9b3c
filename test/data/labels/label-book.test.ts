/** Labels while people label, who gets which clip, and where clips come from. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import type { CollectedClip, Selection } from '../../../src/data/collection/collected-clip.js'
import { drawOf, isOpenTo, needsTwo, progressOf } from '../../../src/data/labels/assignment.js'
import { collectedClips, manifestClips } from '../../../src/data/labels/clips-to-label.js'
import { LabelBook } from '../../../src/data/labels/label-book.js'
import { readLabelFile, type Label } from '../../../src/data/labels/label-file.js'
import { REPORT } from '../../serving/http/fake-service.js'

const label = (clip: string, author: string, fields: Partial<Label> = {}): Label => ({
  clip, author, text: 'Show me tents.', time: '2026-05-04T09:30:00Z', tags: [], state: 'labelled', secondOpinion: false,
  ...fields,
})

t.test('a label book keeps the last label of each author, and reads them again', async (t) => {
  const file = path.join(t.testdir(), 'labels.jsonl')
  const book = await LabelBook.open(file)
  await Promise.all([book.add(label('a', 'ann')), book.add(label('a', 'ben')), book.add(label('b', 'ann'))])
  await book.add(label('a', 'ann', { text: 'Show me ten tents.' }))
  t.equal(book.labelOf('a', 'ann')?.text, 'Show me ten tents.')
  t.same(book.labelsOf('a').map(({ author }) => author).sort(), ['ann', 'ben'])
  t.same(book.labelsOf('c'), [])
  t.equal((await readLabelFile(file)).labels.length, 4, 'nothing is overwritten')
  const again = await LabelBook.open(file)
  t.equal(again.labelOf('a', 'ann')?.text, 'Show me ten tents.')
})

t.test('a label that cannot be written does not count, and the next one is written', async (t) => {
  const folder = t.testdir({ labels: {} })
  const file = path.join(folder, 'labels', 'gone', 'labels.jsonl')
  const book = await LabelBook.open(file)
  await t.rejects(book.add(label('a', 'ann')), { code: 'ENOENT' })
  t.same(book.labelsOf('a'), [])
  mkdirSync(path.dirname(file))
  await book.add(label('a', 'ann'))
  t.equal(readFileSync(file, 'utf8').trim().split('\n').length, 1)
})

const clipOf = (id: string) => ({ id, draw: drawOf(id) })

t.test('one person labels a clip, and two label those that were drawn', async (t) => {
  const clips = Array.from({ length: 2_000 }, (_, index) => clipOf(`clip-${index}`))
  const rules = { secondShare: 0.1 }
  const drawn = clips.filter((clip) => needsTwo(clip, [], rules))
  t.ok(Math.abs(drawn.length - 200) < 60, `${drawn.length} of 2,000 are drawn`)
  t.equal(drawOf('clip-1'), clips[1]!.draw, 'the same number each time')
  const [twice] = drawn
  const once = clips.find((clip) => !drawn.includes(clip))!
  t.ok(isOpenTo(once, 'ann', [], rules))
  t.notOk(isOpenTo(once, 'ben', [label(once.id, 'ann')], rules), 'one label is enough')
  t.ok(isOpenTo(twice!, 'ben', [label(twice!.id, 'ann')], rules))
  t.notOk(isOpenTo(twice!, 'ann', [label(twice!.id, 'ann')], rules), 'nobody labels a clip twice')
  t.notOk(isOpenTo(twice!, 'eve', [label(twice!.id, 'ann'), label(twice!.id, 'ben')], rules), 'two are enough')
})

t.test('an unsure label asks for a second one, a skipped clip goes to somebody else', async (t) => {
  const rules = { secondShare: 0 }
  t.ok(isOpenTo(clipOf('a'), 'ben', [label('a', 'ann', { state: 'unsure' })], rules))
  t.ok(isOpenTo(clipOf('a'), 'ben', [label('a', 'ann', { state: 'skipped' })], rules))
  t.notOk(isOpenTo(clipOf('a'), 'ann', [label('a', 'ann', { state: 'skipped' })], rules))
  const labels: Record<string, Label[]> = {
    a: [label('a', 'ann'), label('a', 'ben')], b: [label('b', 'ben', { state: 'unsure' })],
    c: [label('c', 'ann', { state: 'skipped' })],
  }
  t.same(progressOf(['a', 'b', 'c', 'd'].map(clipOf), 'ann', (clip) => labels[clip] ?? [], rules),
    { clips: 4, labelled: 2, yours: 1, labelledTwice: 1, leftForYou: 2 })
})

t.test('clips of a manifest are named by id or path, and only its own files are read', async (t) => {
  const folder = t.testdir({ 'a.wav': 'audio of a', 'secret.txt': 'no clip' })
  const file = path.join(folder, 'manifest.jsonl')
  writeFileSync(file, '{"path":"a.wav","text":"Tents.","tags":["noise"]}\n{"path":"b.wav","id":"b1"}\n')
  const clips = manifestClips(file, 100)
  t.match(await clips.select({}), [{ id: 'a.wav', text: 'Tents.', tags: ['noise'], time: null }, { id: 'b1', text: null }])
  t.equal((await clips.audio('a.wav'))?.bytes.toString(), 'audio of a')
  t.equal(await clips.audio('secret.txt'), undefined)
  t.equal(await clips.audio('b.wav'), undefined, 'its name is b1')
  t.equal(await clips.audio('b1'), undefined, 'its file is gone')
  await t.rejects(manifestClips(file, 3).audio('a.wav'), { code: 'UPLOAD_TOO_LARGE' })
  for (const lines of ['{"path":"a.wav"}\n{"path":"b.wav","id":"a.wav"}', '{"path":"a.wav","start":2}']) {
    writeFileSync(file, lines)
    t.throws(() => manifestClips(file, 100), { code: 'CLIPS_INVALID' }, lines)
  }
  t.throws(() => manifestClips(path.join(folder, 'none.jsonl'), 100), { code: 'CLIPS_INVALID' })
})

t.test('collected clips are selected by time, reason and drifted feature', async (t) => {
  const all = [
    collected('a', '2026-05-04T10:00:00.000Z', { correction: 'Tents.' }),
    collected('b', '2026-05-04T11:00:00.000Z', { reasons: ['drifted'], driftFeatures: ['loudness'] }),
  ]
  const reads: string[] = []
  let now = Date.parse('2026-05-04T12:00:00Z')
  const store = {
    async *select({ from = '' }: Selection) {
      reads.push(from)
      yield* all.filter(({ time }) => time >= from)
    },
    audio: async (id: string) => id === 'gone' ? undefined : Buffer.from(`audio of ${id}`),
  }
  const clips = collectedClips(store, () => now)
  const ids = async (selection: Selection): Promise<string[]> => (await clips.select(selection)).map(({ id }) => id)
  t.same(await ids({}), ['a', 'b'])
  t.same(await ids({ from: '2026-05-04T10:30:00Z' }), ['b'])
  t.same(await ids({ to: '2026-05-04T11:00:00Z' }), ['a'])
  t.same(await ids({ from: '2026-05-04T13:00:00+02:00', driftFeature: 'loudness' }), ['b'])
  t.same(await ids({ reason: 'uniform' }), ['a'])
  t.equal((await clips.find('a'))?.text, 'Tents.')
  t.match(await clips.audio('b'), { mediaType: 'audio/webm' })
  t.same(reads, [''], 'the collection is not read for each request')
  now += 31_000
  all.push(collected('gone', '2026-05-04T12:00:00.000Z'), collected('c', '2026-05-04T12:00:01.000Z'))
  await ids({}) // begins to read
  await new Promise((resolve) => { setImmediate(resolve) })
  t.same(await ids({}), ['a', 'b', 'gone', 'c'])
  t.equal(reads[1], '2026-05-04T11:55:00.000Z', 'only what may be new is read')
  t.equal(await clips.audio('gone'), undefined)
  t.same(await ids({}), ['a', 'b', 'c'], 'a clip that was deleted meanwhile is not offered again')
  now += 601_000
  all.shift()
  all.splice(all.findIndex(({ id }) => id === 'gone'), 1)
  await ids({})
  await new Promise((resolve) => { setImmediate(resolve) })
  t.same(await ids({}), ['b', 'c'])
})

t.test('a slow store is read once at a time, and requests meanwhile get what is known', async (t) => {
  let [reads, now] = [0, 0]
  let release = (): void => undefined
  const clips = collectedClips({
    async *select() {
      reads++
      yield collected(`of-reading-${reads}`, '2026-05-04T10:00:00.000Z')
      await new Promise<void>((resolve) => { release = resolve })
    },
    audio: async () => undefined,
  }, () => now)
  const first = clips.select({})
  await new Promise((resolve) => { setImmediate(resolve) })
  release()
  t.equal((await first).length, 1)
  now += 31_000
  for (let request = 0; request < 5; request++) t.equal((await clips.select({})).length, 1)
  now += 31_000
  t.equal((await clips.select({})).length, 1)
  t.equal(reads, 2)
  release()
})

t.test('the error of a store is told, and the next request tries again', async (t) => {
  let isBroken = true
  const clips = collectedClips({
    async *select() {
      if (isBroken) throw new Error('no route to the store')
      yield collected('a', '2026-05-04T10:00:00.000Z')
    },
    audio: async () => undefined,
  })
  await t.rejects(clips.select({}), { message: 'no route to the store' })
  isBroken = false
  t.equal((await clips.select({})).length, 1)
})

t.test('samples without a header get one, so that a browser can play them', async (t) => {
  const samples = Buffer.alloc(320, 1)
  const clip = collected('raw', '2026-05-04T10:00:00.000Z')
  const clips = collectedClips({
    async *select() { yield { ...clip, audio: { ...clip.audio, mediaType: 'audio/L16;rate=16000' } } },
    audio: async () => samples,
  })
  const audio = await clips.audio('raw')
  t.equal(audio?.mediaType, 'audio/wav')
  t.equal(audio?.bytes.toString('latin1', 0, 4), 'RIFF')
  t.equal(audio?.bytes.length, 364)
})

function collected(id: string, time: string, fields: Partial<CollectedClip> = {}): CollectedClip {
  return {
    id, time, session: null, audio: { bytes: 1, sha256: '0'.repeat(64), mediaType: 'audio/webm' }, reasons: ['uniform'],
    samplingProbability: 0.1, driftFeatures: [], correction: null, report: REPORT, ...fields,
  }
}
