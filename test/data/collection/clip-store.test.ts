/** Clips in a store: written whole, encrypted, found, deleted, and kept for a limited time. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { ClipStore } from '../../../src/data/collection/clip-store.js'
import type { ObjectStore } from '../../../src/data/collection/object-store.js'
import { applyRetention } from '../../../src/data/collection/retention.js'
import { pseudonymOf, readKeyFile, secretsOf } from '../../../src/data/collection/secrets.js'
import { all, clipOf, KEY, MemoryStore } from './made-up.js'

const ENCRYPTED = secretsOf(KEY)
const PLAIN = secretsOf(undefined)
const TIMES = ['2026-05-03T23:59:59.999Z', '2026-05-04T00:00:00.000Z', '2026-05-04T12:30:00.500Z']

async function filled(objects: ObjectStore, secrets = PLAIN): Promise<ClipStore> {
  const store = await ClipStore.open(objects, secrets)
  for (const [index, time] of TIMES.entries()) {
    const id = `request-${index}`
    const session = index === 0 ? null : store.sessionPseudonym(`visit ${index}`)
    const clip = await clipOf(id, time, {
      session, reasons: index === 1 ? ['uniform', 'doubtful'] : ['uniform'], driftFeatures: index === 2 ? ['snr'] : [],
    })
    await store.put(clip, Buffer.from(id))
  }
  return store
}

const idsOf = async (store: ClipStore, selection = {}): Promise<string[]> =>
  (await all(store.select(selection))).map(({ id }) => id)

for (const [what, secrets] of [['plain', PLAIN], ['encrypted', ENCRYPTED]] as const) {
  t.test(`${what} clips come back as they were, in the order of time`, async (t) => {
    const objects = new MemoryStore()
    await filled(objects, secrets)
    const store = await ClipStore.open(objects, secrets)
    const clips = await all(store.select({}))
    t.same(clips.map(({ id }) => id), ['request-0', 'request-1', 'request-2'])
    t.same(clips[0], await clipOf('request-0', TIMES[0]!))
    t.equal((await store.audio('request-1'))?.toString(), 'request-1')
    t.equal((await (await ClipStore.open(objects, secrets)).audio('request-2'))?.toString(), 'request-2',
      'also of a clip that was not selected before')
    t.equal(await store.audio('another'), undefined)
    t.same(await idsOf(store, { from: '2026-05-04T00:00:00.000Z' }), ['request-1', 'request-2'], 'from is inclusive')
    t.same(await idsOf(store, { to: TIMES[2] }), ['request-0', 'request-1'], 'to is exclusive')
    t.same(await idsOf(store, { reason: 'doubtful' }), ['request-1'])
    t.same(await idsOf(store, { driftFeature: 'snr' }), ['request-2'])
    const stored = [...objects.objects].map(([key, { content }]) => `${key} ${content.toString('latin1')}`).join('\n')
    t.equal(/jazz/.test(stored), what === 'plain', 'the transcript is readable without encryption alone')
    t.notMatch([...objects.objects.keys()].join('\n'), /request-|visit/, 'no identifier is part of a name')
  })
}

t.test('a clip exists when its record does, and not before', async (t) => {
  const objects = new MemoryStore()
  const store = await filled(objects)
  objects.objects.delete([...objects.objects.keys()].sort().findLast((key) => key.endsWith('.record'))!)
  t.same(await idsOf(store), ['request-0', 'request-1'])
})

t.test('a request or a session is deleted, and nothing else', async (t) => {
  const objects = new MemoryStore()
  const store = await filled(objects)
  t.equal((await store.deleteOf({ request: store.requestPseudonym('request-1') })).clips, 1)
  t.same(await idsOf(store), ['request-0', 'request-2'])
  t.equal((await store.deleteOf({ session: store.sessionPseudonym('visit 1') })).clips, 0, 'it is deleted already')
  const reopened = await ClipStore.open(objects, PLAIN)
  t.equal((await reopened.deleteOf({ session: reopened.sessionPseudonym('visit 2') })).clips, 1, 'also after a restart')
  t.same(await idsOf(store), ['request-0'])
  t.equal(objects.objects.size, 3, 'a clip and the description')
})

t.test('a session is found with the key alone', (t) => {
  t.equal(pseudonymOf('session', 'a', ENCRYPTED), pseudonymOf('session', 'a', secretsOf(KEY)))
  t.not(pseudonymOf('session', 'a', ENCRYPTED), pseudonymOf('session', 'a', secretsOf(randomBytes(32))))
  t.not(pseudonymOf('session', 'a', ENCRYPTED), pseudonymOf('request', 'a', ENCRYPTED))
  t.equal(pseudonymOf('session', 'a', PLAIN), pseudonymOf('session', 'a', secretsOf(undefined)))
  t.end()
})

t.test('a wrong key is refused at the start, in every combination', async (t) => {
  const [encrypted, plain] = [new MemoryStore(), new MemoryStore()]
  await filled(encrypted, ENCRYPTED)
  await filled(plain, PLAIN)
  const refused = (message: RegExp) => ({ code: 'COLLECTION_INVALID', message })
  await t.rejects(ClipStore.open(encrypted, secretsOf(randomBytes(32))), refused(/another key than that of EARSHOT_COLLECT_KEY_FILE/))
  await t.rejects(ClipStore.open(encrypted, PLAIN), refused(/name their key with EARSHOT_COLLECT_KEY_FILE/))
  await t.rejects(ClipStore.open(plain, ENCRYPTED), refused(/not encrypted; name another place/))
  for (const other of ['{', '[]', 'null', '{"format":"earshot-collection/9","key":null}']) {
    await plain.put('collection.json', Buffer.from(other))
    await t.rejects(ClipStore.open(plain, PLAIN), refused(/not of this version/), other)
  }
  await t.rejects(ClipStore.open(new MemoryStore(), PLAIN, { create: false }), refused(/there is no collection at memory/))
})

t.test('an encrypted object that was altered or swapped is an error, never a missing clip', async (t) => {
  const damaged = async (alter: (objects: MemoryStore, audio: string, others: string) => void): Promise<ClipStore> => {
    const objects = new MemoryStore()
    const store = await filled(objects, ENCRYPTED)
    const [first, second] = [...objects.objects.keys()].filter((key) => key.endsWith('.record')).sort()
    alter(objects, first!, second!)
    return store
  }
  const invalid = { code: 'COLLECTION_INVALID' }
  for (const at of [0, 1, 20, -1]) {
    const store = await damaged((objects, record) => {
      const { content } = objects.objects.get(record)!
      content[at < 0 ? content.length + at : at]! ^= 1
    })
    await t.rejects(all(store.select({})), invalid, `byte ${at}`)
  }
  const cut = await damaged((objects, record) => {
    const found = objects.objects.get(record)!
    objects.objects.set(record, { ...found, content: found.content.subarray(0, 20) })
  })
  await t.rejects(all(cut.select({})), invalid, 'cut off')
  const swapped = await damaged((objects, first, second) => {
    const [a, b] = [objects.objects.get(first)!, objects.objects.get(second)!]
    objects.objects.set(first, b).set(second, a)
  })
  await t.rejects(all(swapped.select({})), invalid, 'records swapped')
  const audio = await damaged((objects, first, second) => {
    const [a, b] = [first, second].map((key) => key.replace('.record', '.audio'))
    objects.objects.set(a!, objects.objects.get(b!)!)
  })
  await t.rejects(audio.audio('request-0'), invalid, 'the audio of another clip')
  const plain = new MemoryStore()
  const store = await filled(plain)
  plain.objects.set([...plain.objects.keys()].find((key) => key.endsWith('.record'))!, { content: Buffer.from('{'), modified: 0 })
  await t.rejects(all(store.select({})), invalid, 'also without encryption')
})

t.test('two seals of the same content differ', async (t) => {
  const [one, two] = [new MemoryStore(), new MemoryStore()]
  await filled(one, ENCRYPTED)
  await filled(two, ENCRYPTED)
  const audio = [...one.objects.keys()].find((key) => key.endsWith('.audio'))!
  t.notSame(one.objects.get(audio)?.content, two.objects.get(audio)?.content)
})

t.test('a key file holds 32 bytes as hexadecimal digits or base64', (t) => {
  const file = path.join(t.testdir(), 'key')
  const key = randomBytes(32)
  for (const text of [key.toString('hex'), key.toString('hex').toUpperCase(), key.toString('base64'), key.toString('base64url')]) {
    writeFileSync(file, `${text}\n`)
    t.same(readKeyFile(file), key)
  }
  for (const text of ['', 'secret words', key.subarray(1).toString('hex'), `${key.toString('hex')}00`, 'z'.repeat(64)]) {
    writeFileSync(file, text)
    t.throws(() => readKeyFile(file), { code: 'CONFIG_INVALID', message: /EARSHOT_COLLECT_KEY_FILE.*make-key/ })
    try { readKeyFile(file) } catch (thrown) { if (text !== '') t.notMatch((thrown as Error).message, text) }
  }
  t.throws(() => readKeyFile(path.join(t.testdir(), 'absent')), { code: 'CONFIG_INVALID', message: /cannot be read/ })
  t.end()
})

t.test('clips are deleted when they are too old, and the oldest beyond the limit of bytes', async (t) => {
  const objects = new MemoryStore()
  const store = await filled(objects)
  const now = Date.parse('2026-05-05T00:00:00.000Z')
  objects.now = () => now
  const kept = await applyRetention(store, { retentionDays: 1, maxBytes: 1e9 }, now)
  t.same(kept.deleted, { age: 1, size: 0 })
  t.same(await idsOf(store), ['request-1', 'request-2'], 'a clip of exactly that age stays')
  t.equal(kept.clips, 2)
  const stored = await all(store.stored())
  t.equal(kept.bytes, stored.reduce((sum, { bytes }) => sum + bytes, 0))
  const small = await applyRetention(store, { retentionDays: 30, maxBytes: kept.bytes - 1 }, now)
  t.same(small.deleted, { age: 0, size: 1 })
  t.same(await idsOf(store), ['request-2'], 'the oldest goes first')
  const none = await applyRetention(store, { retentionDays: 30, maxBytes: 1 }, now)
  t.same(none, { clips: 0, bytes: 0, deleted: { age: 0, size: 1 } })
  t.same([...objects.objects.keys()], ['collection.json'])
})

t.test('what a crash left of a clip is removed after an hour', async (t) => {
  const objects = new MemoryStore()
  const store = await filled(objects)
  const now = Date.now()
  const limits = { retentionDays: 3_650, maxBytes: 1e9 }
  for (const part of ['.audio', '.record']) {
    const keys = [...objects.objects.keys()].filter((key) => key.endsWith(part)).sort()
    objects.objects.delete(keys[0]!)
  }
  const halves = (): number => objects.objects.size
  const before = halves()
  await applyRetention(store, limits, now)
  t.equal(halves(), before, 'another process may be writing')
  const { clips } = await applyRetention(store, limits, now + 3_700_000)
  t.equal(clips, (halves() - 1) / 2)
  t.ok((await all(store.stored())).every(({ parts }) => parts.size === 2))
})
