/**
 * One side of a comparison as it is written on the command line:
 *
 *     MODEL | profile:NAME | default, then perhaps ?SETTING=VALUE&SETTING=VALUE
 *
 * `moonshine-tiny-en`, `profile:accurate`, `profile:balanced?EARSHOT_CASCADE_BELOW=0.7`,
 * `default?EARSHOT_MAX_DECODING_PASSES=1`. What is not written comes from the environment, as for the service. Values
 * may be percent-encoded.
 */
import { readConfig, unknownSettings, type Config } from '../../config.js'
import { propertyOf } from '../../domain/configuration.js'
import { SpeechError } from '../../domain/errors.js'
import { WORKER_SETTINGS } from '../../domain/worker-protocol.js'
import { UsageError } from '../command.js'

export interface Side {
  /** As it was written. */
  readonly name: string
  readonly config: Config
}

const PROFILE = 'profile:'
/** The environment alone. */
const DEFAULT = 'default'

/** Throws a UsageError. */
export function readSide(written: string, environment: NodeJS.ProcessEnv): Side {
  const question = written.indexOf('?')
  const [what, settings] = question < 0 ? [written, ''] : [written.slice(0, question), written.slice(question + 1)]
  const given = { ...ofName(what), ...Object.fromEntries(settings === '' ? [] : settings.split('&').map(readSetting)) }
  refuseOthers(given)
  try {
    return { name: written, config: readConfig({ ...environment, ...given }) }
  } catch (thrown) {
    if (thrown instanceof SpeechError) throw new UsageError(`"${written}": ${thrown.detail}`)
    throw thrown
  }
}

function ofName(what: string): Record<string, string> {
  if (what === DEFAULT) return {}
  if (what.startsWith(PROFILE)) return { EARSHOT_PROFILE: what.slice(PROFILE.length) }
  if (what === '') throw new UsageError('a side begins with a model, a profile (profile:NAME) or "default"')
  return { EARSHOT_MODELS: what }
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
