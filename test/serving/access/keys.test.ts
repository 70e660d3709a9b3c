/** The keys file: what it may hold and who may change it, and how a running service follows it. */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,symlinkSync,
  writeFileSync
} from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { changeKeys, MAX_KEYS, readKeys } from '../../../src/serving/access/keys-file.js'
import { AccessKeys } from '../../../src/serving/access/keys.js'
import { openKeys } from './opened-keys.js'
import { createKey, hashKey, looksLikeKey } from '../../../src/serving/access/secret.js'
import { until } from '../http/keys.js'

const KEY = /^earshot_[0-9a-f]{64}$/
const CREATED = '2026-01-02T03:04:05Z'

const bearer = (key: string): string => `Bearer ${key}`

t.test('a key has 256 random bits, a prefix that scanners find, and is never the same', (t) => {
  const keys = Array.from({ length: 1000 }, createKey)
  t.equal(new Set(keys).size, 1000)
  for (const key of keys) if (!KEY.test(key) || !looksLikeKey(key)) t.fail(key)
  for (let digit = 8; digit < 72; digit++)
    t.ok(new Set(keys.map((key) => key[digit])).size === 16, `digit ${digit} takes every value`)
  t.notOk(looksLikeKey(`${keys[0]!}\n`))
  t.end()
})

t.test('a link to keys that are not there yet stays a link', async (t) => {
  const folder = t.testdir()
  symlinkSync('real.json', path.join(folder, 'link.json'))
  await changeKeys(path.join(folder, 'link.json'), () => [])
  t.same(readdirSync(folder).sort(), ['link.json', 'real.json'])
  t.same(await readKeys(path.join(folder, 'link.json')), [])
  t.ok(lstatSync(path.join(folder, 'link.json')).isSymbolicLink())
})

t.test('a running service follows its file, and keeps what it knows when the file breaks', async (t) => {
  const folder = t.testdir()
  const file = path.join(folder, 'keys.json')
  const [one, two] = [createKey(), createKey()]
  const entry = (name: string, key: string) => ({
    name,
    scopes: ['search' as const],
    sha256: hashKey(key),
    created: CREATED,
  })
  await changeKeys(file, () => [entry('one', one)])
  const { keys, known, stale } = await openKeys(t, file)
  t.same(keys.verify(bearer(one), 'search'), { name: 'one' })
  const whole = readFileSync(file)

  for (const [what, breakIt] of [
    [
      'half a file',
      () => {
        writeFileSync(file, whole.subarray(0, 60))
      },
    ],
    [
      'no file',
      () => {
        rmSync(file)
      },
    ],
    [
      'a folder',
      () => {
        mkdirSync(file)
      },
    ],
  ] as const) {
    const before = stale.length
    breakIt()
    await until(() => stale.length > before)
    t.ok(keys.stale, what)
    t.same(keys.verify(bearer(one), 'search'), { name: 'one' }, `${what} takes nothing away`)
    t.match(keys.verify(bearer(two), 'search'), { refusal: 'KEY_INVALID' }, `${what} opens nothing`)
  }
  const said = stale.length
  await new Promise((resolve) => setTimeout(resolve, 100))
  t.equal(stale.length, said, 'one line for each state of the file, not for each look')
  rmSync(file, { recursive: true })
  await changeKeys(file, () => [entry('two', two)])
  // A file that changes while it is read is read twice.
  await until(() => known.length >= 2 && !keys.stale)
  t.notOk(keys.stale)
  t.match(keys.verify(bearer(one), 'search'), { refusal: 'KEY_INVALID' })
  t.same(keys.verify(bearer(two), 'search'), { name: 'two' })
  await changeKeys(file, () => [])
  await until(() => keys.count === 0)
  t.match(keys.verify(bearer(two), 'search'), { refusal: 'KEY_INVALID' }, 'a file without keys closes everything')
  t.match(keys.verify(undefined, 'any'), { refusal: 'KEY_MISSING' })
  t.equal(keys.count, 0)
})

t.test('the links that Kubernetes exchanges are followed', async (t) => {
  const folder = t.testdir({ v1: {}, v2: {} })
  const [one, two] = [createKey(), createKey()]
  for (const [version, key] of [
    ['v1', one],
    ['v2', two],
  ] as const)
    await changeKeys(path.join(folder, version, 'keys.json'), () => [
      { name: version, scopes: ['admin'], sha256: hashKey(key), created: CREATED },
    ])
  symlinkSync('v1', path.join(folder, '..data'))
  symlinkSync('..data/keys.json', path.join(folder, 'keys.json'))
  const { keys } = await openKeys(t, path.join(folder, 'keys.json'))
  t.same(keys.verify(bearer(one), 'metrics'), { name: 'v1' })
  symlinkSync('v2', path.join(folder, '..data_tmp'))
  renameSync(path.join(folder, '..data_tmp'), path.join(folder, '..data'))
  await until(() => keys.verify(bearer(two), 'metrics').name === 'v2')
  t.match(keys.verify(bearer(one), 'metrics'), { refusal: 'KEY_INVALID' })
})

t.test('a key ends at its hour, without the file being read again', async (t) => {
  const file = path.join(t.testdir(), 'keys.json')
  const key = createKey()
  await changeKeys(file, () => [
    { name: 'guest', scopes: ['search'], sha256: hashKey(key), created: CREATED, expires: '2031-01-01T00:00:00.000Z' },
  ])
  const { keys } = await openKeys(t, file)
  const at = (instant: string) => {
    const now = t.capture(Date, 'now', () => Date.parse(instant))
    const verdict = keys.verify(bearer(key), 'search')
    now.restore()
    return verdict
  }
  t.same(at('2030-12-31T23:59:59.999Z'), { name: 'guest' })
  t.same(at('2031-01-01T00:00:00.000Z'), { name: 'guest', refusal: 'KEY_EXPIRED' })
})

t.test('the most keys make a check a few times as costly as one key does', async (t) => {
  const all = Array.from({ length: MAX_KEYS }, createKey)
  const open = async (count: number): Promise<AccessKeys> => {
    const file = path.join(t.testdir(), 'keys.json')
    const entries = all
      .slice(-count)
      .map((key, index) => ({ name: `k${index}`, scopes: ['search' as const], sha256: hashKey(key), created: CREATED }))
    await changeKeys(file, () => entries)
    return (await openKeys(t, file)).keys
  }
  const [one, many] = [await open(1), await open(MAX_KEYS)]
  const cost = (keys: AccessKeys, header: string): number => {
    const since = performance.now()
    for (let count = 0; count < 2_000; count++) keys.verify(header, 'search')
    return performance.now() - since
  }
  const least = (keys: AccessKeys, header: string): number =>
    Math.min(...Array.from({ length: 7 }, () => cost(keys, header)))
  const known = least(one, bearer(all.at(-1)!))
  for (const [what, header] of [
    ['a key', bearer(all.at(-1)!)],
    ['a wrong key', bearer(createKey())],
    ['nonsense', bearer('x'.repeat(8_000))],
  ] as const) {
    const times = least(many, header) / known
    t.ok(times < 20, `${what}: ${times.toFixed(2)} times one key of one`)
  }
})
