/**
 * Runs `npm ci` unless node_modules matches package-lock.json already.
 *
 * It matches when the stamp of the last successful install has the digest of all that decides the result (package.json,
 * package-lock.json, .npmrc, the platform) and every package is still there. The version of Node does not count: the
 * only binary is that of onnxruntime-node, which is built against Node-API and runs with every version. An install by
 * hand (`npm ci`, `npm install`) is recognized too: npm writes a hidden lock file as its last step. An unfinished
 * install has neither stamp nor hidden lock file and is repeated.
 */
// @ts-check
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { run, say, SetupFailure } from './children.mjs'
import { withLock } from './lock.mjs'
import { showInstalling } from './progress.mjs'
import { explainFullDisk, isWritable, requireSpace, requireWritable } from './storage.mjs'

const STAMP = 'node_modules/.earshot-install'
const HIDDEN_LOCK = 'node_modules/.package-lock.json'
const MACHINE = `${process.platform} ${process.arch}`
/** Stamps used to have the version of Node's binary interface too. */
const STAMPED_MACHINE = /^(\S+ \S+)( \d+)?\n/
/** Of node_modules on the disk, a tenth more than it takes; npm keeps the packages in its own cache besides. */
const NEEDED_BYTES = 760_000_000
const WHAT = 'the installation of the packages'

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }} LockedPackage */

/** @param {string} root */
export async function install(root) {
  if (isInstalled(root)) return
  // A service user need not own what was installed for it.
  if (wasInstalledByHand(root) && !isWritable(root)) return
  requireWritable(root, WHAT)
  await withLock(root, async (noteChild) => {
    if (isInstalled(root)) return
    if (!wasInstalledByHand(root)) await installNow(root, noteChild)
    writeFileSync(path.join(root, STAMP), `${MACHINE}\n${digest(root)}\n`)
  })
}

/** @param {string} root @param {(pid: number) => void} noteChild */
async function installNow(root, noteChild) {
  const startedAt = Date.now()
  requireSpace(root, NEEDED_BYTES, WHAT)
  const packages = Object.entries(lockedPackages(path.join(root, 'package-lock.json')))
    .flatMap(([folder, entry]) => isRequired(entry) ? [path.join(root, folder, 'package.json')] : [])
  say(`installing ${packages.length} packages into node_modules (once; 700 MB, a minute or two)`)
  const [file, ...npm] = npmCommand()
  // Set from outside, NODE_ENV=production would leave out the compiler.
  const args = [...npm, 'ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error',
    '--no-progress']
  const end = showInstalling(packages.length, () => packages.filter((manifest) => existsSync(manifest)).length)
  // Its errors are on standard error; the rest is a count of packages, which we have.
  const exitCode = await run(file, args, { cwd: root, started: noteChild, output: 'ignore' }).finally(end)
  if (exitCode > 128) throw new SetupFailure('the installation was interrupted; the next run starts it over', exitCode)
  if (exitCode !== 0) {
    explainFullDisk(root, NEEDED_BYTES, WHAT)
    throw new SetupFailure(`"npm ci" failed (exit code ${exitCode}); npm's own message is above. `
      + 'Is the registry reachable (npm ping)? A proxy, mirror or certificate belongs into your npm configuration. '
      + 'The next run starts it over.', exitCode)
  }
  say(`installed in ${Math.round((Date.now() - startedAt) / 1000)} s`)
}

/**
 * npm as a program and its first arguments: the npm that started us, or the one beside Node, or the one on the path.
 */
function npmCommand() {
  const beside = path.dirname(process.execPath)
  const scripts = [
    process.env.npm_execpath ?? '',
    path.join(beside, 'node_modules/npm/bin/npm-cli.js'),
    path.join(beside, '../lib/node_modules/npm/bin/npm-cli.js'),
  ]
  const script = scripts.find((candidate) => path.basename(candidate) === 'npm-cli.js' && existsSync(candidate))
  return /** @type {[string, ...string[]]} */ (script === undefined ? ['npm'] : [process.execPath, script])
}

/** @param {string} root */
function isInstalled(root) {
  return readStamp(root) === `${MACHINE}\n${digest(root)}\n` && isComplete(root)
}

/**
 * Only on the machine that the stamp names, if there is one: binaries of another platform do not run here.
 * @param {string} root
 */
function wasInstalledByHand(root) {
  const hiddenLock = path.join(root, HIDDEN_LOCK)
  const stamp = readStamp(root)
  if (!existsSync(hiddenLock) || (stamp !== undefined && STAMPED_MACHINE.exec(stamp)?.[1] !== MACHINE)) return false
  const found = lockedPackages(hiddenLock)
  const wanted = lockedPackages(path.join(root, 'package-lock.json'))
  return isComplete(root) && Object.entries(wanted).every(([name, { version, integrity }]) =>
    !isRequired(wanted[name]) || (found[name]?.version === version && found[name]?.integrity === integrity))
}

/** Every package that is not optional has its folder. @param {string} root */
function isComplete(root) {
  const wanted = Object.entries(lockedPackages(path.join(root, 'package-lock.json')))
  return wanted.every(([folder, entry]) => !isRequired(entry) || existsSync(path.join(root, folder, 'package.json')))
}

/** Optional packages are those of other platforms. @param {LockedPackage | undefined} entry */
function isRequired(entry) {
  return entry?.optional !== true && entry?.devOptional !== true
}

/** @param {string} file @returns {Record<string, LockedPackage>} packages by their folder */
function lockedPackages(file) {
  const { '': _project, ...packages } = JSON.parse(readFileSync(file, 'utf8')).packages
  return packages
}

/** @param {string} root */
function readStamp(root) {
  const file = path.join(root, STAMP)
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

/** @param {string} root */
function digest(root) {
  const hash = createHash('sha256')
  for (const name of ['package.json', 'package-lock.json', '.npmrc']) {
    hash.update(readFileSync(path.join(root, name))).update('\0')
  }
  return hash.digest('hex')
}
