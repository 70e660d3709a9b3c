/** A revision of a made-up repository: built with links to what is here, its failures said, its folder removed. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { buildRevision } from '../../../src/commands/compare-models/revision.js'
import { readSide, revisionOf } from '../../../src/commands/compare-models/side.js'

const skip = spawnSync('git', ['--version']).status !== 0 && 'needs git'

/** A set-up that notes how it was called, and fails where a file says so. */
const SETUP = `
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
appendFileSync('calls.txt', process.argv.slice(2).join(' ') + ' ' + process.env.EARSHOT_MODELS + '\\n')
mkdirSync('dist/src/recognition/process', { recursive: true })
writeFileSync('dist/src/recognition/process/worker-process.js', '')
if (existsSync('broken')) process.exit(3)
`

function repository(t: Test): string {
  const root = t.testdir({
    'package-lock.json': '{}', '.gitignore': 'node_modules\nmodels/*/weights\n',
    'models': { one: { 'model.json': '{}', 'weights': { 'a.bin': 'weights' } }, two: { 'model.json': '{}' } },
    'node_modules': { '.package-lock.json': '{}', '.earshot-install': 'stamp', 'left': { 'index.js': '' } },
    'src': { commands: { setup: { 'start.mjs': SETUP } } },
  })
  git(root, 'init', '--quiet')
  commit(root, 'first')
  return root
}

function git(root: string, ...args: string[]): void {
  const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.org', '-c', 'commit.gpgsign=false']
  execFileSync('git', [...author, ...args], { cwd: root, stdio: 'ignore' })
}

function commit(root: string, name: string): void {
  git(root, 'add', '--all')
  git(root, 'commit', '--quiet', '--message', name)
  git(root, 'tag', name)
}

t.test('a revision is built with the packages and weights that are here, and removed', { skip }, async (t) => {
  const root = repository(t)
  writeFileSync(path.join(root, 'later.txt'), '')
  commit(root, 'second')
  const { folder, remove } = await buildRevision('first', { ...process.env, EARSHOT_MODELS: 'one' }, root)
  t.notOk(existsSync(path.join(folder, 'later.txt')), 'it is the revision that was asked for')
  t.equal(readFileSync(path.join(folder, 'calls.txt'), 'utf8'), 'build one\nmodels ensure one\n')
  t.equal(realpathSync(path.join(folder, 'models/one/weights/a.bin')), realpathSync(path.join(root, 'models/one/weights/a.bin')))
  t.notOk(existsSync(path.join(folder, 'models/two/weights')))
  t.equal(realpathSync(path.join(folder, 'node_modules/left')), realpathSync(path.join(root, 'node_modules/left')))
  t.ok(existsSync(path.join(folder, 'node_modules/.package-lock.json')))
  t.notOk(existsSync(path.join(folder, 'node_modules/.earshot-install')), 'the stamp is of this package.json')
  t.match(readSide('revision:first', {}, folder), {
    name: 'revision:first', config: { modelsDir: path.join(folder, 'models') }, compiled: { pathname: /dist\/src\/$/ },
  })
  await remove()
  t.notOk(existsSync(path.dirname(folder)))
  t.ok(existsSync(path.join(root, 'models/one/weights/a.bin')) && existsSync(path.join(root, 'node_modules/left')))
  t.equal(execFileSync('git', ['worktree', 'list'], { cwd: root, encoding: 'utf8' }).trim().split('\n').length, 1)
})

t.test('other packages are installed by the revision itself', { skip }, async (t) => {
  const root = repository(t)
  writeFileSync(path.join(root, 'package-lock.json'), '{"lockfileVersion":3}')
  const { folder, remove } = await buildRevision('first', process.env, root)
  t.notOk(existsSync(path.join(folder, 'node_modules')))
  await remove()
})

t.test('what is no revision and what cannot be built is said, and nothing is left', { skip }, async (t) => {
  const root = repository(t)
  writeFileSync(path.join(root, 'broken'), '')
  commit(root, 'broken-one')
  for (const wrong of ['no-such-revision', '--all', '']) {
    await t.rejects(buildRevision(wrong, process.env, root), { message: /is no revision of the git repository/ }, wrong)
  }
  await t.rejects(buildRevision('broken-one', process.env, root), { message: /"broken-one" cannot be built/ })
  t.equal(execFileSync('git', ['worktree', 'list'], { cwd: root, encoding: 'utf8' }).trim().split('\n').length, 1)
})

t.test('the revision of a side is what stands before its settings', async (t) => {
  t.equal(revisionOf('revision:HEAD~2?EARSHOT_MAX_DECODING_PASSES=1'), 'HEAD~2')
  t.equal(revisionOf('checkout:revision:x'), undefined)
  t.match(readSide('revision:HEAD?EARSHOT_MAX_DECODING_PASSES=1', {}).config, { maxDecodingPasses: 1 })
  t.throws(() => readSide('revision:HEAD?EARSHOT_PORT=1', {}), { message: /EARSHOT_PORT does not change/ })
})
