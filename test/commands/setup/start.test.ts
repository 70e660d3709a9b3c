/**
 * start.mjs as a program, in a small project of its own with a fake npm and a fake compiler: no network, and a few
 * files make up every state of a machine.
 */
import { spawn } from 'node:child_process'
import {
  appendFileSync, chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { projectRoot } from '../../../src/domain/project-root.js'

const LOCKED = {
  packages: { '': { name: 'p' }, 'node_modules/typescript': { version: '1.0.0', integrity: 'sha512-x' } },
}

/** Deletes node_modules, takes a while, installs; what it did goes to calls.log. */
const FAKE_NPM = `
import { appendFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
appendFileSync('calls.log', process.argv.slice(2).join(' ') + '\\n')
rmSync('node_modules', { recursive: true, force: true })
mkdirSync('node_modules/typescript/bin', { recursive: true })
if (process.env.FAKE_NPM_FAILS) process.exit(7)
setTimeout(() => {
  writeFileSync('node_modules/typescript/package.json', '{}')
  cpSync('fake-tsc.mjs', 'node_modules/typescript/bin/tsc')
  cpSync('package-lock.json', 'node_modules/.package-lock.json')
}, Number(process.env.FAKE_NPM_MILLISECONDS ?? 20))
`

/** Copies sources to the output folder; a source with the word FAULT does not compile. */
const FAKE_COMPILER = `
const { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } = require('node:fs')
appendFileSync('calls.log', 'tsc\\n')
const outDir = process.argv[process.argv.indexOf('--outDir') + 1]
mkdirSync(outDir + '/src', { recursive: true })
for (const name of readdirSync('src').filter((name) => name.endsWith('.ts'))) {
  const text = readFileSync('src/' + name, 'utf8')
  if (text.includes('FAULT')) process.exit(2)
  writeFileSync(outDir + '/src/' + name.replace('.ts', '.js'), text)
}
`

function makeProject(t: Test, root: string = t.testdir()): string {
  const files: Readonly<Record<string, string>> = {
    'package.json': '{ "type": "commonjs" }',
    'package-lock.json': JSON.stringify(LOCKED),
    '.npmrc': '',
    'tsconfig.json': '{}',
    '.ci/tsconfig.build.json': '{}',
    'fake-tsc.mjs': FAKE_COMPILER,
    'npm/npm-cli.js': `import('../fake-npm.mjs')`,
    'fake-npm.mjs': FAKE_NPM,
    'src/a.ts': 'a', 'src/b.ts': 'b', 'src/page/index.html': '<p>',
  }
  // Another user may read it.
  chmodSync(root, 0o755)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
    writeFileSync(path.join(root, name), content)
  }
  const setup = readdirSync(path.join(projectRoot, 'src/commands/setup'))
  for (const name of setup.filter((name) => name.endsWith('.mjs'))) {
    cpSync(path.join(projectRoot, 'src/commands/setup', name), path.join(root, 'src/commands/setup', name))
  }
  return root
}

const skipOnWindows = process.platform === 'win32' && 'shells and permissions differ'

interface Ended { readonly exitCode: number | null; readonly printed: string }

function start(
  root: string, args: readonly string[] = ['build'], environment: NodeJS.ProcessEnv = {},
  user: { readonly uid?: number, readonly gid?: number } = {},
): Promise<Ended> {
  const env = { ...process.env, NODE_OPTIONS: '', npm_execpath: path.join(root, 'npm/npm-cli.js'), ...environment }
  const program = path.join(root, 'src/commands/setup/start.mjs')
  const child = spawn(process.execPath, [program, ...args], { cwd: path.dirname(root), env, ...user })
  let printed = ''
  child.stderr.on('data', (chunk: Buffer) => { printed += chunk.toString() })
  return new Promise((resolve) => child.once('close', (exitCode) => resolve({ exitCode, printed })))
}

/** The programs that ran since the last look. */
function calls(root: string): string[] {
  const log = path.join(root, 'calls.log')
  if (!existsSync(log)) return []
  const lines = readFileSync(log, 'utf8').trim().split('\n')
  rmSync(log)
  return lines.map((line) => line.replace(/ .*/, ''))
}

async function installedProject(t: Test, folder?: string): Promise<string> {
  const root = makeProject(t, folder)
  t.equal((await start(root)).exitCode, 0)
  t.same(calls(root), ['ci', 'tsc'])
  return root
}

t.test('the first run installs and builds, the second does neither', async (t) => {
  const root = await installedProject(t)
  t.match(await start(root), { exitCode: 0, printed: '' })
  t.same(calls(root), [])
  t.ok(existsSync(path.join(root, 'dist/src/a.js')))
  t.ok(existsSync(path.join(root, 'dist/src/page/index.html')), 'the page is copied')
  t.notOk(existsSync(path.join(root, 'dist/src/commands/setup')), 'what runs before the build is not')
})

t.test('packages that are not as the lock file wants them are installed again', async (t) => {
  const root = await installedProject(t)
  rmSync(path.join(root, 'node_modules/typescript'), { recursive: true })
  await start(root)
  t.same(calls(root), ['ci'], 'a deleted package')
  writeFileSync(path.join(root, 'package-lock.json'), JSON.stringify(LOCKED).replace('1.0.0', '1.0.1'))
  await start(root)
  t.same(calls(root), ['ci', 'tsc'], 'a changed lock file')
  const stamp = path.join(root, 'node_modules/.earshot-install')
  writeFileSync(stamp, readFileSync(stamp, 'utf8').replace(process.platform, 'another'))
  await start(root)
  t.same(calls(root), ['ci'], 'packages of another platform')
})

t.test('another version of Node needs no other packages, nor does the stamp of an older Earshot', async (t) => {
  const root = await installedProject(t)
  const stamp = path.join(root, 'node_modules/.earshot-install')
  t.equal(readFileSync(stamp, 'utf8').split('\n')[0], `${process.platform} ${process.arch}`)
  writeFileSync(stamp, readFileSync(stamp, 'utf8').replace('\n', ' 108\n'))
  t.match(await start(root), { exitCode: 0, printed: '' })
  t.same(calls(root), [])
})

/** Root may write everywhere; its tests run the program as "nobody". */
const ANOTHER_USER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

t.test('a folder that cannot be written is a sentence, unless nothing is to be written', { skip: skipOnWindows }, async (t) => {
  const root = await installedProject(t, mkdtempSync(path.join(os.tmpdir(), 'earshot-start-')))
  const asAnother = (): Promise<Ended> => start(root, ['build'], {}, ANOTHER_USER)
  rmSync(path.join(root, 'node_modules/.earshot-install'))
  chmodSync(root, 0o555)
  t.teardown(() => {
    chmodSync(root, 0o755)
    rmSync(root, { recursive: true })
  })
  t.match(await asAnother(), { exitCode: 0, printed: '' }, 'what is there is used')
  const denied = (step: string): object => ({
    exitCode: 1,
    printed: new RegExp(`^earshot: ${root} cannot be written \\(EACCES\\), and ${step} has to: user \\S+ may not write there: .*\\n$`),
  })
  writeFileSync(path.join(root, 'src/a.ts'), 'changed')
  t.match(await asAnother(), denied('the build'), 'changed sources')
  chmodSync(root, 0o755)
  rmSync(path.join(root, 'dist'), { recursive: true })
  rmSync(path.join(root, 'node_modules'), { recursive: true })
  chmodSync(root, 0o555)
  t.match(await asAnother(), denied('the installation of the packages'), 'no packages')
})

t.test('a build that is stopped is not a fault of the sources', { skip: process.platform === 'win32' }, async (t) => {
  const root = await installedProject(t)
  writeFileSync(path.join(root, 'node_modules/typescript/bin/tsc'), 'process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 1e6)')
  writeFileSync(path.join(root, 'src/a.ts'), 'changed')
  t.match(await start(root), { exitCode: 143, printed: /^earshot: building dist.*\nearshot: the build was interrupted; dist\/ was left as it was\n$/ })
})

t.test('an install by hand is taken as it is', async (t) => {
  const root = await installedProject(t)
  rmSync(path.join(root, 'node_modules/.earshot-install'))
  t.match(await start(root), { exitCode: 0, printed: '' })
  t.same(calls(root), [])
})

t.test('an install that failed half-way is explained in a sentence, and repeated', async (t) => {
  const root = makeProject(t)
  const { exitCode, printed } = await start(root, ['build'], { FAKE_NPM_FAILS: '1' })
  t.equal(exitCode, 7)
  t.match(printed, /"npm ci" failed \(exit code 7\)/)
  t.notMatch(printed, /\n\s+at /, 'no stack trace')
  t.same(calls(root), ['ci'])
  t.equal((await start(root)).exitCode, 0)
  t.same(calls(root), ['ci', 'tsc'])
})

t.test('the compiler is installed whatever NODE_ENV says', async (t) => {
  const root = makeProject(t)
  await start(root, ['build'], { NODE_ENV: 'production' })
  t.match(readFileSync(path.join(root, 'calls.log'), 'utf8'), /^ci --include=dev /)
})

t.test('two runs at once install and build once', async (t) => {
  const root = makeProject(t)
  const slow = { FAKE_NPM_MILLISECONDS: '1500' }
  const ended = await Promise.all([1, 2, 3].map(() => start(root, ['build'], slow)))
  t.same(ended.map(({ exitCode }) => exitCode), [0, 0, 0])
  t.same(calls(root), ['ci', 'tsc'])
  t.match(ended.map(({ printed }) => printed).join(''), /waiting for another set-up/)
  t.notOk(existsSync(path.join(root, '.earshot/setup.lock')))
})

t.test('a lock whose holder died is taken over', async (t) => {
  const root = makeProject(t)
  const lock = path.join(root, '.earshot/setup.lock')
  mkdirSync(path.dirname(lock))
  for (const claim of [JSON.stringify({ holder: 2 ** 30 }), '', '{"hol']) {
    rmSync(path.join(root, 'node_modules'), { recursive: true, force: true })
    writeFileSync(lock, claim)
    t.equal((await start(root)).exitCode, 0, claim || 'empty')
    t.equal(calls(root)[0], 'ci')
  }
  // The number of the dead holder may belong to another process by now, but that one does not touch the file.
  rmSync(path.join(root, 'node_modules'), { recursive: true })
  writeFileSync(lock, JSON.stringify({ holder: process.pid }))
  const anHourAgo = new Date(Date.now() - 3_600_000)
  utimesSync(lock, anHourAgo, anHourAgo)
  t.equal((await start(root)).exitCode, 0)
})

t.test('a run whose npm was killed ends too, and its children', { skip: skipOnWindows }, async (t) => {
  const root = makeProject(t)
  const npm = { npm_lifecycle_event: 'build', npm_execpath: path.join(root, 'npm/npm-cli.js') }
  const env = { ...process.env, NODE_OPTIONS: '', ...npm, FAKE_NPM_MILLISECONDS: '60000' }
  const command = `"${process.execPath}" src/commands/setup/start.mjs build; true`
  const shell = spawn('sh', ['-c', command], { cwd: root, env, stdio: 'ignore' })
  const lock = path.join(root, '.earshot/setup.lock')
  while (!existsSync(path.join(root, 'node_modules/typescript'))) await sleep(50)
  const { child } = JSON.parse(readFileSync(lock, 'utf8')) as { child: number }
  shell.kill()
  for (let waits = 0; existsSync(lock) && waits < 100; waits++) await sleep(100)
  t.notOk(existsSync(lock), 'the lock is given back')
  t.throws(() => process.kill(child, 0), { code: 'ESRCH' })
})

t.test('a build follows deleted sources, and leaves dist as it was when a source does not compile', async (t) => {
  const root = await installedProject(t)
  rmSync(path.join(root, 'src/b.ts'))
  t.match(await start(root), { exitCode: 0, printed: /built in/ })
  t.same(readdirSync(path.join(root, 'dist/src')), ['a.js', 'page'])
  appendFileSync(path.join(root, 'src/a.ts'), 'FAULT')
  t.match(await start(root), { exitCode: 1, printed: /do not compile/ })
  t.same(readFileSync(path.join(root, 'dist/src/a.js'), 'utf8'), 'a')
  writeFileSync(path.join(root, 'src/a.ts'), 'fixed')
  t.equal((await start(root)).exitCode, 0)
  t.same(readFileSync(path.join(root, 'dist/src/a.js'), 'utf8'), 'fixed')
})

t.test('an unknown command names the known ones', async (t) => {
  const expected = { exitCode: 1, printed: /no command "nonsense"; the commands are serve, / }
  t.match(await start(makeProject(t), ['nonsense']), expected)
})
