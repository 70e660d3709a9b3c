/**
 * One side of a comparison as it is written on the command line:
 *
 *     MODEL | profile:NAME | revision:NAME | checkout:FOLDER | default, then perhaps ?SETTING=VALUE&catalogue=FILE
 *
 * `moonshine-tiny-en`, `profile:accurate`, `profile:balanced?EARSHOT_CASCADE_BELOW=0.7`,
 * `default?EARSHOT_MAX_DECODING_PASSES=1`, `default?catalogue=shop.csv`, `revision:HEAD~1`: another revision of this
 * project, which is built; `checkout:../earlier`: one that was built there. What is not written comes from the
 * environment, as for the service. Values may be percent-encoded.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { readConfig, unknownSettings, type Config } from '../../config.js'
import { propertyOf } from '../../domain/configuration.js'
import { SpeechError } from '../../domain/errors.js'
import { WORKER_SETTINGS } from '../../domain/worker-protocol.js'
import { COMPILED } from '../clips/recognize.js'
import { UsageError } from '../command.js'

export interface Side {
  /** As it was written. */
  readonly name: string
  readonly config: Config
  /** The compiled src/ whose recognition processes are used. */
  readonly compiled: URL
  /** File of a catalogue that biases the recognition. */
  readonly catalogue: string | undefined
}

const PROFILE = 'profile:'
const CHECKOUT = 'checkout:'
const REVISION = 'revision:'
const BEGINNINGS = 'a model, profile:NAME, revision:NAME, checkout:FOLDER or default'
const CATALOGUE = 'catalogue'
/** The environment alone. */
const DEFAULT = 'default'

/** The git revision of a side that has one. */
export function revisionOf(written: string): string | undefined {
  const [what] = parted(written)
  return what.startsWith(REVISION) ? what.slice(REVISION.length) : undefined
}

/** Throws a UsageError. `built`: the folder of a side with a revision, when it is built. */
export function readSide(written: string, environment: NodeJS.ProcessEnv, built?: string): Side {
  const [what, settings] = parted(written)
  const { [CATALOGUE]: catalogue, ...values } = Object.fromEntries(
    settings === '' ? [] : settings.split('&').map(readSetting),
  )
  const given = { ...ofName(what), ...values }
  refuseOthers(given)
  const models = built === undefined ? {} : { EARSHOT_MODELS_DIR: path.join(built, 'models') }
  try {
    const config = readConfig({ ...environment, ...models, ...given })
    return { name: written, config, compiled: compiledOf(what, built), catalogue }
  } catch (thrown) {
    if (thrown instanceof SpeechError) throw new UsageError(`"${written}": ${thrown.detail}`)
    throw thrown
  }
}

/** A side that needs no build. Throws a UsageError for a revision: only `compare-models` builds one. */
export function readBuiltSide(written: string, environment: NodeJS.ProcessEnv): Side {
  if (revisionOf(written) === undefined) return readSide(written, environment)
  throw new UsageError(`"${written}": build the revision in a checkout of its own, and name it as checkout:FOLDER`)
}

/** What is compared, and its settings. */
function parted(written: string): [what: string, settings: string] {
  const question = written.indexOf('?')
  return question < 0 ? [written, ''] : [written.slice(0, question), written.slice(question + 1)]
}

function ofName(what: string): Record<string, string> {
  if (what === DEFAULT || [CHECKOUT, REVISION].some((prefix) => what.startsWith(prefix))) return {}
  if (what.startsWith(PROFILE)) return { EARSHOT_PROFILE: what.slice(PROFILE.length) }
  if (what === '') throw new UsageError(`a side begins with ${BEGINNINGS}`)
  return { EARSHOT_MODELS: what }
}

function compiledOf(what: string, built: string | undefined): URL {
  const folder = what.startsWith(CHECKOUT) ? path.resolve(what.slice(CHECKOUT.length)) : built
  if (folder === undefined) return COMPILED
  const compiled = pathToFileURL(path.join(folder, 'dist/src/'))
  if (existsSync(new URL('recognition/process/worker-process.js', compiled))) return compiled
  throw new UsageError(`${folder} has no compiled service; "npm run build" there compiles it`)
}

function readSetting(written: string): [string, string] {
  const [name = '', ...value] = written.split('=')
  if (value.length === 0) throw new UsageError(`"${written}" must be SETTING=VALUE`)
  try {
    return [name, decodeURIComponent(value.join('='))]
  } catch {
    throw new UsageError(`"${written}" has a percent sign that begins no byte; %25 is a percent sign`)
  }
}

/** A setting that recognition does not depend on would make two sides that cannot differ. */
function refuseOthers(given: Readonly<Record<string, string>>): void {
  const [unknown] = [...unknownSettings(given), ...Object.keys(given).filter((name) => !name.startsWith('EARSHOT_'))]
  if (unknown !== undefined) throw new UsageError(`there is no setting "${unknown}"`)
  const effective: readonly string[] = [...WORKER_SETTINGS, 'profile', 'workers']
  const other = Object.keys(given).find((name) => !effective.includes(propertyOf(name)))
  if (other !== undefined) throw new UsageError(`${other} does not change what is recognized`)
}
