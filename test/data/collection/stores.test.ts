/** Objects in a directory and in an S3-compatible store: the same contract, and what is special about each. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { DirectoryStore } from '../../../src/data/collection/directory-store.js'
import type { ObjectStore } from '../../../src/data/collection/object-store.js'
import { S3Store } from '../../../src/data/collection/s3-store.js'
import { all } from './made-up.js'
import { startServer } from './s3-process.js'

const s3At = (port: number, fields = {}): S3Store => new S3Store({
  endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', bucket: 'clips', prefix: 'earshot/a', accessKeyId: 'S3RVER',
  secretAccessKey: 'S3RVER', ...fields,
})

const keysOf = async (store: ObjectStore, after?: string): Promise<string[]> =>
  (await all(store.list(after))).map(({ key }) => key)

async function checkContract(t: Test, store: ObjectStore): Promise<void> {
  t.same(await keysOf(store), [], 'nothing at first')
  t.equal(await store.get('2026-05-04/a.audio'), undefined)
  await store.delete('2026-05-04/a.audio')
  const keys = ['2026-05-03/z.record', '2026-05-04/a.audio', '2026-05-04/a.record', '2026-05-04/b-1.audio', 'top.json']
  const since = Date.now()
  for (const key of [...keys].reverse()) await store.put(key, Buffer.from(`content of ${key}`))
  t.same(await keysOf(store), keys, 'in the order of keys')
  t.same(await keysOf(store, '2026-05-04/a.audio'), keys.slice(2))
  t.same(await keysOf(store, '2026-05-04'), keys.slice(1), 'a moment before all of a day')
  const [first] = await all(store.list())
  t.equal(first?.bytes, Buffer.from(`content of ${keys[0]}`).length)
  t.ok(Math.abs((first?.modified ?? 0) - since) < 60_000)
  t.equal((await store.get(keys[1]!))?.toString(), `content of ${keys[1]}`)
  await store.put(keys[1]!, Buffer.from('another'))
  t.equal((await store.get(keys[1]!))?.toString(), 'another', 'replaced')
  await store.put('empty', Buffer.alloc(0))
  t.equal((await store.get('empty'))?.length, 0)
  const part = Buffer.from('of a larger memory').subarray(3, 5)
  await store.put('part', part)
  t.equal((await store.get('part'))?.toString(), 'a ', 'a view, without what is around it')
  await store.delete(keys[1]!)
  t.equal(await store.get(keys[1]!), undefined)
  t.same(await keysOf(store), [...keys.filter((key) => key !== keys[1]), 'empty', 'part'].sort())
  for (const unsafe of ['../x', 'a/../../x', '/x', 'a//b', '.hidden', 'a/.hidden', '', 'a b']) {
    await t.rejects(store.put(unsafe, Buffer.of(1)), /is no key/, JSON.stringify(unsafe))
  }
}

t.test('a directory keeps objects', async (t) => {
  const folder = path.join(t.testdir(), 'not/there/yet')
  await checkContract(t, new DirectoryStore(folder))
  t.equal(statSync(path.join(folder, '2026-05-04/a.record')).mode & 0o777, 0o600, 'for its user alone')
  t.equal(statSync(path.join(folder, '2026-05-04')).mode & 0o777, 0o700)
})

t.test('what an interrupted write left in a directory is no object, and is removed when it is old', async (t) => {
  const folder = t.testdir()
  const store = new DirectoryStore(folder)
  await store.put('2026-05-04/a.audio', Buffer.of(1))
  const [old, fresh] = ['.b.audio.0a.part', '.c.audio.0b.part'].map((name) => path.join(folder, '2026-05-04', name))
  for (const file of [old!, fresh!]) writeFileSync(file, 'half')
  utimesSync(old!, 1, 1)
  mkdirSync(path.join(folder, '2026-05-01'))
  utimesSync(path.join(folder, '2026-05-01'), 1, 1)
  t.same(await keysOf(store), ['2026-05-04/a.audio'])
  await store.removeLeftovers(Date.now() - 60_000)
  t.notOk(existsSync(old!))
  t.ok(existsSync(fresh!), 'another process may be writing it')
  t.notOk(existsSync(path.join(folder, '2026-05-01')), 'an empty day')
  t.ok(existsSync(path.join(folder, '2026-05-04')))
})

t.test('a full disk leaves no half object', async (t) => {
  const folder = path.join(t.testdir({ small: {} }), 'small')
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'earshot-test', folder], { stdio: 'pipe' })
  } catch (thrown) {
    const [why] = (thrown as Error).message.split('\n')
    t.pass('a full disk', { skip: `a small file system cannot be mounted here: ${why}` })
    return
  }
  try {
    const store = new DirectoryStore(folder)
    await store.put('day/a.audio', Buffer.alloc(20_000, 1))
    await t.rejects(store.put('day/b.audio', Buffer.alloc(100_000, 2)), { code: 'ENOSPC' })
    t.same(readdirSync(path.join(folder, 'day')), ['a.audio'], 'not even a hidden one')
    await store.put('day/c.audio', Buffer.alloc(20_000, 3))
    t.same(await keysOf(store), ['day/a.audio', 'day/c.audio'], 'the space is free again')
  } finally {
    execFileSync('umount', [folder])
  }
})

t.test('an S3-compatible server keeps objects', async (t) => {
  const { port } = await startServer(t, t.testdir(), 'lax')
  const store = s3At(port)
  await checkContract(t, store)
  t.same(await keysOf(s3At(port, { prefix: 'earshot' })).then((keys) => keys.includes('a/top.json')), true,
    'the prefix is part of the path')
  const many = Array.from({ length: 1_100 }, (_, index) => `many/${String(index).padStart(4, '0')}`)
  for (let at = 0; at < many.length; at += 50) {
    await Promise.all(many.slice(at, at + 50).map((key) => store.put(key, Buffer.of(1))))
  }
  const found = (await keysOf(store)).filter((key) => key.startsWith('many/'))
  t.same(found, many, 'more than one page of a list')
  await t.rejects(all(s3At(port, { bucket: 'others' }).list()), /no bucket/, 'and not an empty list')
})

t.test('a server that checks signatures accepts ours, and refuses those of another secret', async (t) => {
  const { port } = await startServer(t, t.testdir(), 'strict')
  const store = s3At(port)
  await store.put('2026-05-04/a.audio', Buffer.from('signed'))
  t.equal((await store.get('2026-05-04/a.audio'))?.toString(), 'signed')
  await store.delete('2026-05-04/a.audio')
  t.equal(await store.get('2026-05-04/a.audio'), undefined)
  const wrong = s3At(port, { secretAccessKey: 'another' })
  await t.rejects(wrong.put('x', Buffer.of(1)), { message: /403.*SignatureDoesNotMatch/ })
  await t.rejects(wrong.get('x'), /403/)
  await wrong.put('x', Buffer.of(1)).catch((thrown: Error) => {
    t.notMatch(JSON.stringify({ ...thrown }), /StringToSign/, 'the answer of the server is not part of the error')
  })
})

t.test('a server that does not respond is an error, and the same store works when it is back', async (t) => {
  const folder = t.testdir()
  const server = await startServer(t, folder, 'lax')
  const store = s3At(server.port)
  await store.put('a', Buffer.of(1))
  await server.stop()
  await t.rejects(store.put('b', Buffer.of(2)), /ECONNREFUSED/)
  await t.rejects(all(store.list()), /ECONNREFUSED/)
  await startServer(t, folder, 'lax', server.port)
  await store.put('b', Buffer.of(2))
  t.same(await keysOf(store), ['a', 'b'])
})
