/**
 * Reads the settings of `domain/settings.ts` once from the environment, checks and freezes them.
 */
import os from 'node:os'
import path from 'node:path'
import { Value } from 'typebox/value'
import { PROFILES, type SearchEngineChoice } from './domain/choices.js'
import {
  namedByProperty, type CatalogueFile, type Config, type ConvertedValues, type SettingValues,
} from './domain/configuration.js'
import { renamed } from './domain/deprecations.js'
import { SpeechError } from './domain/errors.js'
import { PROFILE_SETTINGS } from './domain/profiles.js'
import { isSecret, readSecrets } from './domain/secrets.js'
import { SETTINGS, type Settings } from './domain/settings.js'

export type { Config } from './domain/configuration.js'

const MAX_MODELS = 4
const MIN_SECRET_CHARACTERS = 32

/** Throws CONFIG_INVALID naming every variable at fault, what was expected and what came. */
export function readConfig(
  environment: NodeJS.ProcessEnv = process.env, cores: () => number = os.availableParallelism,
): Config {
  const values = namedByProperty(readSecrets(checkSettings(withNewNames(environment))))
  const config = { ...values, ...converted(values, cores) }
  checkTogether(config)
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
  return Object.keys(environment).filter((name) => name.startsWith('EARSHOT_') && !isKnown(name))
}

/** Settings by their new names. Throws CONFIG_INVALID where one is set under both names to different values. */
function withNewNames(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const moved = deprecatedSettings(environment).map(({ setting, replacement }) => {
    const [old, value] = [environment[setting], environment[replacement] ?? '']
    if (value !== '' && value !== old) {
      throw invalid(`${setting} is the old name of ${replacement}, and both are set to different values`)
    }
    return [replacement, old]
  })
  return { ...environment, ...Object.fromEntries(moved) as NodeJS.ProcessEnv }
}

function checkSettings(environment: NodeJS.ProcessEnv): Settings {
  const given = Object.entries(SETTINGS.properties).flatMap(([name, schema]) => {
    const text = environment[name]
    return text === undefined || text === '' ? [] : [[name, parseValue(text, (schema as { type?: string }).type)]]
  })
  const settings = withDefaults(Object.fromEntries(given) as Record<string, unknown>)
  if (Value.Check(SETTINGS, settings)) return settings
  const faults = Value.Errors(SETTINGS, settings).map((fault) => {
    const name = fault.instancePath.slice(1)
    return isSecret(name) ? `${name} ${fault.message}` : `${name} ${fault.message}, not "${environment[name] ?? ''}"`
  })
  throw invalid(faults.join('; '))
}

/** Defaults are those of the profile, then those of the table. A profile that does not exist is refused afterwards. */
function withDefaults(given: Readonly<Record<string, unknown>>): unknown {
  const preset = PROFILES.find((one) => one === given.EARSHOT_PROFILE)
  return Value.Default(SETTINGS, { ...preset && PROFILE_SETTINGS[preset], ...given })
}

/** A finite decimal number: not hexadecimal, not blank, and not beyond the range of a number. */
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i

/** Text that does not fit the type stays text, for the check to refuse: 1.5 workers do not silently become one. */
function parseValue(text: string, type: string | undefined): unknown {
  if (type === 'integer' || type === 'number') {
    return NUMBER.test(text) && Number.isFinite(Number(text)) ? Number(text) : text
  }
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  return text
}

/** The settings whose value is more than the table has: lists, paths, and what is optional. */
function converted(values: SettingValues, cores: () => number): ConvertedValues {
  return {
    allowedHosts: listOf(values.allowedHosts.toLowerCase()),
    allowedOrigins: listOf(values.allowedOrigins).map(originOf),
    clientHeader: optional(values.clientHeader.toLowerCase()),
    keysFile: optionalPath(values.keysFile),
    models: modelNames(values.models),
    modelAliases: listOf(values.modelAliases),
    modelsDir: path.resolve(values.modelsDir),
    executionProviders: listOf(values.executionProviders),
    workers: values.workers || Math.max(1, Math.floor(cores() / values.threads)),
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

const optional = (text: string): string | undefined => text === '' ? undefined : text
const optionalPath = (file: string): string | undefined => file === '' ? undefined : path.resolve(file)
const listOf = (text: string): string[] => text.split(',').filter((part) => part !== '')

function modelNames(list: string): string[] {
  const names = [...new Set(listOf(list))]
  if (names.length > MAX_MODELS) {
    throw invalid(`EARSHOT_MODELS must name at most ${MAX_MODELS} models, not ${names.length}`)
  }
  return names
}

/** As browsers write it in the header `Origin`. */
function originOf(given: string): string {
  if (!/^https?:/i.test(given)) return given // of an extension or an app, or the asterisk
  const origin = URL.canParse(given) ? new URL(given).origin : undefined
  if (origin === given) return origin
  const example = origin ?? 'https://shop.example'
  throw invalid(`EARSHOT_ALLOWED_ORIGINS must have origins as browsers write them, such as ${example}, not "${given}"`)
}

/** `name=file` pairs. The pattern of the setting makes sure that both are there. */
function catalogueFiles(list: string): CatalogueFile[] {
  const files = listOf(list).map((pair) => {
    const [name = '', file = ''] = pair.split('=')
    return { name, path: path.resolve(file) }
  })
  const twice = files.find(({ name }, index) => files.findIndex((other) => other.name === name) < index)
  if (twice !== undefined) throw invalid(`EARSHOT_CATALOGUES names "${twice.name}" twice`)
  return files
}

/** Checks that involve several settings. */
function checkTogether(config: Config): void {
  const { maxUploadBytes, maxUploadsBytes, models, cascadeModel, feedbackSecret } = config
  if (maxUploadBytes > maxUploadsBytes) {
    throw invalid('EARSHOT_MAX_UPLOAD_BYTES must not be more than EARSHOT_MAX_UPLOADS_BYTES')
  }
  if (cascadeModel !== undefined && cascadeModel === models[0]) {
    throw invalid(`EARSHOT_CASCADE_MODEL must not be the default model of EARSHOT_MODELS, "${cascadeModel}"`)
  }
  if (feedbackSecret !== undefined && feedbackSecret.length < MIN_SECRET_CHARACTERS) {
    const expected = `at least ${MIN_SECRET_CHARACTERS} characters, not ${feedbackSecret.length}`
    throw invalid(`EARSHOT_FEEDBACK_SECRET must have ${expected}`)
  }
  if (config.searchEngine !== 'none') checkSearchEngine(config.searchEngine, config)
  if (config.collect?.startsWith('s3:') === true) checkS3(config)
}

function checkS3({ collectS3Endpoint, collectS3AccessKeyId, collectS3SecretAccessKey }: Config): void {
  const isOrigin = URL.canParse(collectS3Endpoint) && /^https?:\/\/[^/@?#]+\/?$/.test(collectS3Endpoint)
  if (!isOrigin) {
    throw invalid('EARSHOT_COLLECT_S3_ENDPOINT must be an address such as https://s3.example.com, without a path, '
      + `with EARSHOT_COLLECT=s3:…, not "${collectS3Endpoint}"`)
  }
  if (collectS3AccessKeyId !== undefined && collectS3SecretAccessKey !== undefined) return
  throw invalid('EARSHOT_COLLECT=s3:… needs EARSHOT_COLLECT_S3_ACCESS_KEY_ID and EARSHOT_COLLECT_S3_SECRET_ACCESS_KEY')
}

/** What an address must look like, and one that does. */
const SEARCH_ADDRESSES = {
  url: {
    pattern: /^https?:\/\/[^/{}]+\/.*\{(query|alternatives)\}/,
    example: 'a template such as http://shop/search?q={query}',
  },
  opensearch: {
    pattern: /^https?:\/\/[^/]+\/[^/]/,
    example: 'an index such as http://opensearch:9200/shop',
  },
  meilisearch: {
    pattern: /^https?:\/\/[^/]+(\/.*)?\/indexes\/[^/]+\/?$/,
    example: 'an index such as http://meilisearch:7700/indexes/shop',
  },
} as const

/** Most of the length that a URL may have is for the query. */
const MAX_ADDRESS_CHARACTERS = 2_000
/** RFC 9110, 5.5, without its obsolete part; no secret has control characters (`domain/secrets.ts`). */
const HEADER_VALUE = /^[\x20-\x7e]*$/

function checkSearchEngine(engine: Exclude<SearchEngineChoice, 'none'>, config: Config): void {
  const { searchUrl, searchAuthorization = '' } = config
  const { pattern, example } = SEARCH_ADDRESSES[engine]
  if (!pattern.test(searchUrl) || !isAddress(searchUrl) || !hasValidEscapes(searchUrl, engine)) {
    throw invalid(`EARSHOT_SEARCH_URL must be ${example}, at most ${MAX_ADDRESS_CHARACTERS} characters and without a `
      + `password, with EARSHOT_SEARCH_ENGINE=${engine}`)
  }
  if (!HEADER_VALUE.test(searchAuthorization)) {
    throw invalid('EARSHOT_SEARCH_AUTHORIZATION must be a value that a header can have: printable ASCII characters')
  }
}

function isAddress(url: string): boolean {
  if (url.length > MAX_ADDRESS_CHARACTERS || !URL.canParse(url)) return false
  const { username, password } = new URL(url)
  return username === '' && password === ''
}

/**
 * Every percent sign begins a byte (RFC 3986, 2.1). The name of a Meilisearch index is sent decoded, so there the bytes
 * must be UTF-8; a template may have those of another encoding.
 */
function hasValidEscapes(url: string, engine: SearchEngineChoice): boolean {
  if (engine !== 'meilisearch') return !/%(?![0-9a-f]{2})/i.test(url)
  try {
    decodeURIComponent(url)
    return true
  } catch {
    return false
  }
}

function invalid(detail: string): SpeechError {
  return new SpeechError('CONFIG_INVALID', detail)
}
