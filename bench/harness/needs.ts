/** What benches need: each need says what it is, and why the bench cannot run without it. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { inspectModel, stateOf } from '../../src/commands/setup/weights.js'
import { projectRoot } from '../../src/domain/project-root.js'
import { listModels, readBundle } from '../../src/engine/manifest.js'
import { Skipped, UsageError } from './endings.js'

export const modelsDir = path.join(projectRoot, 'models')

export interface Need {
  /** In `--help`. */
  readonly says: string
  /** Why it is not met and how to get it; undefined where it is. */
  readonly missing: () => string | undefined | Promise<string | undefined>
}

/** Throws Skipped with everything that is missing, so that nobody comes back for the next one. */
export async function requireNeeds(needs: readonly Need[]): Promise<void> {
  const missing: string[] = []
  for (const need of needs) {
    const reason = await need.missing()
    if (reason !== undefined && !missing.includes(reason)) missing.push(reason)
  }
  if (missing.length > 0) throw new Skipped(missing.join('\n'))
}

/** Weights of a model; the service's own are fetched before a bench starts. Throws a UsageError on unknown names. */
export function model(name: string): Need {
  return { says: `the model ${name}`, missing: async () => {
    const known = await listModels(modelsDir)
    if (!known.includes(name)) throw new UsageError(`there is no model "${name}"; choose one of ${known.join(', ')}`)
    const state = stateOf(await inspectModel(modelsDir, await readBundle(modelsDir, name), 'sizes'))
    return state === 'ready' ? undefined
      : `the weights of ${name} are not here (${state}): npm run models -- fetch ${name}`
  } }
}

/** The models that are named; one without a name is not needed. */
export function models(...names: readonly (string | undefined)[]): readonly Need[] {
  return names.flatMap((name) => name === undefined ? [] : [model(name)])
}

/** A program on the path; Debian's package has the same name unless told otherwise. */
export function program(name: string, packageName = name): Need {
  return { says: `the program ${name}`, missing: () =>
    spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined ? undefined
      : `${name} is not installed; on Debian: apt-get install ${packageName}` }
}

/** Figures of processes come from /proc, and loopback has more than one address. */
export const LINUX: Need = {
  says: 'Linux', missing: () => existsSync('/proc/self/stat') ? undefined
    : 'this bench reads /proc and uses several loopback addresses, which only Linux has: run it in the container',
}

/** A service that somebody else started. */
export function service(url: string): Need {
  return { says: `a ready service at ${url}`, missing: async () => {
    if (!URL.canParse(url)) throw new UsageError(`--url expects an address such as http://127.0.0.1:8080, not "${url}"`)
    try {
      const { status } = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) })
      return status === 200 ? undefined : `the service at ${url} is not ready (${status} from /readyz)`
    } catch (thrown) {
      const { message, cause } = thrown as Error
      const reason = (cause as { readonly code?: string } | undefined)?.code ?? message
      return `no service answers at ${url} (${reason}): start one with npm start, or name another one with --url`
    }
  } }
}

export function gitCheckout(): Need {
  return { says: 'a git checkout with the other revision', missing: () =>
    spawnSync('git', ['rev-parse', '--git-dir'], { cwd: projectRoot, stdio: 'ignore' }).status === 0 ? undefined
      : 'this folder is no git checkout: clone the repository, or give --entry FILE of a built service' }
}
