/** The command `keys`: what it writes, refuses and never shows. */
import { execFile } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import t,{ type Test } from 'tap'
import { runKeys } from '../../../src/commands/keys/command.js'
import { changeKeys, MAX_KEYS, readKeys } from '../../../src/serving/access/keys-file.js'
import { openKeys } from '../../serving/access/opened-keys.js'
import { hashKey } from '../../../src/serving/access/secret.js'
import { projectRoot } from '../../../src/domain/project-root.js'

const KEY = /^earshot_[0-9a-f]{64}$/
const CREATED = '2026-01-02T03:04:05Z'

/** The command, and what it printed. */
async function command(
  t: Test,
  words: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<{ code: number; out: string; err: string }> {
  const out = t.capture(console, 'log')
  const err = t.capture(console, 'error')
  const code = await runKeys(words, environment)
  const printed = (capture: typeof out): string =>
    capture()
      .map(({ args }) => String(args[0]))
      .join('\n')
  const result = { code, out: printed(out), err: printed(err) }
  out.restore()
  err.restore()
  return result
}

const modeOf = (file: string): number => statSync(file).mode & 0o777

t.test('add shows the key once and keeps its hash; list shows neither; revoke takes it away', async (t) => {
  const file = path.join(t.testdir(), 'made/keys.json')
  const added = await command(t, ['add', 'web', '--scopes', 'transcribe,search', '--file', file])
  t.equal(added.code, 0)
  t.match(added.out, KEY, 'alone on standard output')
  t.match(added.err, /"web" may transcribe, search; this is its key, which is shown only now/)
  t.equal(modeOf(file), 0o600)
  t.same(readdirSync(path.dirname(file)), ['keys.json'], 'nothing is left beside it')
  t.match(await readKeys(file), [
    { name: 'web', scopes: ['transcribe', 'search'], sha256: hashKey(added.out), expires: undefined },
  ])
  t.notMatch(readFileSync(file, 'utf8'), added.out)

  t.equal(
    (await command(t, ['add', 'old', '--scopes', 'admin', '--expires', '2099-01-31'], { EARSHOT_KEYS_FILE: file }))
      .code,
    0,
  )
  const listed = await command(t, ['list'], { EARSHOT_KEYS_FILE: file })
  t.match(
    listed.out,
    /^name +scopes +created +expires\nweb +transcribe,search +\d{4}-\S+Z +never\nold +admin +\S+ +2099-01-31T00:00:00\.000Z$/,
  )
  t.notMatch(listed.out + listed.err, hashKey(added.out).slice(0, 12))
  t.same(await command(t, ['revoke', 'web', '--file', file]), { code: 0, out: '', err: 'earshot: "web" is revoked' })
  t.same((await readKeys(file)).map(({ name }) => name), ['old'])
  t.equal((await command(t, ['revoke', 'old', '--file', file])).code, 0)
  t.same(await readKeys(file), [], 'a file without keys is one')
})

t.test('a key goes to a file of its own, which is new, holds nothing else and is for its owner', async (t) => {
  const folder = t.testdir()
  const file = path.join(folder, 'keys.json')
  const output = path.join(folder, 'secrets/prometheus')
  const added = await command(t, ['add', 'prometheus', '--scopes', 'metrics', '--output', output, '--file', file])
  t.same({ ...added, err: '' }, { code: 0, out: '', err: '' })
  t.match(readFileSync(output, 'utf8'), KEY)
  t.equal(modeOf(output), 0o600)
  t.equal((await readKeys(file))[0]!.sha256, hashKey(readFileSync(output, 'utf8')))
  const before = readFileSync(output, 'utf8')
  t.match(await command(t, ['add', 'other', '--scopes', 'metrics', '--output', output, '--file', file]), {
    code: 1,
    err: /there is a file of this name/,
  })
  t.equal(readFileSync(output, 'utf8'), before)
  t.match(await command(t, ['add', 'prometheus', '--scopes', 'metrics', '--output', `${output}-2`, '--file', file]), {
    code: 1,
    err: /there is a key named "prometheus" already/,
  })
  t.notOk(existsSync(`${output}-2`), 'no key is left that does not work')
  t.same((await readKeys(file)).map(({ name }) => name), ['prometheus'])
  t.equal(
    (
      await command(t, [
        'add',
        'group',
        '--scopes',
        'metrics',
        '--output',
        `${output}-3`,
        '--group-readable',
        '--file',
        file,
      ])
    ).code,
    0,
  )
  t.equal(modeOf(`${output}-3`), 0o640)
})

t.test('the command says what it expects', async (t) => {
  const folder = t.testdir({ 'keys.json': JSON.stringify({ format: 'earshot-keys/1', keys: [] }) })
  const file = path.join(folder, 'keys.json')
  const wrongUsage: [string[], RegExp][] = [
    [[], /one of add, list, revoke is needed\n\nnpm run keys -- add NAME/],
    [['toString'], /there is no "toString"/],
    [['constructor'], /there is no "constructor"/],
    [['drop'], /there is no "drop"; choose one of add, list, revoke/],
    [['list', '--colour'], /'--colour'[^]*npm run keys/],
    [['list', 'x'], /list takes no name/],
    [['list', '--output', 'x'], /only add has such options/],
    [['add', '--scopes', 'admin'], /one name, not 0/],
    [['add', 'a', 'b', '--scopes', 'admin'], /one name, not 2/],
    [['revoke'], /one name, not 0/],
  ]
  for (const [words, expected] of wrongUsage)
    t.match(await command(t, [...words, '--file', file]), { code: 2, out: '', err: expected }, words.join(' '))
  const cases: [string[], RegExp][] = [
    [['add', 'a'], /--scopes takes transcribe, search/],
    [['add', 'a', '--scopes', ','], /--scopes takes/],
    [['add', 'a', '--scopes', 'admin,root'], /not "root"/],
    [['add', 'none', '--scopes', 'admin'], /may not be named "none"/],
    [['add', 'a b', '--scopes', 'admin'], /may not be named/],
    [['add', 'x'.repeat(65), '--scopes', 'admin'], /may not be named/],
    ...['tomorrow', '2020-01-01', '2030-02-31', '2030-13-01', '2030-01-01T10:00'].map((date): [string[], RegExp] => [
      ['add', 'a', '--scopes', 'admin', '--expires', date],
      new RegExp(`--expires takes a day to come.*not "${date}"`),
    ]),
    [['add', 'a', '--scopes', 'admin', '--group-readable'], /goes with --output/],
    [['revoke', 'nobody'], /no key named "nobody"/],
  ]
  for (const [words, expected] of cases)
    t.match(await command(t, [...words, '--file', file]), { code: 1, out: '', err: expected }, words.join(' '))
  t.match(await command(t, ['list']), { code: 1, err: /EARSHOT_KEYS_FILE or --file/ })
  t.match(await command(t, ['revoke', 'a', '--file', `${file}-not-there`]), { code: 1, err: /cannot be read/ })
  t.same(await readKeys(file), [])
  t.same(readdirSync(folder), ['keys.json'])
})

t.test(
  'the words work where there is no npm, as the image has them',
  { skip: existsSync(path.join(projectRoot, 'dist/src/commands/keys/run.js')) ? false : 'there is no build' },
  async (t) => {
    const file = path.join(t.testdir(), 'keys.json')
    const run = (...words: string[]) =>
      promisify(execFile)(process.execPath, [path.join(projectRoot, 'dist/src/commands/keys/run.js'), ...words], {
        env: { EARSHOT_KEYS_FILE: file },
      })
    t.match((await run('add', 'web', '--scopes', 'search')).stdout.trimEnd(), KEY)
    t.match((await run('list')).stdout, /\nweb +search/)
    t.match(await run('list', 'x').catch((thrown: unknown) => thrown), { code: 2 })
  },
)

t.test('a change keeps owner, permissions and links, and two at a time lose nothing', async (t) => {
  const folder = t.testdir()
  const target = path.join(folder, 'real.json')
  const link = path.join(folder, 'keys.json')
  await changeKeys(target, () => [])
  chmodSync(target, 0o640)
  symlinkSync(target, link)
  t.equal((await command(t, ['add', 'web', '--scopes', 'search', '--file', link])).code, 0)
  t.equal(modeOf(target), 0o640)
  t.same((await readKeys(target)).map(({ name }) => name), ['web'], 'behind the link')
  writeFileSync(`${target}.new`, '')
  t.match(await command(t, ['add', 'two', '--scopes', 'search', '--file', link]), {
    code: 1,
    err: /another command is changing the keys/,
  })
  rmSync(`${target}.new`)
  const entry = (name: string) => ({ name, scopes: ['search' as const], sha256: hashKey(name), created: CREATED })
  const results = await Promise.allSettled(
    ['a', 'b', 'c'].map((name) => changeKeys(target, (keys) => [...keys, entry(name)])),
  )
  t.equal(
    (await readKeys(target)).length,
    1 + results.filter(({ status }) => status === 'fulfilled').length,
    'who was told that it is done has done it',
  )
  await t.rejects(
    changeKeys(target, () => Array.from({ length: MAX_KEYS + 1 }, (_, index) => entry(`k${index}`))),
    { code: 'CONFIG_INVALID', message: /at most 200 keys/ },
  )
  await changeKeys(target, () =>
    Array.from({ length: MAX_KEYS }, (_, index) => ({
      ...entry(`${'k'.repeat(60)}${index}`),
      scopes: ['transcribe', 'search', 'catalogues', 'feedback', 'labels', 'metrics', 'admin'],
      expires: '2099-01-01T00:00:00.000Z',
    })),
  )
  t.equal((await readKeys(target)).length, MAX_KEYS, 'the largest file is one that is read')
})

t.test(
  'root that changes the file of the service leaves it to the service',
  { skip: process.getuid?.() === 0 ? false : 'needs root' },
  async (t) => {
    const { chownSync } = await import('node:fs')
    const file = path.join(t.testdir(), 'keys.json')
    await changeKeys(file, () => [])
    chownSync(file, 1000, 1000)
    t.equal((await command(t, ['add', 'web', '--scopes', 'search', '--file', file])).code, 0)
    t.match(statSync(file), { uid: 1000, gid: 1000 })
    t.equal(modeOf(file), 0o600)
  },
)

t.test('a file that is not one of keys is refused, whatever it is, and not quoted', async (t) => {
  const folder = t.testdir({ directory: {} })
  const entry = { name: 'a', scopes: ['search'], sha256: 'ab'.repeat(32), created: CREATED }
  const keysFile = (...keys: object[]): string => JSON.stringify({ format: 'earshot-keys/1', keys })
  const cases: [string, string, RegExp][] = [
    ['empty', '', /is not JSON/],
    ['half', keysFile(entry).slice(0, -2), /is not JSON/],
    ['list', '[]', /is not valid/],
    ['null', 'null', /is not valid/],
    ['version', keysFile(entry).replace('/1', '/2'), /is not valid: \/format/],
    ['scope', keysFile({ ...entry, scopes: ['root'] }), /is not valid: \/keys\/0\/scopes/],
    ['no scope', keysFile({ ...entry, scopes: [] }), /is not valid/],
    ['hash', keysFile({ ...entry, sha256: 'secret' }), /is not valid: \/keys\/0\/sha256/],
    ['a key in it', keysFile({ ...entry, key: 'secret' }), /is not valid/],
    ['name', keysFile({ ...entry, name: 'a"b' }), /is not valid: \/keys\/0\/name/],
    ['no name', keysFile({ ...entry, name: 'none' }), /named "none"/],
    ['twice', keysFile(entry, { ...entry, sha256: 'cd'.repeat(32) }), /names "a" twice/],
    ['same', keysFile(entry, { ...entry, name: 'b' }), /has the key of "b" twice/],
    ['date', keysFile({ ...entry, expires: '2030-99-99T00:00:00Z' }), /date that does not exist at "a"/],
    ['leap', keysFile({ ...entry, expires: '2030-02-30T00:00:00Z' }), /date that does not exist at "a"/],
    ['never', keysFile({ ...entry, expires: 'never' }), /is not valid/],
    [
      'many',
      keysFile(...Array.from({ length: MAX_KEYS + 1 }, (_, index) => ({ ...entry, name: `k${index}` }))),
      /is not valid/,
    ],
  ]
  for (const [name, text, expected] of cases) {
    const file = path.join(folder, name)
    writeFileSync(file, text)
    const error = await readKeys(file).catch((thrown: unknown) => thrown as Error)
    t.match(error, { code: 'CONFIG_INVALID', message: expected }, name)
    t.notMatch((error as Error).message, /secret/)
    await t.rejects(openKeys(t, file), { code: 'CONFIG_INVALID' }, 'and the service does not start')
  }
  truncateSync(path.join(folder, 'empty'), 2 ** 40)
  for (const [name, expected] of [
    ['empty', /larger than/],
    ['directory', /not a regular file/],
    ['absent', /ENOENT/],
  ] as const)
    await t.rejects(readKeys(path.join(folder, name)), { code: 'CONFIG_INVALID', message: expected }, name)
  await promisify(execFile)('mkfifo', [path.join(folder, 'pipe')])
  await t.rejects(readKeys(path.join(folder, 'pipe')), { code: 'CONFIG_INVALID', message: /not a regular file/ })
  await t.rejects(readKeys('/dev/zero'), { code: 'CONFIG_INVALID', message: /not a regular file/ })
})

t.test('what the command cannot do is said in a sentence', async (t) => {
  const folder = t.testdir({ plain: '' })
  const addTo = (file: string, ...more: string[]): readonly string[] => [
    'add',
    'a',
    '--scopes',
    'search',
    '--file',
    path.join(folder, file),
    ...more,
  ]
  const cases: [string, readonly string[], RegExp][] = [
    ['a file as a folder', addTo('plain/keys'), /plain is not a folder/],
    [
      'a file above the folder',
      addTo('plain/deep/keys'),
      /plain\/deep cannot be made, since a part of its path is not a folder/,
    ],
    [
      'the same for the key',
      addTo('keys', '--output', path.join(folder, 'plain/deep/key')),
      /a part of its path is not a folder/,
    ],
    ['a folder as a file', addTo('../' + path.basename(folder)), /cannot be (read|replaced)/],
  ]
  for (const [what, words, expected] of cases) {
    const { code, err } = await command(t, words)
    t.equal(code, 1, what)
    t.match(err, expected, what)
    t.notMatch(err, /\n\s+at /, 'no stack')
  }
  t.same(readdirSync(folder), ['plain'], 'and leaves nothing behind')
})
