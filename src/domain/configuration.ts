/**
 * The settings as the code uses them. A property is named after its setting by a rule, EARSHOT_QUEUE_JOBS → queueJobs,
 * and has the value that the table gives it (`domain/settings.ts`). Only settings that are converted, such as lists,
 * paths and optional names, are listed here; `config.ts` converts them.
 */
import type { SecretFile } from './secrets.js'
import type { Settings } from './settings.js'

type CamelCase<Name extends string> = Name extends `${infer First}_${infer Rest}`
  ? `${Lowercase<First>}${Capitalize<CamelCase<Rest>>}`
  : Lowercase<Name>

export type PropertyOf<Setting extends string> = Setting extends `EARSHOT_${infer Name}` ? CamelCase<Name> : never

/** A secret and its file are one value. */
export type SettingValues = {
  readonly [Setting in Exclude<keyof Settings, SecretFile> as PropertyOf<Setting>]: Settings[Setting]
}

/** Values that are made from those of the table. An undefined value is a setting that is empty. */
export interface ConvertedValues {
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
  readonly clientHeader: string | undefined
  readonly keysFile: string | undefined
  readonly models: readonly string[]
  readonly modelAliases: readonly string[]
  readonly modelsDir: string
  readonly executionProviders: readonly string[]
  /** At least 1. */
  readonly workers: number
  /** At least 1. */
  readonly idleThreads: number
  /** Undefined: made from the models and the longest audio. */
  readonly workerMemoryLimitBytes: number | undefined
  readonly disabledCodecs: readonly string[]
  readonly cascadeModel: string | undefined
  readonly driftRecord: string | undefined
  readonly feedbackSecret: string | undefined
  readonly labelFile: string | undefined
  readonly labelClips: string | undefined
  readonly labelGuide: string
  readonly collect: string | undefined
  readonly collectKeyFile: string | undefined
  readonly collectS3AccessKeyId: string | undefined
  readonly collectS3SecretAccessKey: string | undefined
  readonly catalogues: readonly CatalogueFile[]
  readonly searchAuthorization: string | undefined
  readonly warmUpClip: string
}

export interface CatalogueFile { readonly name: string; readonly path: string }

export type Config = Readonly<Omit<SettingValues, keyof ConvertedValues> & ConvertedValues>

/** The values of the table under the names of their properties. */
export function namedByProperty(settings: Omit<Settings, SecretFile>): SettingValues {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [propertyOf(name), value])) as SettingValues
}

/** EARSHOT_QUEUE_JOBS → queueJobs. */
export function propertyOf(setting: string): string {
  const name = setting.slice('EARSHOT_'.length).toLowerCase()
  return name.replace(/_(.)/g, (_match, letter: string) => letter.toUpperCase())
}
