/**
 * TypeScript → dist/, only when a source changed.
 *
 * The compiler writes into a new folder that then replaces dist/: a deleted source leaves nothing behind, and a failed
 * or interrupted build leaves dist/ as it was. Files besides code that the service needs (the page) are copied too.
 */
// @ts-check
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { run, say, SetupFailure } from './children.mjs'
import { withLock } from './lock.mjs'
import { explainFullDisk, requireSpace, requireWritable } from './storage.mjs'

const STAMP = '.earshot-build'
const WHAT = 'the build'
/** dist/ takes 8 MB; the old one is there until the new one replaces it. */
const NEEDED_BYTES = 16_000_000
const FOLDERS = ['src', 'bench', 'fixtures']
const SETTINGS = ['tsconfig.json', '.ci/tsconfig.build.json', 'package-lock.json']

/** @param {string} root */
export async function build(root) {
  if (isBuilt(root)) return
  requireWritable(root, WHAT)
  await withLock(root, async (noteChild) => {
    if (isBuilt(root)) return
    const fresh = path.join(root, '.earshot', 'build')
    rmSync(fresh, { recursive: true, force: true })
    requireSpace(root, NEEDED_BYTES, WHAT)
    const sources = digest(root)
    await compile(root, fresh, noteChild)
    copyAssets(root, fresh)
    writeFileSync(path.join(fresh, STAMP), sources)
    replaceDist(root, fresh)
  })
}

/** @param {string} root */
export function compilerPath(root) {
  return path.join(root, 'node_modules/typescript/bin/tsc')
}

/** @param {string} root @param {string} outDir @param {(pid: number) => void} started */
async function compile(root, outDir, started) {
  const startedAt = Date.now()
  say('building dist/ (once, and after a change of the sources)')
  const args = [compilerPath(root), '--project', '.ci/tsconfig.build.json', '--outDir', outDir]
  const exitCode = await run(process.execPath, args, { cwd: root, started, output: 'stderr' })
  if (exitCode > 128) throw new SetupFailure('the build was interrupted; dist/ was left as it was', exitCode)
  if (exitCode !== 0) {
    explainFullDisk(root, NEEDED_BYTES, WHAT)
    throw new SetupFailure('the sources do not compile; the compiler\'s messages are above. dist/ was left as it was')
  }
  say(`built in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
}

/**
 * Everything in src/ that is not code or prose, into the same place under `outDir`.
 * @param {string} root @param {string} outDir
 */
export function copyAssets(root, outDir) {
  const assets = filesOf(path.join(root, 'src')).filter((file) => !/(?<!earshot-client\.d)\.ts$|\.(mjs|md)$/.test(file))
  for (const file of assets) cpSync(file, path.join(outDir, path.relative(root, file)))
}

/** @param {string} root @param {string} fresh */
function replaceDist(root, fresh) {
  const dist = path.join(root, 'dist')
  const old = path.join(root, '.earshot', 'old-build')
  rmSync(old, { recursive: true, force: true })
  mkdirSync(path.dirname(old), { recursive: true })
  if (existsSync(dist)) renameSync(dist, old)
  renameSync(fresh, dist)
  rmSync(old, { recursive: true, force: true })
}

/** @param {string} root */
function isBuilt(root) {
  const stamp = path.join(root, 'dist', STAMP)
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === digest(root)
}

/** @param {string} root */
function digest(root) {
  const sources = FOLDERS.flatMap((folder) => filesOf(path.join(root, folder)))
    .filter((file) => file.startsWith(path.join(root, 'src')) || file.endsWith('.ts'))
  const hash = createHash('sha256')
  for (const file of [...sources, ...SETTINGS.map((name) => path.join(root, name))]) {
    hash.update(path.relative(root, file)).update('\0').update(readFileSync(file)).update('\0')
  }
  return hash.digest('hex')
}

/** @param {string} folder @returns {string[]} in a fixed order */
function filesOf(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
}
