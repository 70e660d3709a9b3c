/**
 * A git revision of this project, built in a temporary folder and removed afterwards.
 *
 * The folder is a work tree with packages and a build of its own, made by the set-up of that revision; where both
 * revisions want the same packages, those installed here are linked. Weights are linked from here, so nothing is
 * fetched twice; the set-up of the revision compares their checksums and compiles the models as it did then.
 */
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { projectRoot } from '../../domain/project-root.js'
import { printMessage, UsageError } from '../command.js'

const runFile = promisify(execFile)

export interface BuiltRevision {
  /** The built project. */
  readonly folder: string
  remove(): Promise<void>
}

const HIDDEN_LOCK = '.package-lock.json'
const SETUP = 'src/commands/setup/start.mjs'

/**
 * Throws UsageError for what is no revision, or cannot be built. `environment`: its models are made ready; `root`: a
 * checkout of the project, with packages and weights.
 */
export async function buildRevision(
  revision: string, environment: NodeJS.ProcessEnv, root = projectRoot,
): Promise<BuiltRevision> {
  const git = gitIn(root)
  const commit = await commitOf(revision, root)
  const folder = path.join(await mkdtemp(path.join(os.tmpdir(), 'earshot-revision-')), 'earshot')
  const remove = async (): Promise<void> => {
    await rm(path.dirname(folder), { recursive: true, force: true })
    await git('worktree', 'prune')
  }
  try {
    printMessage(`building revision ${commit.slice(0, 12)}; this takes a minute`)
    await git('worktree', 'add', '--detach', folder, commit)
    await linkPackages(root, folder)
    await linkWeights(root, folder)
    await setUp(revision, folder, ['build'], environment)
    await setUp(revision, folder, ['models', 'ensure'], environment)
    return { folder, remove }
  } catch (thrown) {
    await remove()
    throw thrown
  }
}

async function commitOf(revision: string, root: string): Promise<string> {
  // A name that begins with a hyphen would be an option.
  const { stdout } = await gitIn(root)('rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`)
    .catch((cause: unknown) => {
      throw new UsageError(`"${revision}" is no revision of the git repository in ${root}`, { cause })
    })
  return stdout.trim()
}

function gitIn(root: string): (...args: string[]) => Promise<{ stdout: string }> {
  return (...args) => runFile('git', args, { cwd: root })
}

/** Package by package: what the set-up of the revision may remove is its own folder, with links. */
async function linkPackages(root: string, folder: string): Promise<void> {
  const locks = await Promise.all([root, folder].map((one) => readFile(path.join(one, 'package-lock.json'))))
  const installed = path.join(root, 'node_modules')
  if (!locks[0]!.equals(locks[1]!) || !existsSync(path.join(installed, HIDDEN_LOCK))) return
  const own = path.join(folder, 'node_modules')
  await mkdir(own)
  for (const name of await readdir(installed)) {
    if (!name.startsWith('.')) await symlink(await realpath(path.join(installed, name)), path.join(own, name))
  }
  // By this file, the set-up recognizes an installation that it did not make.
  await copyFile(path.join(installed, HIDDEN_LOCK), path.join(own, HIDDEN_LOCK))
}

async function linkWeights(root: string, folder: string): Promise<void> {
  for (const name of await readdir(path.join(folder, 'models'))) {
    const weights = path.join(root, 'models', name, 'weights')
    const link = path.join(folder, 'models', name, 'weights')
    if (existsSync(weights) && !existsSync(link)) await symlink(await realpath(weights), link)
  }
}

async function setUp(
  revision: string, folder: string, args: readonly string[], environment: NodeJS.ProcessEnv,
): Promise<void> {
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(folder, SETUP), ...args], {
      cwd: folder, stdio: ['ignore', 2, 2], env: environment,
    })
    child.once('error', reject)
    child.once('exit', resolve)
  })
  if (exitCode !== 0) throw new UsageError(`"${revision}" cannot be built; the messages above say why`)
}
