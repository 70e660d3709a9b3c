/**
 * The settings of `domain/settings.ts`, read once from the environment, checked and then frozen: one of the five doors where
 * data from outside is checked.
 */
import os from 'node:os'
import path from 'node:path'
import { Value } from 'typebox/value'
import { renamed } from './domain/deprecations.js'
import { SpeechError } from './domain/errors.js'
import type { SearchEngineChoice } from './domain/choices.js'
import { isSecret, readSecrets } from './domain/secrets.js'
import { SETTINGS, type Settings } from './domain/settings.js'

/** The settings as the code uses them: lists split, zero meaning resolved. Frozen. */
export type Config = ReturnType<typeof readConfig>

const MAX_MODELS = 4
const LEAST_SECRET_CHARACTERS = 32

/** Throws CONFIG_INVALID naming every variable at fault, what was expected and what came. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env, cores: () => number = os.availableParallelism) {
  const settings = readSecrets(checkSettings(withNewNames(environment)))
  if (settings.EARSHOT_MAX_UPLOAD_BYTES > settings.EARSHOT_MAX_UPLOADS_BYTES) {
    throw new SpeechError('CONFIG_INVALID', 'EARSHOT_MAX_UPLOAD_BYTES must not be more than EARSHOT_MAX_UPLOADS_BYTES')
  }
  const models = modelNames(settings.EARSHOT_MODELS)
  if (settings.EARSHOT_CASCADE_MODEL === models[0]) {
    throw new SpeechError('CONFIG_INVALID', `EARSHOT_CASCADE_MODEL must not be the default model of EARSHOT_MODELS, "${models[0]}"`)
  }
  const threads = settings.EARSHOT_THREADS
  return Object.freeze({
    ...networkSettings(settings),
    logLevel: settings.EARSHOT_LOG_LEVEL,
    logTranscripts: settings.EARSHOT_LOG_TRANSCRIPTS,
    models,
    modelAliases: settings.EARSHOT_MODEL_ALIASES.split(',').filter((name) => name !== ''),
    modelsDir: path.resolve(settings.EARSHOT_MODELS_DIR),
    executionProviders: settings.EARSHOT_EXECUTION_PROVIDERS.split(','),
    executionProvidersStrict: settings.EARSHOT_EXECUTION_PROVIDERS_STRICT,
    workers: settings.EARSHOT_WORKERS || Math.max(1, Math.floor(cores() / threads)),
    threads,
    queueJobs: settings.EARSHOT_QUEUE_JOBS,
    queueAudioSeconds: settings.EARSHOT_QUEUE_AUDIO_SECONDS,
    queueWaitSeconds: settings.EARSHOT_QUEUE_WAIT_SECONDS,
    deadlineSeconds: settings.EARSHOT_DEADLINE_SECONDS,
    killAfterSeconds: settings.EARSHOT_KILL_AFTER_SECONDS,
    startSeconds: settings.EARSHOT_START_SECONDS,
    ...connectionSettings(settings),
    maxAudioSeconds: settings.EARSHOT_MAX_AUDIO_SECONDS,
    cpuPerAudioSecond: settings.EARSHOT_CPU_PER_AUDIO_SECOND,
    drainSeconds: settings.EARSHOT_DRAIN_SECONDS,
    disabledCodecs: settings.EARSHOT_DISABLED_CODECS.split(',').filter((name) => name !== ''),
    normalizeVolume: settings.EARSHOT_NORMALIZE_VOLUME,
    trimSilence: settings.EARSHOT_TRIM_SILENCE,
    speechDetection: settings.EARSHOT_SPEECH_DETECTION,
    speechDetector: settings.EARSHOT_SPEECH_DETECTOR,
    maxDecodingPasses: settings.EARSHOT_MAX_DECODING_PASSES,
    engine: settings.EARSHOT_ENGINE,
    matrices: settings.EARSHOT_MATRICES,
    cascadeModel: settings.EARSHOT_CASCADE_MODEL === '' ? undefined : settings.EARSHOT_CASCADE_MODEL,
    cascadeBelow: settings.EARSHOT_CASCADE_BELOW,
    driftBaseline: settings.EARSHOT_DRIFT_BASELINE,
    driftRecord: settings.EARSHOT_DRIFT_RECORD === '' ? undefined : path.resolve(settings.EARSHOT_DRIFT_RECORD),
    driftRecordClips: settings.EARSHOT_DRIFT_RECORD_CLIPS,
    ...feedbackSettings(settings),
    ...searchSettings(settings),
    revision: settings.EARSHOT_REVISION,
    warmUpClip: path.resolve(settings.EARSHOT_WARM_UP_CLIP),
  })
}

/** Old names of settings that are set, and the names that replace them. */
export function deprecatedSettings(environment: NodeJS.ProcessEnv = process.env): { readonly setting: string; readonly replacement: string }[] {
  return [...renamed('setting')].filter(([old]) => (environment[old] ?? '') !== '').map(([setting, replacement]) => ({ setting, replacement }))
}

/** Settings by their new names. Throws CONFIG_INVALID where one is set under both names to different values. */
function withNewNames(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const moved = deprecatedSettings(environment).map(({ setting, replacement }) => {
    const [old, value] = [environment[setting], environment[replacement] ?? '']
    if (value !== '' && value !== old) {
      throw new SpeechError('CONFIG_INVALID', `${setting} is the old name of ${replacement}, and both are set to different values`)
    }
    return [replacement, old]
  })
  return { ...environment, ...Object.fromEntries(moved) }
}

/** Variables that begin like ours but are none, such as typing errors. Kubernetes adds some for a service of our name. */
export function unknownSettings(environment: NodeJS.ProcessEnv = process.env): string[] {
  const ofKubernetes = /^EARSHOT_(SERVICE_|PORT_\d)/
  return Object.keys(environment).filter((name) => name.startsWith('EARSHOT_') && !(name in SETTINGS.properties) && !renamed('setting').has(name) && !ofKubernetes.test(name))
}

function checkSettings(environment: NodeJS.ProcessEnv): Settings {
  const given = Object.entries(SETTINGS.properties).flatMap(([name, schema]) => {
    const text = environment[name]
    return text === undefined || text === '' ? [] : [[name, parseValue(text, (schema as { type?: string }).type)]]
  })
  const settings = Value.Default(SETTINGS, Object.fromEntries(given))
  if (Value.Check(SETTINGS, settings)) return settings
  const faults = Value.Errors(SETTINGS, settings).map((fault) => {
    const name = fault.instancePath.slice(1)
    return isSecret(name) ? `${name} ${fault.message}` : `${name} ${fault.message}, not "${environment[name] ?? ''}"`
  })
  throw new SpeechError('CONFIG_INVALID', faults.join('; '))
}

/** A finite number as people write one: not hexadecimal, not blank, and not beyond what a number can hold. */
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i

/** Text that is not of the type stays text, for the check to refuse: 1.5 workers are not quietly one. */
function parseValue(text: string, type: string | undefined): unknown {
  if (type === 'integer' || type === 'number') return NUMBER.test(text) && Number.isFinite(Number(text)) ? Number(text) : text
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  return text
}

function modelNames(list: string): string[] {
  const names = [...new Set(list.split(','))]
  if (names.length > MAX_MODELS) throw new SpeechError('CONFIG_INVALID', `EARSHOT_MODELS must name at most ${MAX_MODELS} models, not ${names.length}`)
  return names
}

/** Where the service listens, and whom it takes for whom. */
function networkSettings(settings: Settings) {
  return {
    host: settings.EARSHOT_HOST,
    port: settings.EARSHOT_PORT,
    allowedHosts: settings.EARSHOT_ALLOWED_HOSTS.toLowerCase().split(',').filter((name) => name !== ''),
    allowedOrigins: origins(settings.EARSHOT_ALLOWED_ORIGINS),
    clientHeader: settings.EARSHOT_CLIENT_HEADER === '' ? undefined : settings.EARSHOT_CLIENT_HEADER.toLowerCase(),
    keysFile: settings.EARSHOT_KEYS_FILE === '' ? undefined : path.resolve(settings.EARSHOT_KEYS_FILE),
  }
}

/** As browsers write them in the header `Origin`. */
function origins(list: string): string[] {
  return list.split(',').filter((origin) => origin !== '').map((given) => {
    if (!/^https?:/i.test(given)) return given // of an extension or an app, or the asterisk
    const origin = URL.canParse(given) ? new URL(given).origin : undefined
    if (origin === given) return origin
    throw new SpeechError('CONFIG_INVALID', `EARSHOT_ALLOWED_ORIGINS must have origins as browsers write them, such as ${origin ?? 'https://shop.example'}, not "${given}"`)
  })
}

/** What a client may send and hold open. */
function connectionSettings(settings: Settings) {
  return {
    maxUploadBytes: settings.EARSHOT_MAX_UPLOAD_BYTES,
    maxUploadsBytes: settings.EARSHOT_MAX_UPLOADS_BYTES,
    uploadSeconds: settings.EARSHOT_UPLOAD_SECONDS,
    uploadBytesPerSecond: settings.EARSHOT_UPLOAD_BYTES_PER_SECOND,
    maxConnections: settings.EARSHOT_MAX_CONNECTIONS,
    idleConnectionSeconds: settings.EARSHOT_IDLE_CONNECTION_SECONDS,
  }
}

function feedbackSettings({ EARSHOT_FEEDBACK_SECRET: secret, EARSHOT_FEEDBACK_EXPIRY_SECONDS: feedbackExpirySeconds }: Settings) {
  if (secret !== '' && secret.length < LEAST_SECRET_CHARACTERS) {
    throw new SpeechError('CONFIG_INVALID', `EARSHOT_FEEDBACK_SECRET must have at least ${LEAST_SECRET_CHARACTERS} characters, not ${secret.length}`)
  }
  return { feedbackSecret: secret === '' ? undefined : secret, feedbackExpirySeconds }
}

function searchSettings(settings: Settings) {
  checkSearchAddress(settings.EARSHOT_SEARCH_ENGINE as SearchEngineChoice, settings.EARSHOT_SEARCH_URL, settings.EARSHOT_SEARCH_AUTHORIZATION)
  return {
    catalogueFiles: catalogueFiles(settings.EARSHOT_CATALOGUES),
    maxCatalogues: settings.EARSHOT_MAX_CATALOGUES,
    maxCatalogueEntries: settings.EARSHOT_MAX_CATALOGUE_ENTRIES,
    maxCatalogueBytes: settings.EARSHOT_MAX_CATALOGUE_BYTES,
    searchEngine: settings.EARSHOT_SEARCH_ENGINE as SearchEngineChoice,
    searchUrl: settings.EARSHOT_SEARCH_URL,
    searchField: settings.EARSHOT_SEARCH_FIELD,
    searchAuthorization: settings.EARSHOT_SEARCH_AUTHORIZATION === '' ? undefined : settings.EARSHOT_SEARCH_AUTHORIZATION,
    searchSeconds: settings.EARSHOT_SEARCH_SECONDS,
  }
}

function catalogueFiles(list: string): { readonly name: string; readonly path: string }[] {
  const files = list.split(',').filter((pair) => pair !== '').map((pair) => {
    const [name, file] = pair.split('=')
    return { name: name!, path: path.resolve(file!) }
  })
  const twice = files.find(({ name }, index) => files.findIndex((other) => other.name === name) < index)
  if (twice !== undefined) throw new SpeechError('CONFIG_INVALID', `EARSHOT_CATALOGUES names "${twice.name}" twice`)
  return files
}

/** What an address must look like, and one that does. */
const SEARCH_ADDRESSES = {
  url: { pattern: /^https?:\/\/[^/{}]+\/.*\{(query|alternatives)\}/, example: 'a template such as http://shop/search?q={query}' },
  opensearch: { pattern: /^https?:\/\/[^/]+\/[^/]/, example: 'an index such as http://opensearch:9200/shop' },
  meilisearch: { pattern: /^https?:\/\/[^/]+(\/.*)?\/indexes\/[^/]+\/?$/, example: 'an index such as http://meilisearch:7700/indexes/shop' },
} as const

function checkSearchAddress(engine: SearchEngineChoice, url: string, authorization: string): void {
  if (engine === 'none') return
  const { pattern, example } = SEARCH_ADDRESSES[engine]
  const isIndex = engine !== 'meilisearch' || isDecodable(url)
  if (!pattern.test(url) || !isAddress(url) || !isIndex) throw new SpeechError('CONFIG_INVALID', `EARSHOT_SEARCH_URL must be ${example}, at most ${MOST_ADDRESS_CHARACTERS} characters and without a password, with EARSHOT_SEARCH_ENGINE=${engine}`)
  if (!HEADER_VALUE.test(authorization)) throw new SpeechError('CONFIG_INVALID', 'EARSHOT_SEARCH_AUTHORIZATION must be what a header can hold: printable ASCII characters')
}

/** Of the room that a URL has, most is for what was said. */
const MOST_ADDRESS_CHARACTERS = 2_000
/** RFC 9110, 5.5, without what is obsolete; no secret has control characters (`domain/secrets.ts`). */
const HEADER_VALUE = /^[\x20-\x7e]*$/

/** A percent sign that begins no byte, which RFC 3986 (2.1) does not know. */
const BARE_PERCENT = /%(?![0-9a-f]{2})/i

/** The name of a Meilisearch index goes out decoded: it must be UTF-8. */
function isDecodable(url: string): boolean {
  try {
    decodeURIComponent(url)
    return true
  } catch {
    return false
  }
}

function isAddress(url: string): boolean {
  if (url.length > MOST_ADDRESS_CHARACTERS || BARE_PERCENT.test(url) || !URL.canParse(url)) return false
  const { username, password } = new URL(url)
  return username === '' && password === ''
}
