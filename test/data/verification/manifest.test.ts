/** Reading a manifest, and writing the corrected one. */
import path from 'node:path'
import t from 'tap'
import { fixManifest } from '../../../src/data/verification/fix.js'
import { finding } from '../../../src/data/verification/finding.js'
import { readManifest } from '../../../src/data/verification/manifest.js'
import { clipAt } from './made-up.js'

t.test('lines of ours and of NeMo, and lines that cannot be used', async (t) => {
  const lines = [
    '{"path":"a/1.wav","text":"one","seconds":1.5,"sampleRate":8000,"speaker":"x","split":"test","tags":["far"],"more":1}',
    '', '{"audio_filepath":"2.wav","duration":2}', '{"path":', '{"text":"no path"}', '{"path":"3.wav","seconds":"4"}',
  ]
  const file = path.join(t.testdir({ 'm.jsonl': lines.join('\r\n') }), 'm.jsonl')
  const { clips, findings } = await readManifest(file)
  t.match(clips, [
    { clip: 'a/1.wav', line: 1, source: 'a', text: 'one', seconds: 1.5, sampleRate: 8000, split: 'test', tags: ['far'] },
    { clip: '2.wav', line: 3, text: null, seconds: 2, speaker: null, file: path.join(path.dirname(file), '2.wav') },
  ])
  t.equal(clips[0]!.fields['more'], 1)
  t.match(findings, [
    { kind: 'line_invalid', line: 4 }, { kind: 'line_invalid', line: 5, detail: /"path"/ },
    { kind: 'line_invalid', line: 6, detail: /seconds/ },
  ])
})

t.test('a manifest without a usable line is an error that says what a line is', async (t) => {
  const folder = t.testdir({ 'empty.jsonl': '', 'other.jsonl': 'file,text\n1.wav,one\n' })
  await t.rejects(readManifest(path.join(folder, 'empty.jsonl')), { code: 'CLIPS_INVALID', message: /empty/ })
  await t.rejects(readManifest(path.join(folder, 'other.jsonl')), { code: 'CLIPS_INVALID', message: /line 1.*"path"/ })
  await t.rejects(readManifest(path.join(folder, 'none.jsonl')), { code: 'ENOENT' })
})

t.test('the corrected manifest drops what is useless and keeps every other field', async (t) => {
  const clips = [
    clipAt(1), clipAt(2), clipAt(3, { audio: { seconds: 1.23456 } }), clipAt(4, { audio: { headerRate: 8_000 } }),
    clipAt(5),
  ]
  const at = (line: number): { clip: string; line: number } => clips[line - 1]!.listed
  const findings = [
    finding('duplicate_bytes', at(2), ''), finding('length_mismatch', at(3), ''),
    finding('rate_mismatch', at(4), '', { manifestRate: 16_000 }), finding('clipped', at(5), ''),
  ]
  const { lines, dropped, corrected } = fixManifest(clips, findings, { from: '/data', to: '/data' })
  t.same(lines.map((line) => JSON.parse(line) as unknown), [
    clips[0]!.listed.fields, { ...clips[2]!.listed.fields, seconds: 1.235 },
    { ...clips[3]!.listed.fields, sampleRate: 8_000 }, clips[4]!.listed.fields,
  ])
  t.same({ dropped, corrected }, { dropped: 1, corrected: 2 })
})

t.test('a corrected manifest in another folder finds the same files', async (t) => {
  const { lines } = fixManifest([clipAt(1)], [], { from: '/data/speech', to: '/data/lists/new' })
  t.match(JSON.parse(lines[0]!), { path: '../../speech/set/1.wav', note: 'kept' })
})
