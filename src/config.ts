/**
 * Reads the settings of `domain/settings.ts` once from the environment, checks and freezes them.
 */
import os from 'node:os'
import path from 'node:path'
import { Value } from 'typebox/value'
import { PROFILES } from './domain/choices.js'
import {
  namedByProperty, type CatalogueFile, type Config, type ConvertedValues, type SettingValues,
} from './domain/configuration.js'
import { renamed } from './domain/deprecations.js'
import { SpeechError } from './domain/errors.js'
import { nearestName } from './domain/nearest-name.js'
import { PROFILE_SETTINGS } from './domain/profiles.js'
import { readSecrets } from './domain/secrets.js'
import { faultsOfLists, faultsTogether } from './domain/setting-combinations.js'
import { readSettingValue, type SettingName } from './domain/setting-values.js'
import { SETTINGS, type SettingFault, type Settings } from './domain/settings.js'

export type { Config } from './domain/configuration.js'

/** Throws CONFIG_INVALID naming every variable at fault, with what is expected, what came and an example. */
export function readConfig(
  environment: NodeJS.ProcessEnv = process.env, cores: () => number = os.availableParallelism,
): Config {
  const current = withNewNames(environment)
  const { settings, faults } = readSettings(current.environment)
  const secrets = readSecrets(settings)
  const values = namedByProperty(secrets.settings)
  const config = { ...values, ...converted(values, cores) }
  const single = [...current.faults, ...faults, ...secrets.faults, ...faultsOfLists(config)]
  const all = [...single, ...faultsTogether(config).filter((fault) => !concernsAny(fault, single))]
  if (all.length > 0) throw invalid([...all.map(({ sentence }) => sentence), ...misspelt(environment)])
  return Object.freeze(config)
}

/** Old names of settings that are set, and the names that replace them. */
export function deprecatedSettings(
  environment: NodeJS.ProcessEnv = process.env,
): { readonly setting: string; readonly replacement: string }[] {
  return [...renamed('setting')]
    .filter(([old]) => (environment[old] ?? '') !== '')
    .map(([setting, replacement]) => ({ setting, replacement }))
}

/** Variables with our prefix that are no settings, such as typing errors. Kubernetes sets some for a service. */
export function unknownSettings(environment: NodeJS.ProcessEnv = process.env): string[] {
  const ofKubernetes = /^EARSHOT_(SERVICE_|PORT_\d)/
  const isKnown = (name: string): boolean =>
    name in SETTINGS.properties || renamed('setting').has(name) || ofKubernetes.test(name)
  return Object.keys(environment).filter((name) => name.toUpperCase().startsWith('EARSHOT_') && !isKnown(name))
}

/** The setting that was probably meant by the name of none. */
export function nearestSetting(unknown: string): string | undefined {
  return nearestName(unknown.toUpperCase().replaceAll('-', '_'), Object.keys(SETTINGS.properties))
}

function misspelt(environment: NodeJS.ProcessEnv): string[] {
  return unknownSettings(environment).map((name) => {
    const meant = nearestSetting(name)
    return `${name} is no setting${meant === undefined ? '' : `, ${meant} is probably meant`}`
  })
}

/** Settings by their new names. It is a fault to set one under both names to different values. */
function withNewNames(environment: NodeJS.ProcessEnv): { environment: NodeJS.ProcessEnv, faults: SettingFault[] } {
  const faults: SettingFault[] = []
  const moved = deprecatedSettings(environment).map(({ setting, replacement }) => {
    const [old, value] = [environment[setting], environment[replacement] ?? '']
    if (value === '' || value === old) return [replacement, old]
    const sentence = `${setting} is the old name of ${replacement}, and both are set to different values`
    faults.push({ settings: [replacement], sentence })
    return [replacement, value]
  })
  return { environment: { ...environment, ...Object.fromEntries(moved) as NodeJS.ProcessEnv }, faults }
}

/** A setting at fault has its default. Defaults are those of the profile, then those of the table. */
function readSettings(environment: NodeJS.ProcessEnv): { settings: Settings, faults: SettingFault[] } {
  const faults: SettingFault[] = []
  const given: Record<string, unknown> = {}
  for (const name of Object.keys(SETTINGS.properties) as SettingName[]) {
    const read = readSettingValue(name, environment[name] ?? '')
    if (read === undefined) continue
    if ('fault' in read) faults.push({ settings: [name], sentence: read.fault })
    else given[name] = read.value
  }
  const preset = PROFILES.find((one) => one === given.EARSHOT_PROFILE)
  const settings = Value.Default(SETTINGS, { ...preset && PROFILE_SETTINGS[preset], ...given }) as Settings
  return { settings, faults }
}

/** The settings whose value is more than the table has: lists, paths, and what is optional. */
function converted(values: SettingValues, cores: () => number): ConvertedValues {
  return {
    allowedHosts: listOf(values.allowedHosts.toLowerCase()),
    allowedOrigins: listOf(values.allowedOrigins),
    clientHeader: optional(values.clientHeader.toLowerCase()),
    keysFile: optionalPath(values.keysFile),
    models: [...new Set(listOf(values.models))],
    modelAliases: listOf(values.modelAliases),
    modelsDir: path.resolve(values.modelsDir),
    executionProviders: listOf(values.executionProviders),
    workers: values.workers || Math.max(1, Math.floor(cores() / values.threads)),
    idleThreads: values.idleThreads || Math.max(values.threads, Math.min(MAX_IDLE_THREADS, cores())),
    workerMemoryLimitBytes: values.workerMemoryLimitBytes === 'auto' ? undefined
      : Number(values.workerMemoryLimitBytes),
    disabledCodecs: listOf(values.disabledCodecs),
    cascadeModel: optional(values.cascadeModel),
    driftRecord: optionalPath(values.driftRecord),
    feedbackSecret: optional(values.feedbackSecret),
    labelFile: optionalPath(values.labelFile),
    labelClips: optionalPath(values.labelClips),
    labelGuide: path.resolve(values.labelGuide),
    collect: optional(values.collect),
    collectKeyFile: optionalPath(values.collectKeyFile),
    collectS3AccessKeyId: optional(values.collectS3AccessKeyId),
    collectS3SecretAccessKey: optional(values.collectS3SecretAccessKey),
    catalogues: catalogueFiles(values.catalogues),
    searchAuthorization: optional(values.searchAuthorization),
    warmUpClip: path.resolve(values.warmUpClip),
  }
}

/** More threads share too little work of a short clip. */
const MAX_IDLE_THREADS = 4

const optional = (text: string): string | undefined => text === '' ? undefined : text
const optionalPath = (file: string): string | undefined => file === '' ? undefined : path.resolve(file)
const listOf = (text: string): string[] => text.split(',').filter((part) => part !== '')

/** `name=file` pairs. The pattern of the setting makes sure that both are there. */
function catalogueFiles(list: string): CatalogueFile[] {
  return listOf(list).map((pair) => {
    const [name = '', file = ''] = pair.split('=')
    return { name, path: path.resolve(file) }
  })
}

function concernsAny({ settings }: SettingFault, faults: readonly SettingFault[]): boolean {
  return faults.some((fault) => fault.settings.some((name) => settings.includes(name)))
}

/** One fault is a sentence; several are a line each. */
function invalid(sentences: readonly string[]): SpeechError {
  const [first, ...others] = sentences
  return new SpeechError('CONFIG_INVALID', others.length === 0 ? first : ['', ...sentences].join('\n  '))
}
