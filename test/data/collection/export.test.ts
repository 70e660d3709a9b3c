/** Export and summary of collected clips: files and manifests that the other commands read as they are. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { listClips } from '../../../src/commands/clips/clips.js'
import { decodeAudio, headerlessFormat, probeAudio } from '../../../src/audio/decode.js'
import { wrapHeaderless } from '../../../src/audio/containers/headerless-wav.js'
import { ClipStore, digestOf } from '../../../src/data/collection/clip-store.js'
import { exportClips } from '../../../src/data/collection/export.js'
import { secretsOf } from '../../../src/data/collection/secrets.js'
import { summarizeClips } from '../../../src/data/collection/summary.js'
import { importManifest } from '../../../src/data/labels/formats/json-lines.js'
import { readManifest } from '../../../src/data/verification/manifest.js'
import { wavOfSeconds } from '../../serving/http/wav.js'
import { clipOf, KEY, MemoryStore, SURE } from './made-up.js'

const WAV = wavOfSeconds(1)
const SAMPLES = WAV.subarray(44)

async function filled(): Promise<ClipStore> {
  const store = await ClipStore.open(new MemoryStore(), secretsOf(KEY))
  const raw = { ...SURE, input: { ...SURE.input, container: 'none' } }
  const session = store.sessionPseudonym('visit')
  for (const [id, audio, fields] of [
    ['a', WAV, { correction: 'play some chess', session, reasons: ['uniform', 'corrected'], samplingProbability: 0.25 }],
    ['b', WAV, { session, reasons: ['drifted'], driftFeatures: ['snr'] }],
    ['c', SAMPLES, { report: raw, correction: '' }],
  ] as const) {
    const clip = await clipOf(id, '2026-05-04T09:30:00.000Z', fields)
    const mediaType = id === 'c' ? 'audio/l16;rate=16000;endianness=little-endian' : 'audio/wav'
    const at = `2026-05-04T09:30:0${'abc'.indexOf(id)}.000Z`
    const described = { bytes: audio.length, sha256: await digestOf(audio), mediaType }
    await store.put({ ...clip, time: at, audio: described }, audio)
  }
  return store
}

t.test('an export is a manifest that every command reads, with the audio as it was', async (t) => {
  const folder = path.join(t.testdir(), 'new')
  const { clips, corrected, manifest } = await exportClips(await filled(), {}, folder)
  t.same([clips, corrected], [3, 2])
  const lines = readFileSync(manifest, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
  t.match(lines[0], {
    id: 'a', text: 'play some chess', reasons: ['uniform', 'corrected'], samplingProbability: 0.25, seconds: 2,
    transcript: 'play some jazz', model: 'moonshine-tiny-en', source: 'collected', redistributable: 'no',
  })
  t.notOk('tags' in lines[0]!, 'results of draws are no slices')
  t.match(lines[0]?.speaker, /^[0-9a-f]{24}$/)
  t.equal(lines[0]?.speaker, lines[1]?.speaker)
  t.notOk('text' in lines[1]!, 'nobody said what was right')
  t.same(lines[1]?.driftFeatures, ['snr'])
  t.notOk('speaker' in lines[2]!)
  t.equal(Buffer.compare(readFileSync(path.join(folder, lines[0]!.path as string)), WAV), 0)
  t.equal(statSync(manifest).mode & 0o777, 0o600)

  const listed = listClips(folder)
  t.same(listed.map(({ text }) => text), ['play some chess', null, ''])
  t.ok(listed.every(({ source, isRedistributable }) => source === 'collected' && !isRedistributable))
  const verified = await readManifest(manifest)
  t.same(verified.findings, [])
  t.same(verified.clips.map(({ speaker }) => speaker === null), [false, false, true])
  const { utterances } = importManifest(readFileSync(manifest, 'utf8'), 'manifest.jsonl') as unknown as {
    utterances?: unknown[]
  }
  t.equal((utterances ?? []).length, 3)
  for (const { file } of listed) t.equal(probeAudio(readFileSync(file)).seconds, 1, file)
})

t.test('a selection is exported, and an export is never mixed with another one', async (t) => {
  const store = await filled()
  const folder = t.testdir()
  const { clips, manifest, isWeighted } = await exportClips(store, { reason: 'corrected' }, folder)
  t.same([clips, isWeighted], [1, false])
  t.notMatch(readFileSync(manifest, 'utf8'), /samplingProbability/, 'it is that of a draw by any policy')
  const byFeature = await exportClips(store, { driftFeature: 'snr', from: '2026-05-04T09:30:00.000Z' }, t.testdir())
  t.match(readFileSync(byFeature.manifest, 'utf8'), /"samplingProbability":0.5/, 'facts of a clip keep it')
  await t.rejects(exportClips(store, {}, folder), { code: 'CLIPS_INVALID', message: /export to a new folder/ })
  const empty = path.join(folder, 'empty')
  await t.rejects(exportClips(store, { driftFeature: 'none' }, empty), { code: 'CLIPS_INVALID' })
  t.notOk(existsSync(path.join(empty, 'manifest.jsonl')))
})

t.test('an audio that is not the recorded one is an error', async (t) => {
  const objects = new MemoryStore()
  const store = await ClipStore.open(objects, secretsOf(undefined))
  await store.put(await clipOf('a', '2026-05-04T09:30:00.000Z'), Buffer.from('another one'))
  await t.rejects(exportClips(store, {}, t.testdir()), { code: 'COLLECTION_INVALID', message: /not the one/ })
})

t.test('samples without a container get a header, in the byte order of WAV', async (t) => {
  const swapped = Buffer.from(SAMPLES).swap16()
  for (const [bytes, mediaType] of [
    [SAMPLES, 'audio/l16;rate=16000;endianness=little-endian'], [swapped, 'audio/l16;rate=16000;endianness=big-endian'],
    [swapped, 'audio/l16;rate=16000'],
  ] as const) {
    const file = wrapHeaderless(bytes, headerlessFormat(bytes, mediaType)!)
    t.equal(Buffer.compare(file, WAV), 0, mediaType)
  }
  for (const mediaType of ['audio/pcmu', 'audio/pcma;rate=16000', 'audio/l24;rate=8000;endianness=big-endian']) {
    const bytes = SAMPLES.subarray(0, 4_800)
    const headerless = headerlessFormat(bytes, mediaType)!
    const options = { maxSeconds: 10, channel: 'mix' as const }
    const before = await decodeAudio(bytes, { ...options, headerless })
    const after = await decodeAudio(wrapHeaderless(bytes, headerless), options)
    t.same(after.waveform.samples, before.waveform.samples, mediaType)
    t.equal(after.format.sampleRate, headerless.sampleRate)
  }
})

t.test('a summary counts, and says what the clips stand for', async (t) => {
  const summary = await summarizeClips(await filled(), {})
  t.match(summary, {
    clips: 3, audioBytes: 2 * WAV.length + SAMPLES.length, audioSeconds: 6, first: '2026-05-04T09:30:00.000Z',
    last: '2026-05-04T09:30:02.000Z', byReason: { uniform: 2, doubtful: 0, drifted: 1, corrected: 1 }, corrected: 2,
    sessions: 1, represented: 8,
  })
  t.match(await summarizeClips(await filled(), { reason: 'uniform' }), { clips: 2, represented: null })
})
